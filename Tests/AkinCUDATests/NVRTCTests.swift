import AkinCUDA
import AkinTestSupport
import Foundation
import Testing

@Suite("Finding and using NVRTC")
struct NVRTCTests {
    static let compiler = try? NVRTC.find()

    @Test("where it is missing, the error lists the places and the remedy")
    func missing() throws {
        try withTemporaryDirectory { folder in
            let error = #expect(throws: CUDAError.self) {
                try NVRTC.find(
                    environment: ["CUDA_HOME": "/nowhere/cuda"], folders: [folder], systemNames: ["libakin-none.so"],
                    toolkits: [])
            }
            let message = "\(String(describing: error))"
            for part in [
                "AKIN_NVRTC", folder + "/.venv", "libakin-none.so", "/nowhere/cuda/lib64",
                "pip install nvidia-cuda-nvrtc",
            ] {
                #expect(message.contains(part), "\(message)")
            }
        }
    }

    @Test("a variable that names no library is an error, whatever else is there")
    func unusable() throws {
        try withTemporaryDirectory { folder in
            let path = folder + "/libnvrtc.so"
            for text in [nil, "not a library"] {
                if let text { try Data(text.utf8).write(to: URL(fileURLWithPath: path)) }
                let error = #expect(throws: CUDAError.self) { try NVRTC.find(environment: ["AKIN_NVRTC": path]) }
                guard case .libraryUnusable(.compiler, path, _) = error else {
                    Issue.record("\(String(describing: error))")
                    return
                }
            }
        }
    }

    #if os(Linux)
        @Test("another library is told apart, for the compiler and for the driver")
        func anotherLibrary() {
            #expect(throws: CUDAError.libraryTooOld(.compiler, path: "libm.so.6", missing: "nvrtcVersion")) {
                try NVRTC.find(environment: ["AKIN_NVRTC": "libm.so.6"])
            }
            #expect(throws: CUDAError.libraryTooOld(.driver, path: "libm.so.6", missing: "cuInit")) {
                try CUDADriver.find(environment: ["AKIN_CUDA": "libm.so.6"])
            }
        }
    #endif

    @Test("a driver that is missing is an error with the remedy")
    func noDriver() {
        let error = #expect(throws: CUDAError.self) {
            try CUDADriver.find(environment: ["AKIN_CUDA": "/nowhere/libcuda.so.1"])
        }
        #expect(error?.description.contains("/nowhere/libcuda.so.1") == true)
    }

    /// Every source, for every architecture that is promised.
    static let recipes = KernelSource.kernels.flatMap { source in
        ["sm_80", "sm_90", "sm_90a", "sm_100"].map { KernelRecipe(source: source.name, architecture: $0) }
    }

    @Test(
        "every kernel compiles for every architecture", .enabled(if: compiler != nil, "NVRTC is not installed"),
        arguments: recipes)
    func compiles(_ recipe: KernelRecipe) throws {
        let compiler = try #require(Self.compiler)
        let (source, headers) = try recipe.texts()
        let cubin = try compiler.compile(
            source, headers: headers, architecture: recipe.architecture, options: recipe.options)
        #expect(cubin.starts(with: [0x7F] + Array("ELF".utf8)))
    }

    @Test(
        "an error of a kernel names file, line and reason", .enabled(if: compiler != nil, "NVRTC is not installed"))
    func namesTheLine() throws {
        let compiler = try #require(Self.compiler)
        let source = KernelSource(
            name: "wrong.cu",
            text: "#include \"akin.cuh\"\nextern \"C\" __global__ void akin_wrong() { undeclared = 1; }\n")
        let error = #expect(throws: CUDAError.self) {
            try compiler.compile(
                source, headers: KernelSource.all.filter { $0.name == "akin.cuh" }, architecture: "sm_90", options: [])
        }
        let message = "\(String(describing: error))"
        for part in ["wrong.cu", "(2)", "sm_90", "undeclared"] { #expect(message.contains(part), "\(message)") }
        #expect(
            throws: CUDAError.unsupportedArchitecture(
                "sm_20", version: compiler.version, supported: compiler.architectures)
        ) {
            try compiler.compile(source, headers: [], architecture: "sm_20", options: [])
        }
    }
}
