public import Akin
import Foundation

/// Embeds pictures with a neural network in ONNX form, run by ONNX Runtime on the CPU or an NVIDIA GPU.
///
/// A model's directory holds `model.onnx`, the files with weights that it names, and `preprocessor_config.json`, as
/// Hugging Face image models carry it. Inputs and outputs are read from the model.
///
/// ```swift
/// let embedder = try ONNXEmbedder(directory: "models/vit_tiny_patch16_224", normalize: true)
/// let vectors = try embedder.embed([embedder.prepare(image)])     // [1, 192]
/// ```
///
/// The defaults are made for ``EmbeddingPipeline``: each run stays on the thread that asks for it, and as many threads as
/// there are cores run at once. That keeps more of the cores' time for arithmetic than sharing every operator of a run.
public struct ONNXEmbedder: Embedder {
    /// What becomes of an output that has a vector for every token of a picture, `[N, tokens, dimension]`.
    public enum TokenPooling: String, Sendable, Codable, CaseIterable {
        /// The first token's vector, the class token of vision transformers.
        case cls
        /// The mean over all tokens.
        case mean
    }

    /// A GPU to run models on; ONNX Runtime's build for GPUs is needed.
    public struct GPU: Sendable, Equatable {
        /// Its number, as the driver counts.
        public var ordinal: Int
        /// Its name, for reports: "NVIDIA H200".
        public var name: String
        /// Pictures per run, 1 or more, where the model leaves their number open.
        public var batch: Int

        /// Names a GPU.
        public init(ordinal: Int, name: String, batch: Int = 64) {
            self.ordinal = ordinal
            self.name = name
            self.batch = batch
        }
    }

    /// The space of the vectors: weights, preprocessing, output, pooling and normalisation.
    public let space: EmbeddingSpace
    /// Components of each vector.
    public let dimension: Int
    /// The model's directory.
    public let model: String?
    /// The output that the vectors are made from.
    public let outputName: String
    /// How pictures are made into the network's input.
    public let preprocessing: Preprocessing
    /// Version and place of the library in use.
    public let runtime: ONNXRuntime

    /// The GPU in use; `nil` for the processor.
    public let gpu: GPU?

    /// On the processor one picture at a time: its activations stay in the core's own cache, which a batch's do not.
    public var preferredBatch: Int { input.batch ?? gpu?.batch ?? 1 }
    /// "CPU", or the GPU and its batches: "NVIDIA H200, batches of 64".
    public var deviceName: String { gpu.map { "\($0.name), batches of \(preferredBatch)" } ?? "CPU" }

    let session: ONNXSession
    let input: Input
    let pooling: TokenPooling
    let normalize: Bool
    let file: String

    /// What the model takes.
    struct Input: Sendable {
        var name: String
        /// Pictures per run, where the model fixes their number.
        var batch: Int?
    }

    /// Loads a model and runs it once.
    ///
    /// - Parameters:
    ///   - directory: the model's directory.
    ///   - output: the output to take; `nil` guesses: `embedding`, `image_embeds`, `pooler_output`,
    ///     `last_hidden_state`, or else the first with one vector per picture that is not the classes' scores.
    ///   - pooling: what becomes of tokens. An output with a map of features, `[N, C, H, W]`, is averaged over the map.
    ///   - normalize: whether vectors are brought to length 1.
    ///   - threads: threads that share one run, 1...1024. More shorten the wait for one picture; for many pictures one
    ///     thread per run and many runs at once give the most pictures per second.
    ///   - gpu: the GPU to run on; `nil` for the processor. Vectors differ in their last digits, the space is the same.
    ///   - runtime: the library to use; `nil` finds it, see ``ONNXRuntime/find(environment:)``.
    /// - Throws: ``EmbeddingError``, ``PreprocessingError``.
    public init(
        directory: String, output: String? = nil, pooling: TokenPooling = .cls, normalize: Bool = false,
        threads: Int = 1, gpu: GPU? = nil, runtime: ONNXRuntime? = nil
    ) throws {
        guard (1...1024).contains(threads) else {
            throw EmbeddingError.outOfRange(name: "threads", value: threads, allowed: 1...1024)
        }
        if let gpu, gpu.batch < 1 {
            throw EmbeddingError.outOfRange(name: "batch", value: gpu.batch, allowed: 1...Int.max)
        }
        let file = directory + "/model.onnx"
        for name in ["model.onnx", "preprocessor_config.json"]
        where !FileManager.default.fileExists(atPath: "\(directory)/\(name)") {
            throw EmbeddingError.missingModelFile(directory: directory, file: name)
        }
        let preprocessing = try Preprocessing(directory: directory)
        var hash = SHA256()
        hash.update(field: "akin onnx 1")
        try Self.hashWeights(of: file, in: directory, into: &hash)

        let runtime = try runtime ?? ONNXRuntime.find()
        let session = try ONNXSession(file: file, threads: threads, gpu: gpu?.ordinal, runtime: runtime)
        let input = try Self.input(of: session, file: file, preprocessing: preprocessing)
        let chosen = try Self.output(of: session, named: output, file: file)

        self.runtime = runtime
        self.gpu = gpu
        self.session = session
        self.input = input
        self.preprocessing = preprocessing
        self.pooling = pooling
        self.normalize = normalize
        self.file = file
        model = directory
        outputName = chosen

        // The model's own shapes may be open; what comes out of a run is certain.
        let shape = [input.batch ?? 1, 3, preprocessing.outputHeight, preprocessing.outputWidth]
        let blank = [Float](repeating: 0, count: shape.reduce(1, *))
        let given = try blank.withUnsafeBufferPointer { data throws(EmbeddingError) in
            try session.run(input: input.name, data: data, shape: shape, output: chosen) { $1 }
        }
        let layout = try OutputLayout(shape: given, pictures: shape[0], pooling: pooling, name: chosen, file: file)
        dimension = layout.dimension

        hash.update(field: preprocessing.fingerprint)
        hash.update(field: chosen)
        hash.update(field: layout.poolingName)
        hash.update(field: normalize ? "l2" : "as is")
        let folder = URL(fileURLWithPath: directory).standardizedFileURL.lastPathComponent
        space = EmbeddingSpace(
            id: hash.hexDigest(),
            name: [folder, chosen, layout.poolingName, normalize ? "l2-normalised" : ""].filter { !$0.isEmpty }
                .joined(separator: ", "))
    }

