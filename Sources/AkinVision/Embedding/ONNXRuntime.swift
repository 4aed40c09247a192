import Akin
import CAkinORT
public import Foundation

/// The ONNX Runtime library, opened while the program runs.
///
/// The program is built without it and works without it until a model is to be run.
public final class ONNXRuntime: Sendable {
    /// Where the library was found.
    public let path: String
    /// Its version: "1.31.1".
    public let version: String
    /// Owned by this object; ONNX Runtime's environment may be used from many threads.
    nonisolated(unsafe) let handle: OpaquePointer

    #if os(macOS)
        static let libraryName = "libonnxruntime.dylib"
    #else
        static let libraryName = "libonnxruntime.so"
    #endif

    /// Opens the library at a known place.
    ///
    /// - Throws: ``EmbeddingError/runtimeUnusable(path:reason:)``, ``EmbeddingError/runtimeTooOld(path:version:needed:)``.
    public init(path: String) throws(EmbeddingError) {
        var handle: OpaquePointer?
        var message: UnsafeMutablePointer<CChar>?
        let code = akin_ort_open(path, &handle, &message)
        let text = Self.take(message)
        guard code == 0, let handle else {
            if code == AKIN_ORT_TOO_OLD {
                throw .runtimeTooOld(path: path, version: text, needed: "1.\(AKIN_ORT_API_VERSION)")
            }
            throw .runtimeUnusable(path: path, reason: text)
        }
        self.path = path
        self.handle = handle
        version = String(cString: akin_ort_version(handle))
    }

    deinit { akin_ort_close(handle) }

    /// What the library can run models on: "CPUExecutionProvider", "CUDAExecutionProvider" in its build for GPUs.
    ///
    /// - Returns: the library's own names.
    /// - Throws: ``EmbeddingError/runtime(file:code:message:)``.
    public func providers() throws(EmbeddingError) -> [String] {
        var names: UnsafeMutablePointer<CChar>?
        var message: UnsafeMutablePointer<CChar>?
        let code = akin_ort_providers(handle, &names, &message)
        guard code == 0 else { throw .runtime(file: path, code: Int(code), message: Self.take(message)) }
        return Self.take(names).split(separator: " ").map(String.init)
    }

    /// Refuses a library that was not built for NVIDIA GPUs.
    ///
    /// - Throws: ``EmbeddingError/runtimeWithoutCUDA(path:version:providers:)``.
    public func requireCUDA() throws(EmbeddingError) {
        let providers = try providers()
        guard providers.contains("CUDAExecutionProvider") else {
            throw .runtimeWithoutCUDA(path: path, version: version, providers: providers)
        }
    }

    /// Finds and opens the library.
    ///
    /// It is looked for in this order: the paths that `AKIN_ONNXRUNTIME` and `ORT_DYLIB_PATH` name; the Python package
    /// in a `.venv`, where `make setup` puts it, in the program's folder or one above it, then in the current folder; the
    /// places that the system's loader knows. A path named by a variable must be usable; it is not passed over.
    ///
    /// - Parameter environment: where the variables are looked up.
    /// - Returns: the opened library.
    /// - Throws: ``EmbeddingError/runtimeNotFound(searched:)`` with the places tried;
    ///   ``EmbeddingError/runtimeUnusable(path:reason:)``, ``EmbeddingError/runtimeTooOld(path:version:needed:)``.
    public static func find(
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(EmbeddingError) -> ONNXRuntime {
        try find(environment: environment, folders: PythonLibraries.folders(), systemNames: [libraryName])
    }

    /// As ``find(environment:)``, with the places given.
    package static func find(
        environment: [String: String], folders: [String], systemNames: [String]
    ) throws(EmbeddingError) -> ONNXRuntime {
        for variable in ["AKIN_ONNXRUNTIME", "ORT_DYLIB_PATH"] {
            if let path = environment[variable], !path.isEmpty { return try ONNXRuntime(path: path) }
        }
        for folder in folders {
            if let path = library(inVirtualEnvironmentOf: folder) { return try ONNXRuntime(path: path) }
        }
        for name in systemNames {
            do {
                return try ONNXRuntime(path: name)
            } catch .runtimeUnusable {
                continue  // The loader does not know the name.
            }
        }
        throw .runtimeNotFound(
            searched: ["$AKIN_ONNXRUNTIME", "$ORT_DYLIB_PATH"]
                + folders.map { "\($0)/.venv/lib/python3*/site-packages/onnxruntime/capi/\(libraryName)*" }
                + systemNames.map { "\($0) (system)" })
    }

    /// The newest library in a folder's `.venv`; the file carries its version behind or within the name:
    /// `libonnxruntime.so.1.31.1`, `libonnxruntime.1.31.1.dylib`.
    private static func library(inVirtualEnvironmentOf folder: String) -> String? {
        PythonLibraries.newest(
            inVirtualEnvironment: folder + "/.venv", place: "onnxruntime/capi", prefix: "libonnxruntime.")
    }

    /// Turns a message that C made into a string and releases it.
    static func take(_ message: UnsafeMutablePointer<CChar>?) -> String {
        guard let message else { return "no reason given" }
        defer { free(message) }
        return String(cString: message)
    }
}
