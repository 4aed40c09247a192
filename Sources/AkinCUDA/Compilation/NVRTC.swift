import Akin
import CAkinCUDA
public import Foundation

/// NVIDIA's compiler of CUDA C++ as a library, opened while the program runs.
///
/// It needs no GPU.
public final class NVRTC: Sendable {
    /// Where the library was found.
    public let path: String
    /// Its version: "13.0".
    public let version: String
    /// What it can compile for, oldest first: "sm_80", "sm_90".
    public let architectures: [String]
    /// Filled once and never released.
    nonisolated(unsafe) private let calls: UnsafePointer<akin_nvrtc>

    /// Opens the library at a known place.
    ///
    /// - Throws: ``CUDAError/libraryUnusable(_:path:reason:)``, ``CUDAError/libraryTooOld(_:path:missing:)``,
    ///   ``CUDAError/compiler(call:code:text:)``.
    public convenience init(path: String) throws(CUDAError) {
        try self.init(CUDALibrarySearch(library: .compiler, candidates: []), [CUDALibrary.compiler.variable: path])
    }

    private init(_ search: CUDALibrarySearch, _ environment: [String: String]) throws(CUDAError) {
        (calls, path) = try search.open(environment: environment) {
            (path, table: inout UnsafePointer<akin_nvrtc>?, message) in
            akin_nvrtc_open(path, &table, &message)
        }
        var (major, minor, count): (Int32, Int32, Int32) = (0, 0, 0)
        try Self.check("nvrtcVersion", calls.pointee.nvrtcVersion(&major, &minor), calls)
        version = "\(major).\(minor)"
        try Self.check("nvrtcGetNumSupportedArchs", calls.pointee.nvrtcGetNumSupportedArchs(&count), calls)
        var numbers = [Int32](repeating: 0, count: Int(count))
        try Self.check("nvrtcGetSupportedArchs", calls.pointee.nvrtcGetSupportedArchs(&numbers), calls)
        architectures = numbers.map { "sm_\($0)" }
    }

