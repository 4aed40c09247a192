import AkinCUDA
import Foundation

// What the device layer itself costs, and the rates that all else is a fraction of.
extension DeviceMeasurement {
    /// Compiling all kernels anew, and taking them from the disk.
    static func compiling(_ device: DeviceUnderTest, _ largest: Int) throws -> [DeviceMeasurement] {
        let folder = FileManager.default.temporaryDirectory.path + "/akin-cuda-check-\(getpid())"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var rows: [DeviceMeasurement] = []
        for state in ["compiled anew", "from the cache"] {
            let start = ContinuousClock.now
            let library = KernelLibrary(device.context, cache: KernelCache(folder: folder))
            do {
                for recipe in KernelRecipe.used(for: device.context.device.architecture) {
                    _ = try library.module(recipe.source, definitions: recipe.definitions)
                }
            } catch CUDAError.libraryNotFound(.compiler, _) {
                return [
                    DeviceMeasurement(what: "all kernels compiled anew", value: "not measured", beside: "no NVRTC here")
                ]
            }
            let taken = (ContinuousClock.now - start).components
            rows.append(
                DeviceMeasurement(
                    what: "all \(KernelSource.kernels.count) kernel files \(state) and loaded",
                    value: "\(number(Double(taken.seconds) + Double(taken.attoseconds) * 1e-18)) s", beside: "one run"))
        }
        return rows
    }

    /// Memory copied within the device.
    static func copiesOnDevice(_ device: DeviceUnderTest, _ largest: Int) throws -> [DeviceMeasurement] {
        let context = device.context
        let bytes = min(largest, try context.memory().free / 4)
        let pool = try DevicePool(context)
        let stream = try CUDAStream(context)
        let a = try pool.allocate(UInt8.self, count: bytes, on: stream)
        let b = try pool.allocate(UInt8.self, count: bytes, on: stream)
        try stream.fill(a, byte: 1)
        let copying = try median(of: 20, on: stream) { try stream.copy(a, 0..<bytes, to: b) }
        let filling = try median(of: 20, on: stream) { try stream.fill(a, byte: 2) }
        let peak = context.device.memoryBandwidth
        return [
            DeviceMeasurement(
                what: "copy on the device, \(size(bytes)), bytes read and written", value: rate(2 * bytes, copying),
                beside: peak > 0 ? "\(number(peak / 1e9)) GB/s by clock and bus" : ""),
            DeviceMeasurement(
                what: "fill on the device, \(size(bytes)), bytes written", value: rate(bytes, filling), beside: ""),
        ]
    }

    /// Memory copied between host and device.
    static func copiesFromHost(_ device: DeviceUnderTest, _ largest: Int) throws -> [DeviceMeasurement] {
        let context = device.context
        let bytes = largest / 8
        let pool = try DevicePool(context)
        let stream = try CUDAStream(context)
        let buffer = try pool.allocate(UInt8.self, count: bytes, on: stream)
        let pinned = try PinnedBuffer(context, byteCount: bytes)
        let ordinary = [UInt8](repeating: 1, count: bytes)
        let there = try median(of: 10, on: stream) { try stream.upload(pinned, count: bytes, to: buffer) }
        let back = try median(of: 10, on: stream) { try stream.download(buffer, count: bytes, to: pinned) }
        let plain = try median(of: 5) {
            try stream.upload(ordinary, to: buffer)
            try stream.synchronize()
        }
        return [
            DeviceMeasurement(
                what: "pinned memory to the device, \(size(bytes))", value: rate(bytes, there), beside: ""),
            DeviceMeasurement(what: "device to pinned memory, \(size(bytes))", value: rate(bytes, back), beside: ""),
            DeviceMeasurement(
                what: "ordinary memory to the device, \(size(bytes))", value: rate(bytes, plain), beside: ""),
        ]
    }

    /// A kernel that does nothing.
    static func launches(_ device: DeviceUnderTest, _ largest: Int) throws -> [DeviceMeasurement] {
        let nothing = try device.kernels.kernel("akin_nothing", in: "sanity.cu")
        let stream = try CUDAStream(device.context)
        let many = try median(of: 20, on: stream) {
            for _ in 0..<1000 { try stream.launch(nothing, grid: 1, block: 32) }
        }
        let one = try median(of: 200) {
            try stream.launch(nothing, grid: 1, block: 32)
            try stream.synchronize()
        }
        return [
            DeviceMeasurement(
                what: "a launch among 1,000 in a row", value: "\(number(many / 1000 * 1e6)) µs", beside: ""),
            DeviceMeasurement(what: "a launch that is waited for", value: "\(number(one * 1e6)) µs", beside: ""),
        ]
    }

    /// Memory from the driver and from what the pool kept.
    static func allocations(_ device: DeviceUnderTest, _ largest: Int) throws -> [DeviceMeasurement] {
        let pool = try DevicePool(device.context)
        let stream = try CUDAStream(device.context)
        let bytes = largest / 32
        let fresh = try median(of: 50) {
            _ = try pool.allocate(UInt8.self, count: bytes, on: stream)
            pool.trim()
        }
        let again = try median(of: 1000) { _ = try pool.allocate(UInt8.self, count: bytes, on: stream) }
        return [
            DeviceMeasurement(
                what: "\(size(bytes)) taken from the driver and given back", value: "\(number(fresh * 1e6)) µs",
                beside: ""),
            DeviceMeasurement(
                what: "\(size(bytes)) taken from the pool and given back", value: "\(number(again * 1e6)) µs",
                beside: ""),
        ]
    }

    /// Rows brought from ordinary memory piece by piece.
    static func streaming(_ device: DeviceUnderTest, _ largest: Int) throws -> [DeviceMeasurement] {
        let rowBytes = 512
        let (rows, piece) = (largest / 2 / rowBytes, largest / 64)
        let pool = try DevicePool(device.context)
        let stream = try CUDAStream(device.context)
        let base = [UInt8](repeating: 3, count: rows * rowBytes)
        let staged = try StagedRows(pool: pool, working: stream, rowBytes: rowBytes, pieceBytes: piece)
        let seconds = try base.withUnsafeBytes { base in
            try median(of: 5) {
                try staged.run(count: rows) { range, bytes in
                    bytes.copyMemory(
                        from: UnsafeRawBufferPointer(
                            rebasing: base[range.lowerBound * rowBytes..<range.upperBound * rowBytes]))
                } work: { _, _ in
                }
            }
        }
        return [
            DeviceMeasurement(
                what: "\(size(rows * rowBytes)) streamed through two slots of \(size(piece)), one thread filling",
                value: rate(rows * rowBytes, seconds),
                beside: "")
        ]
    }
}
