package import CAkinCUDA
public import Foundation

/// NVIDIA's driver, opened while the program runs.
///
/// The program is built without CUDA and works without it until a device is asked for.
public final class CUDADriver: Sendable {
    /// Where the library was found.
    public let path: String
    /// The newest CUDA that the driver serves: 13000 is 13.0.
    public let cudaVersion: Int
    /// How many devices it offers.
    public let deviceCount: Int
    /// Filled once and never released: the driver does not support being unloaded.
    nonisolated(unsafe) let calls: UnsafePointer<akin_cuda_driver>

    /// Takes a table of calls, the driver's or one that stands in for it, and starts it.
    ///
    /// - Throws: ``CUDAError/driver(call:code:name:text:device:)``; a machine without devices is not an error here.
    package init(calls: UnsafePointer<akin_cuda_driver>, path: String) throws(CUDAError) {
        self.calls = calls
        self.path = path
        let started = calls.pointee.cuInit(0)
        var (version, count): (Int32, Int32) = (0, 0)
        if started != AKIN_CUDA_ERROR_NO_DEVICE {
            try Self.check("cuInit", started, calls)
            try Self.check("cuDriverGetVersion", calls.pointee.cuDriverGetVersion(&version), calls)
            try Self.check("cuDeviceGetCount", calls.pointee.cuDeviceGetCount(&count), calls)
        }
        cudaVersion = Int(version)
        deviceCount = Int(count)
    }

    /// Finds and opens the driver: the file that `AKIN_CUDA` names, or else `libcuda.so.1`, which the system's loader
    /// knows where a driver is installed.
    ///
    /// - Parameter environment: where the variable is looked up.
    /// - Returns: the driver, started.
    /// - Throws: ``CUDAError/libraryNotFound(_:searched:)``, ``CUDAError/libraryUnusable(_:path:reason:)``,
    ///   ``CUDAError/libraryTooOld(_:path:missing:)``, ``CUDAError/driver(call:code:name:text:device:)``.
    public static func find(
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(CUDAError) -> CUDADriver {
        let names = ["libcuda.so.1", "/usr/lib/wsl/lib/libcuda.so.1", "/usr/local/cuda/compat/libcuda.so.1"]
        let search = CUDALibrarySearch(library: .driver, candidates: names)
        let (calls, path) = try search.open(environment: environment) {
            (path, table: inout UnsafePointer<akin_cuda_driver>?, message) in
            akin_cuda_driver_open(path, &table, &message)
        }
        return try CUDADriver(calls: calls, path: path)
    }

    /// "13.0".
    public var cudaVersionText: String { "\(cudaVersion / 1000).\(cudaVersion % 1000 / 10)" }

    /// What the driver says of its devices, in its own order.
    ///
    /// - Throws: ``CUDAError/driver(call:code:name:text:device:)``.
    public func devices() throws(CUDAError) -> [CUDADevice] {
        var devices: [CUDADevice] = []
        for ordinal in 0..<deviceCount { devices.append(try device(ordinal)) }
        return devices
    }

    /// What the driver says of one device.
    ///
    /// - Throws: ``CUDAError/noDevice``, ``CUDAError/noSuchDevice(_:count:)``,
    ///   ``CUDAError/driver(call:code:name:text:device:)``.
    public func device(_ ordinal: Int) throws(CUDAError) -> CUDADevice {
        guard deviceCount > 0 else { throw .noDevice }
        guard (0..<deviceCount).contains(ordinal) else { throw .noSuchDevice(ordinal, count: deviceCount) }
        return try CUDADevice(driver: self, ordinal: ordinal)
    }

    /// Turns a code of the driver into an error.
    func check(_ call: String, _ code: akin_cuda_result, device: Int? = nil) throws(CUDAError) {
        try Self.check(call, code, calls, device: device)
    }

    private static func check(
        _ call: String, _ code: akin_cuda_result, _ calls: UnsafePointer<akin_cuda_driver>, device: Int? = nil
    ) throws(CUDAError) {
        guard code != 0 else { return }
        func text(_ ask: (akin_cuda_result, UnsafeMutablePointer<UnsafePointer<CChar>?>?) -> akin_cuda_result)
            -> String?
        {
            var pointer: UnsafePointer<CChar>?
            return ask(code, &pointer) == 0 ? pointer.map { String(cString: $0) } : nil
        }
        throw .driver(
            call: call, code: Int(code), name: text(calls.pointee.cuGetErrorName) ?? "an unknown error",
            text: text(calls.pointee.cuGetErrorString) ?? "no text", device: device)
    }
}
