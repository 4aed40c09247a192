import AkinCUDA

extension CUDACase {
    /// What goes to the device comes back.
    static let copies = [
        CUDACase("copies of any size and offset bring back what was sent") { device in
            let pool = try DevicePool(device.context, budget: 64 << 20)
            let stream = try CUDAStream(device.context)
            for count in [1, 3, 255, 256, 4097, 1_000_003] {
                let values = (0..<count).map { UInt32(truncatingIfNeeded: $0 &* 2_654_435_761) }
                let buffer = try pool.allocate(UInt32.self, count: count + 5, on: stream)
                try stream.fill(buffer, byte: 0x11)
                try values.withUnsafeBufferPointer { try stream.upload($0, to: buffer, at: 2) }
                let back = try stream.download(buffer)
                let guardWord: UInt32 = 0x1111_1111
                try expect(
                    back, equals: [guardWord, guardWord] + values + [guardWord, guardWord, guardWord],
                    "\(count) elements")
                try expect(
                    try stream.download(buffer, 2..<2 + count / 2), equals: Array(values[..<(count / 2)]), "a part")
                let other = try pool.allocate(UInt32.self, count: count, on: stream)
                try stream.copy(buffer, 2..<2 + count, to: other)
                try expect(try stream.download(other), equals: values, "a copy on the device")
            }
        },
        CUDACase("pinned memory goes there and back") { device in
            let pool = try DevicePool(device.context, budget: 16 << 20)
            let stream = try CUDAStream(device.context)
            let count = 100_000
            let buffer = try pool.allocate(UInt64.self, count: count, on: stream)
            let there = try PinnedBuffer(device.context, byteCount: count * 8)
            let back = try PinnedBuffer(device.context, byteCount: count * 8)
            there.withUnsafeMutableBytes { bytes in
                for i in 0..<count {
                    bytes.storeBytes(of: UInt64(i) &* 0x9E37_79B9, toByteOffset: i * 8, as: UInt64.self)
                }
            }
            try stream.upload(there, count: count, to: buffer)
            try stream.download(buffer, count: count, to: back)
            try stream.synchronize()
            let values = back.withUnsafeMutableBytes { Array($0.bindMemory(to: UInt64.self)) }
            try expect(values, equals: (0..<count).map { UInt64($0) &* 0x9E37_79B9 }, "what came back")
        },
        CUDACase("a copy that leaves its buffer is refused") { device in
            let pool = try DevicePool(device.context, budget: 1 << 20)
            let stream = try CUDAStream(device.context)
            let buffer = try pool.allocate(Float.self, count: 10, on: stream)
            let pinned = try PinnedBuffer(device.context, byteCount: 40)
            let isOutOfBounds: (CUDAError) -> Bool = { if case .outOfBounds = $0 { true } else { false } }
            try expectError(
                "too long", { try stream.upload([Float](repeating: 0, count: 11), to: buffer) }, where: isOutOfBounds)
            try expectError("beyond", { _ = try stream.download(buffer, 5..<11) }, where: isOutOfBounds)
            try expectError(
                "shifted", { try stream.upload(pinned, count: 10, to: buffer, at: 1) }, where: isOutOfBounds)
            try expectError("slice", { _ = try buffer.slice(0..<11) }, where: isOutOfBounds)
            try expectError("pinned too short", { try stream.upload(pinned, count: 11, to: buffer) }) {
                $0 == .outOfRange(name: "count", value: 11, allowed: 0...10)
            }
        },
    ]
}
