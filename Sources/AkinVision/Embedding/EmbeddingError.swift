/// What kept images from becoming vectors.
public enum EmbeddingError: Error, Equatable, Sendable {
    /// ONNX Runtime is in none of the places where it may be.
    case runtimeNotFound(searched: [String])
    /// A file that should be ONNX Runtime cannot be used as such.
    case runtimeUnusable(path: String, reason: String)
    /// The ONNX Runtime found is too old.
    case runtimeTooOld(path: String, version: String, needed: String)
    /// The ONNX Runtime found was built for the processor alone; `providers` is what it knows.
    case runtimeWithoutCUDA(path: String, version: String, providers: [String])
    /// ONNX Runtime reported an error; `code` is its own.
    case runtime(file: String, code: Int, message: String)
    /// A model directory lacks a file.
    case missingModelFile(directory: String, file: String)
    /// The model file is not what it should be.
    case damagedModel(file: String, reason: String)
    /// The model takes something else than one batch of pictures, or the preprocessing does not make what it takes.
    case inputMismatch(file: String, expected: String, actual: String)
    /// The model gives nothing that can serve as a vector per picture.
    case outputMismatch(file: String, expected: String, actual: String)
    /// The embedder made a component that is NaN or infinite.
    case notFinite(image: String, component: Int)
    /// An image could not be read, and all had to be.
    case unreadableImage(path: String, reason: String)
    /// The source has images, but none could be read; `reason` is that of the first.
    case nothingReadable(source: String, count: Int, reason: String)
    /// What an interrupted run left belongs to another source, model or setting.
    case cannotResume(file: String, what: String, expected: String, actual: String)
    /// The files of an embedded set do not belong together, or one of them is damaged.
    case damagedSet(file: String, expected: String, actual: String)
    /// A parameter lies outside its range.
    case outOfRange(name: String, value: Int, allowed: ClosedRange<Int>)
}

extension EmbeddingError: CustomStringConvertible {
    /// A sentence that names the file, what was expected and what came.
    public var description: String {
        switch self {
        case .runtimeNotFound(let searched):
            "ONNX Runtime is not installed where Akin looks for it: "
                + searched.joined(separator: ", ")
                + "; run `make setup`, or set AKIN_ONNXRUNTIME to the path of \(ONNXRuntime.libraryName)"
        case .runtimeUnusable(let path, let reason): "\(path) cannot be used as ONNX Runtime: \(reason)"
        case .runtimeTooOld(let path, let version, let needed):
            "\(path) is ONNX Runtime \(version); \(needed) or newer is needed"
        case .runtimeWithoutCUDA(let path, let version, let providers):
            "\(path) is ONNX Runtime \(version) with \(providers.joined(separator: ", ")); a model runs on a GPU with "
                + "CUDAExecutionProvider, which the build for GPUs has (the Python package onnxruntime-gpu, with CUDA and "
                + "cuDNN): set AKIN_ONNXRUNTIME to its \(ONNXRuntime.libraryName), or run on the processor"
        case .runtime(let file, let code, let message): "\(file): ONNX Runtime error \(code): \(message)"
        case .missingModelFile(let directory, let file):
            "\(directory) is not a model directory: expected \(file) in it"
        case .damagedModel(let file, let reason): "\(file) is not a usable ONNX model: \(reason)"
        case .inputMismatch(let file, let expected, let actual), .outputMismatch(let file, let expected, let actual):
            "\(file): expected \(expected), got \(actual)"
        case .notFinite(let image, let component):
            "\(image): component \(component) of its vector is NaN or infinite"
        case .unreadableImage(let path, let reason): "\(path) cannot be read: \(reason)"
        case .nothingReadable(let source, let count, let reason):
            "\(source): none of \(count) images could be read; the first: \(reason)"
        case .cannotResume(let file, let what, let expected, let actual):
            "\(file) was left by an interrupted run with another \(what): expected \(expected), got \(actual); "
                + "finish that run with its own settings, or start over with --restart"
        case .damagedSet(let file, let expected, let actual): "\(file): expected \(expected), got \(actual)"
        case .outOfRange(let name, let value, let allowed):
            "\(name) is \(value); it must be in \(allowed.lowerBound)...\(allowed.upperBound)"
        }
    }
}