    /// Makes one picture into the network's input, `[3, height, width]`.
    public func prepare(_ image: RGBImage) throws -> [Float] { preprocessing(image) }

    /// Embeds a batch of prepared pictures: `[inputs.count, dimension]`, in the same order.
    ///
    /// - Throws: ``EmbeddingError/runtime(file:code:message:)``.
    public func embed(_ inputs: [[Float]]) throws -> Matrix<Float> {
        let batch = input.batch ?? inputs.count
        return try Matrix(rows: inputs.count, columns: dimension) { vectors in
            for start in stride(from: 0, to: inputs.count, by: max(batch, 1)) {
                let end = min(start + batch, inputs.count)
                let target = UnsafeMutableBufferPointer(rebasing: vectors[start * dimension..<end * dimension])
                try run(inputs[start..<end], batch: batch, into: target)
            }
        }
    }

    /// Embeds up to `batch` pictures in one run of `batch`; the rest of it is blank.
    private func run(
        _ pictures: ArraySlice<[Float]>, batch: Int, into vectors: UnsafeMutableBufferPointer<Float>
    ) throws {
        let size = preprocessing.outputCount
        for picture in pictures where picture.count != size {
            throw EmbeddingError.inputMismatch(
                file: file, expected: "\(size) numbers per picture", actual: "\(picture.count)")
        }
        let shape = [batch, 3, preprocessing.outputHeight, preprocessing.outputWidth]
        func run(_ data: UnsafeBufferPointer<Float>) throws {
            try session.run(input: input.name, data: data, shape: shape, output: outputName) {
                output, shape throws(EmbeddingError) in
                let layout = try OutputLayout(
                    shape: shape, pictures: batch, pooling: pooling, name: outputName, file: file)
                guard layout.dimension == dimension else {
                    throw .outputMismatch(
                        file: file, expected: "\(dimension) components", actual: "\(layout.dimension)")
                }
                layout.pool(output, into: vectors)
            }
        }
        if batch == 1, let only = pictures.first {
            try only.withUnsafeBufferPointer { try run($0) }
        } else {
            let joined = UnsafeMutableBufferPointer<Float>.allocate(capacity: batch * size)
            defer { joined.deallocate() }
            joined.initialize(repeating: 0)
            for (i, picture) in pictures.enumerated() {
                _ = UnsafeMutableBufferPointer(rebasing: joined[i * size..<(i + 1) * size]).update(from: picture)
            }
            try run(UnsafeBufferPointer(joined))
        }
        if normalize { scaleToUnitLength(vectors, dimension: dimension) }
    }

    /// Hashes the model's file and the files that it names.
    private static func hashWeights(of file: String, in directory: String, into hash: inout SHA256) throws {
        func add(_ name: String, _ bytes: UnsafeRawBufferPointer) {
            hash.update(field: name)
            hash.update(field: String(bytes.count))
            hash.update(bytes)
        }
        let others = try withMappedFile(file) { bytes in
            add("model.onnx", bytes)
            return try ONNXModelFile.externalFiles(in: bytes, file: file)
        }
        for name in others {
            guard FileManager.default.fileExists(atPath: "\(directory)/\(name)") else {
                throw EmbeddingError.missingModelFile(directory: directory, file: name)
            }
            try withMappedFile("\(directory)/\(name)") { add(name, $0) }
        }
    }
}

/// Brings each row to length 1; a row of zeros stays.
func scaleToUnitLength(_ rows: UnsafeMutableBufferPointer<Float>, dimension: Int) {
    for start in stride(from: 0, to: rows.count, by: dimension) {
        var sum = 0.0
        for i in start..<start + dimension { sum += Double(rows[i]) * Double(rows[i]) }
        guard sum > 0 else { continue }
        let factor = 1 / sum.squareRoot()
        for i in start..<start + dimension { rows[i] = Float(Double(rows[i]) * factor) }
    }
}
