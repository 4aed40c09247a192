import CAkinORT
import Foundation

/// A model loaded into ONNX Runtime.
///
/// Runs may come from many threads at once.
final class ONNXSession: Sendable {
    /// What the model says of an input or output.
    struct Tensor: Sendable {
        var name: String
        /// ONNX's number of the element type; 0 where it is not a tensor.
        var elementType: Int
        /// Sizes of the axes; `nil` where the model leaves one open.
        var shape: [Int?]

        var isFloat: Bool { elementType == Int(AKIN_ORT_FLOAT) }
    }

    let inputs: [Tensor]
    let outputs: [Tensor]

    private let runtime: ONNXRuntime
    private let file: String
    /// Owned by this object; ONNX Runtime promises that a session runs on many threads at once.
    private nonisolated(unsafe) let handle: OpaquePointer

    /// Loads the model in `file`, to be run on `threads` threads per run, or on a GPU.
    init(file: String, threads: Int, gpu: Int? = nil, runtime: ONNXRuntime) throws(EmbeddingError) {
        if gpu != nil { try runtime.requireCUDA() }
        var session: OpaquePointer?
        var message: UnsafeMutablePointer<CChar>?
        let code = akin_ort_session_open(
            runtime.handle, file, Int32(threads), Int32(gpu ?? -1), &session, &message)
        guard code == 0, let session else {
            throw .runtime(file: file, code: Int(code), message: ONNXRuntime.take(message))
        }
        do throws(EmbeddingError) {
            var inputCount = 0
            var outputCount = 0
            try Self.check(akin_ort_session_counts(session, &inputCount, &outputCount, &message), message, file)
            var inputs: [Tensor] = []
            for index in 0..<inputCount {
                inputs.append(try Self.describe(session, index, akin_ort_session_input, file))
            }
            var outputs: [Tensor] = []
            for index in 0..<outputCount {
                outputs.append(try Self.describe(session, index, akin_ort_session_output, file))
            }
            self.inputs = inputs
            self.outputs = outputs
        } catch {
            akin_ort_session_close(session)
            throw error
        }
        handle = session
        self.runtime = runtime
        self.file = file
    }

    deinit { akin_ort_session_close(handle) }

    /// Runs the model on one input and lends one output for the length of the call.
    ///
    /// `data` holds the input's elements, as many as the product of `shape`; `body` receives the output's elements and the
    /// sizes of its axes.
    func run<Result>(
        input: String, data: UnsafeBufferPointer<Float>, shape: [Int], output: String,
        _ body: (UnsafeBufferPointer<Float>, [Int]) throws(EmbeddingError) -> Result
    ) throws(EmbeddingError) -> Result {
        precondition(shape.reduce(1, *) == data.count, "\(data.count) elements for a tensor of shape \(shape)")
        var result = akin_ort_result()
        var message: UnsafeMutablePointer<CChar>?
        let code = akin_ort_run(
            handle, input, data.baseAddress, shape.map(Int64.init), shape.count, output, &result, &message)
        try Self.check(code, message, file)
        defer { akin_ort_result_release(handle, &result) }
        let sizes = withUnsafeBytes(of: result.shape) { Array($0.bindMemory(to: Int64.self).prefix(result.rank)) }
        let outputShape = sizes.map(Int.init)
        return try body(UnsafeBufferPointer(start: result.data, count: outputShape.reduce(1, *)), outputShape)
    }

    private typealias Describe = (
        OpaquePointer?, Int, UnsafeMutablePointer<akin_ort_tensor_info>?,
        UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
    ) -> Int32

    private static func describe(
        _ session: OpaquePointer, _ index: Int, _ describe: Describe, _ file: String
    ) throws(EmbeddingError) -> Tensor {
        var info = akin_ort_tensor_info()
        var message: UnsafeMutablePointer<CChar>?
        try check(describe(session, index, &info, &message), message, file)
        let sizes = withUnsafeBytes(of: info.shape) { Array($0.bindMemory(to: Int64.self).prefix(info.rank)) }
        return Tensor(
            name: ONNXRuntime.take(info.name), elementType: Int(info.element_type),
            shape: sizes.map { $0 < 0 ? nil : Int($0) })
    }

    private static func check(
        _ code: Int32, _ message: UnsafeMutablePointer<CChar>?, _ file: String
    ) throws(EmbeddingError) {
        if code != 0 { throw .runtime(file: file, code: Int(code), message: ONNXRuntime.take(message)) }
    }
}
