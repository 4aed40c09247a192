import AkinCUDA

extension CUDACase {
    /// Memory is reused, stays below its budget, and is given back.
    static let pool = [
        CUDACase("a block that was given back serves again, and the peak is remembered") { device in
            let pool = try DevicePool(device.context, budget: 8 << 20)
            let stream = try CUDAStream(device.context)
            for _ in 0..<10 {
                let a = try pool.allocate(Float.self, count: 100_000, on: stream)
                let b = try pool.allocate(Float.self, count: 101_000, on: stream)
                try withExtendedLifetime((a, b)) {
                    try expect(a.address != b.address, "two buffers at \(a.address)")
                    try expect(a.address % 256, equals: 0, "alignment")
                }
            }
            let size = DevicePool.rounded(400_000)
            try expect(size, equals: DevicePool.rounded(404_000), "sizes that should share a class")
            try expect(
                pool.usage,
                equals: DevicePool.Usage(inUse: 0, held: 2 * size, peak: 2 * size, allocations: 2, reuses: 18), "usage")
            pool.trim()
            try expect(pool.usage.held, equals: 0, "held after trimming")
        },
        CUDACase("what is kept is given up before the budget is exceeded, and beyond it is an error") { device in
            let pool = try DevicePool(device.context, budget: 1 << 20)
            let stream = try CUDAStream(device.context)
            do { _ = try pool.allocate(UInt8.self, count: 600_000, on: stream) }
            let all = try pool.allocate(UInt8.self, count: 1 << 20, on: stream)
            try withExtendedLifetime(all) {
                try expect(pool.usage.held, equals: 1 << 20, "held")
                try expectError("one more", { _ = try pool.allocate(UInt8.self, count: 1, on: stream) }) {
                    $0 == .overBudget(requested: 512, inUse: 1 << 20, budget: 1 << 20)
                }
            }
        },
        CUDACase("a block that changes streams waits for the work that still uses it") { device in
            let pool = try DevicePool(device.context, budget: 1 << 20)
            let (first, second) = (try CUDAStream(device.context), try CUDAStream(device.context))
            let count = 50_000
            let source = try pool.allocate(UInt32.self, count: count, on: first)
            let sum = try pool.allocate(UInt32.self, count: count, on: first)
            for round in 0..<20 {
                let values = (0..<count).map { UInt32($0 + round) }
                try first.upload(values, to: source)
                do {
                    let scratch = try pool.allocate(UInt32.self, count: count, on: first)
                    try first.copy(source, 0..<count, to: scratch)
                    try first.copy(scratch, 0..<count, to: sum)
                }
                // The scratch memory, let go while the first stream still works with it.
                let other = try pool.allocate(UInt32.self, count: count, on: second)
                try second.fill(other, byte: 0xEE)
                try second.synchronize()
                try expect(try first.download(sum), equals: values, "round \(round)")
                withExtendedLifetime(other) {}
            }
        },
    ]
}