    /// Finds and opens the library.
    ///
    /// It is looked for in this order: the path that `AKIN_NVRTC` names, which must be usable; the Python package
    /// `nvidia-cuda-nvrtc` in `VIRTUAL_ENV` or in a `.venv` in the program's folder, one above it, or the current folder; the
    /// names that the system's loader knows; the CUDA toolkit at `CUDA_HOME`, `CUDA_PATH` and its usual place.
    ///
    /// - Parameter environment: where the variables are looked up.
    /// - Returns: the opened library.
    /// - Throws: ``CUDAError/libraryNotFound(_:searched:)`` with the places tried,
    ///   ``CUDAError/libraryUnusable(_:path:reason:)``, ``CUDAError/libraryTooOld(_:path:missing:)``,
    ///   ``CUDAError/compiler(call:code:text:)``.
    public static func find(
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(CUDAError) -> NVRTC {
        try find(
            environment: environment, folders: PythonLibraries.folders(), systemNames: systemNames,
            toolkits: ["/usr/local/cuda"])
    }

    /// As ``find(environment:)``, with the places given.
    package static func find(
        environment: [String: String], folders: [String], systemNames: [String], toolkits: [String]
    ) throws(CUDAError) -> NVRTC {
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        var candidates: [String] = []
        for python in [value("VIRTUAL_ENV")].compactMap({ $0 }) + folders.map({ $0 + "/.venv" }) {
            // The package's folder: one for all of CUDA since 13, one for each part before.
            let found = ["nvidia/cu13/lib", "nvidia/cuda_nvrtc/lib"].lazy.compactMap {
                PythonLibraries.newest(inVirtualEnvironment: python, place: $0, prefix: "libnvrtc.so")
            }.first
            candidates.append(found ?? python + "/lib/python3*/site-packages/nvidia/*/lib/libnvrtc.so*")
        }
        candidates += systemNames
        for toolkit in [value("CUDA_HOME"), value("CUDA_PATH")].compactMap({ $0 }) + toolkits {
            candidates.append(toolkit + "/lib64/libnvrtc.so")
        }
        return try NVRTC(CUDALibrarySearch(library: .compiler, candidates: candidates), environment)
    }

    /// The names under which the loader may know it, newest first.
    private static let systemNames = ["libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so"]

    /// Compiles a source to machine code.
    ///
    /// - Parameters:
    ///   - source: the text.
    ///   - headers: what it may include, by name.
    ///   - architecture: "sm_90a".
    ///   - options: further options of NVRTC.
    /// - Returns: a cubin, which runs on that architecture only.
    /// - Throws: ``CUDAError/compilation(kernel:architecture:log:)``,
    ///   ``CUDAError/unsupportedArchitecture(_:version:supported:)``, ``CUDAError/compiler(call:code:text:)``.
    package func compile(
        _ source: KernelSource, headers: [KernelSource], architecture: String, options: [String]
    ) throws(CUDAError) -> [UInt8] {
        let plain = architecture.last?.isLetter == true ? String(architecture.dropLast()) : architecture
        guard architectures.contains(plain) else {
            throw .unsupportedArchitecture(architecture, version: version, supported: architectures)
        }
        var program: akin_nvrtc_program?
        let created = Self.withCStrings(headers.map(\.text)) { texts in
            Self.withCStrings(headers.map(\.name)) { names in
                calls.pointee.nvrtcCreateProgram(
                    &program, source.text, source.name, Int32(headers.count), texts, names)
            }
        }
        try check("nvrtcCreateProgram", created)
        defer { _ = calls.pointee.nvrtcDestroyProgram(&program) }
        let all = ["--gpu-architecture=\(architecture)"] + options
        let compiled = Self.withCStrings(all) {
            calls.pointee.nvrtcCompileProgram(program, Int32(all.count), $0)
        }
        if compiled != 0 {
            let log = try text(of: program)
            guard compiled == 6 else {  // NVRTC_ERROR_COMPILATION
                try check("nvrtcCompileProgram: \(log)", compiled)
                return []
            }
            throw .compilation(kernel: source.name, architecture: architecture, log: log)
        }
        var size = 0
        try check("nvrtcGetCUBINSize", calls.pointee.nvrtcGetCUBINSize(program, &size))
        var cubin = [UInt8](repeating: 0, count: size)
        let code = cubin.withUnsafeMutableBytes {
            calls.pointee.nvrtcGetCUBIN(program, $0.baseAddress?.assumingMemoryBound(to: CChar.self))
        }
        try check("nvrtcGetCUBIN", code)
        return cubin
    }

    /// What the compiler said.
    private func text(of program: akin_nvrtc_program?) throws(CUDAError) -> String {
        var size = 0
        try check("nvrtcGetProgramLogSize", calls.pointee.nvrtcGetProgramLogSize(program, &size))
        var log = [CChar](repeating: 0, count: size + 1)
        try check("nvrtcGetProgramLog", calls.pointee.nvrtcGetProgramLog(program, &log))
        return String(decoding: log.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private func check(_ call: String, _ code: Int32) throws(CUDAError) { try Self.check(call, code, calls) }

    private static func check(_ call: String, _ code: Int32, _ calls: UnsafePointer<akin_nvrtc>) throws(CUDAError) {
        guard code != 0 else { return }
        let text = calls.pointee.nvrtcGetErrorString(code).map { String(cString: $0) }
        throw .compiler(call: call, code: Int(code), text: text ?? "no text")
    }

    /// Lends C strings for the time of a call.
    private static func withCStrings<Result>(
        _ strings: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>?) -> Result
    ) -> Result {
        let copies = strings.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        let pointers = copies.map { $0.map { UnsafePointer($0) } }
        return pointers.withUnsafeBufferPointer { body($0.baseAddress) }
    }
}
