import AkinCUDA

extension CUDACase {
    /// Kernels are compiled, loaded, given their parameters and run.
    static let sanity = [
        CUDACase("a kernel adds vectors of any length") { device in
            let add = try device.kernels.kernel("akin_add", in: "sanity.cu")
            let pool = try DevicePool(device.context, budget: 64 << 20)
            let stream = try CUDAStream(device.context)
            for count in [1, 31, 32, 1000, 200_003] {
                let a = (0..<count).map { Float($0 % 1000) }
                let b = (0..<count).map { Float($0 % 777) * 2 }
                let (x, y) = (
                    try pool.allocate(Float.self, count: count, on: stream),
                    try pool.allocate(Float.self, count: count, on: stream)
                )
                let sum = try pool.allocate(Float.self, count: count, on: stream)
                try stream.upload(a, to: x)
                try stream.upload(b, to: y)
                try stream.launch(
                    add, grid: LaunchSize(min(64, (count + 255) / 256)), block: 256, x, y, sum, UInt64(count))
                try expect(try stream.download(sum), equals: zip(a, b).map(+), "sum of \(count)")
            }
        },
        CUDACase("products of half floats add up") { device in
            let products = try device.kernels.kernel("akin_half_products", in: "sanity.cu")
            let pool = try DevicePool(device.context, budget: 1 << 20)
            let stream = try CUDAStream(device.context)
            let sums = try pool.allocate(Float.self, count: 512, on: stream)
            try stream.launch(products, grid: 2, block: 256, UInt32(3), sums)
            try expect(
                try stream.download(sums), equals: Array(repeating: 32 * 16 * 3, count: 512), "sums of ones")
        },
        CUDACase("a launch that cannot be is refused") { device in
            let add = try device.kernels.kernel("akin_add", in: "sanity.cu")
            let nothing = try device.kernels.kernel("akin_nothing", in: "sanity.cu")
            let stream = try CUDAStream(device.context)
            let isBadLaunch: (CUDAError) -> Bool = { if case .badLaunch = $0 { true } else { false } }
            try expectError("no blocks", { try stream.launch(nothing, grid: 0, block: 1) }, where: isBadLaunch)
            try expectError("a large block", { try stream.launch(nothing, grid: 1, block: 1025) }, where: isBadLaunch)
            try expectError(
                "shared memory", { try stream.launch(nothing, grid: 1, block: 1, sharedBytes: 1 << 20) },
                where: isBadLaunch)
            if add.parameterBytes != nil {
                try expectError(
                    "too few parameters", { try stream.launch(add, grid: 1, block: 1, UInt64(0)) }, where: isBadLaunch)
            }
            try stream.launch(nothing, grid: 1, block: 1, sharedBytes: 64 << 10)
            try stream.synchronize()
        },
        CUDACase("a kernel that is not there is an error") { device in
            try expectError("no source", { _ = try device.kernels.kernel("akin_add", in: "nowhere.cu") }) {
                if case .noSuchSource("nowhere.cu", _) = $0 { true } else { false }
            }
            try expectError("no function", { _ = try device.kernels.kernel("akin_no_such", in: "sanity.cu") }) {
                if case .driver("cuModuleGetFunction(akin_no_such)", 500, _, _, _) = $0 { true } else { false }
            }
        },
    ]
}
