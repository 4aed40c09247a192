import AkinTestSupport
import AkinVision
import Foundation
import Testing

@Suite("Finding ONNX Runtime")
struct ONNXRuntimeTests {
    private static let runtime = try? ONNXRuntime.find()

    /// A folder's place for the Python package's library of some version.
    private func place(_ folder: String, python: String, library: String) throws -> String {
        let directory = "\(folder)/.venv/lib/\(python)/site-packages/onnxruntime/capi"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        return "\(directory)/\(library)"
    }

    @Test("where it is missing, the error lists the places and the remedy")
    func missing() throws {
        try withTemporaryDirectory { folder in
            let error = #expect(throws: EmbeddingError.self) {
                try ONNXRuntime.find(environment: [:], folders: [folder], systemNames: ["libakin-no-such-thing.so"])
            }
            let message = "\(String(describing: error))"
            for part in [
                "AKIN_ONNXRUNTIME", "ORT_DYLIB_PATH", "\(folder)/.venv", "libakin-no-such-thing", "make setup",
            ] {
                #expect(message.contains(part))
            }
        }
    }

    @Test(
        "a variable that names no library is an error, whatever else is there",
        arguments: [
            "AKIN_ONNXRUNTIME", "ORT_DYLIB_PATH",
        ])
    func unusableFile(variable: String) throws {
        try withTemporaryDirectory { folder in
            let path = folder + "/libonnxruntime.so"
            for text in [nil, "not a library"] {
                if let text { try Data(text.utf8).write(to: URL(fileURLWithPath: path)) }
                let error = #expect(throws: EmbeddingError.self) {
                    try ONNXRuntime.find(environment: [variable: path])
                }
                guard case .runtimeUnusable(path, _) = error else {
                    Issue.record("\(String(describing: error))")
                    return
                }
            }
        }
    }

    #if os(Linux)
        @Test("another library is told apart")
        func anotherLibrary() {
            let error = #expect(throws: EmbeddingError.self) { try ONNXRuntime(path: "libm.so.6") }
            #expect(
                error == .runtimeUnusable(path: "libm.so.6", reason: "it exports no OrtGetApiBase"))
        }
    #endif

    @Test(
        "the newest library of a virtual environment is taken",
        .enabled(if: runtime != nil, "ONNX Runtime is not installed; run make setup"))
    func virtualEnvironment() throws {
        let runtime = try #require(Self.runtime)
        try withTemporaryDirectory { folder in
            // Only the newest can be opened.
            let old = try place(folder, python: "python3.9", library: "libonnxruntime.so.1.31.1")
            let older = try place(folder, python: "python3.13", library: "libonnxruntime.so.1.9.0")
            let newest = try place(folder, python: "python3.13", library: "libonnxruntime.so.1.31.1")
            for path in [old, older] { try Data("rubbish".utf8).write(to: URL(fileURLWithPath: path)) }
            try FileManager.default.createSymbolicLink(atPath: newest, withDestinationPath: runtime.path)
            let found = try ONNXRuntime.find(environment: [:], folders: ["/nowhere", folder], systemNames: [])
            #expect(found.path == newest)
            #expect(found.version == runtime.version)
        }
    }

    @Test(
        "it has a version, and may be opened again and again",
        .enabled(if: runtime != nil, "ONNX Runtime is not installed; run make setup"))
    func openedAgain() throws {
        let path = try #require(Self.runtime).path
        for _ in 0..<3 {
            let version = try ONNXRuntime(path: path).version.split(separator: ".").compactMap { Int($0) }
            #expect(version.count == 3 && version.lexicographicallyPrecedes([1, 12]) == false)
        }
    }

    @Test("it tells what it can run models on", .enabled(if: runtime != nil, "needs ONNX Runtime"))
    func providers() throws {
        let runtime = try #require(Self.runtime)
        let providers = try runtime.providers()
        #expect(providers.contains("CPUExecutionProvider"))
        #expect(providers.allSatisfy { $0.hasSuffix("ExecutionProvider") })
        if providers.contains("CUDAExecutionProvider") {
            try runtime.requireCUDA()
        } else {
            #expect(
                throws: EmbeddingError.runtimeWithoutCUDA(
                    path: runtime.path, version: runtime.version, providers: providers)
            ) { try runtime.requireCUDA() }
        }
    }
}
