import AkinCUDA
import Foundation

// What the device layer itself costs, and the rates that all else is a fraction of.
extension Measurement {
    /// Compiling all kernels anew, and taking them from the disk.
    static func compiling(_ context: CUDAContext, _ kernels: KernelLibrary) throws -> [Measurement] {
        let folder = FileManager.default.temporaryDirectory.path + "/akin-cuda-check-\(getpid())"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var rows: [Measurement] = []
        for state in ["compiled anew", "from the cache"] {
            let start = ContinuousClock.now
            let library = KernelLibrary(context, cache: KernelCache(folder: folder))
            do {
                for source in KernelSource.kernels { _ = try library.module(source.name) }
            } catch CUDAError.libraryNotFound(.compiler, _) {
                return [Measurement(what: "all kernels compiled anew", value: "not measured", beside: "no NVRTC here")]
            }
            let taken = (ContinuousClock.now - start).components
            rows.append(
                Measurement(
                    what: "all \(KernelSource.kernels.count) kernel files \(state) and loaded",
                    value: "\(number(Double(taken.seconds) + Double(taken.attoseconds) * 1e-18)) s", beside: "one run"))
        }
        return rows
    }

    /// Memory copied within the device.
    static func copiesOnDevice(_ context: CUDAContext, _ kernels: KernelLibrary) throws -> [Measurement] {
        let bytes = min(2 << 30, try context.memory().free / 4)
        let pool = try DevicePool(context)
        let stream = try CUDAStream(context)
        let a = try pool.allocate(UInt8.self, count: bytes, on: stream)
        let b = try pool.allocate(UInt8.self, count: bytes, on: stream)
        try stream.fill(a, byte: 1)
        let copying = try median(of: 20, on: stream) { try stream.copy(a, 0..<bytes, to: b) }
        let filling = try median(of: 20, on: stream) { try stream.fill(a, byte: 2) }
        let peak = context.device.memoryBandwidth
        return [
            Measurement(
                what: "copy on the device, \(bytes >> 20) MiB, bytes read and written", value: rate(2 * bytes, copying),
                beside: peak > 0 ? "\(number(peak / 1e9)) GB/s by clock and bus" : ""),
            Measurement(
                what: "fill on the device, \(bytes >> 20) MiB, bytes written", value: rate(bytes, filling), beside: ""),
        ]
    }

    /// Memory copied between host and device.
    static func copiesFromHost(_ context: CUDAContext, _ kernels: KernelLibrary) throws -> [Measurement] {
        let bytes = 256 << 20
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
            Measurement(what: "pinned memory to the device, 256 MiB", value: rate(bytes, there), beside: ""),
            Measurement(what: "device to pinned memory, 256 MiB", value: rate(bytes, back), beside: ""),
            Measurement(what: "ordinary memory to the device, 256 MiB", value: rate(bytes, plain), beside: ""),
        ]
    }

    /// A kernel that does nothing.
    static func launches(_ context: CUDAContext, _ kernels: KernelLibrary) throws -> [Measurement] {
        let nothing = try kernels.kernel("akin_nothing", in: "sanity.cu")
        let stream = try CUDAStream(context)
        let many = try median(of: 20, on: stream) {
            for _ in 0..<1000 { try stream.launch(nothing, grid: 1, block: 32) }
        }
        let one = try median(of: 200) {
            try stream.launch(nothing, grid: 1, block: 32)
            try stream.synchronize()
        }
        return [
            Measurement(what: "a launch among 1,000 in a row", value: "\(number(many / 1000 * 1e6)) µs", beside: ""),
            Measurement(what: "a launch that is waited for", value: "\(number(one * 1e6)) µs", beside: ""),
        ]
    }

    /// Memory from the driver and from what the pool kept.
    static func allocations(_ context: CUDAContext, _ kernels: KernelLibrary) throws -> [Measurement] {
        let pool = try DevicePool(context)
        let stream = try CUDAStream(context)
        let fresh = try median(of: 50) {
            _ = try pool.allocate(UInt8.self, count: 64 << 20, on: stream)
            pool.trim()
        }
        let again = try median(of: 1000) { _ = try pool.allocate(UInt8.self, count: 64 << 20, on: stream) }
        return [
            Measurement(
                what: "64 MiB taken from the driver and given back", value: "\(number(fresh * 1e6)) µs", beside: ""),
            Measurement(
                what: "64 MiB taken from the pool and given back", value: "\(number(again * 1e6)) µs", beside: ""),
        ]
    }

    /// Rows brought from ordinary memory piece by piece.
    static func streaming(_ context: CUDAContext, _ kernels: KernelLibrary) throws -> [Measurement] {
        let (rows, rowBytes) = (2 << 20, 512)
        let pool = try DevicePool(context)
        let stream = try CUDAStream(context)
        let base = [UInt8](repeating: 3, count: rows * rowBytes)
        let staged = try StagedRows(pool: pool, working: stream, rowBytes: rowBytes, pieceBytes: 32 << 20)
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
            Measurement(
                what: "1 GiB streamed through two slots of 32 MiB, one thread filling",
                value: rate(rows * rowBytes, seconds),
                beside: "")
        ]
    }
}
