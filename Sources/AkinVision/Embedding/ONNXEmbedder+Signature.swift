/// Finding a model's input and output.
extension ONNXEmbedder {
    /// The model's one input, checked against what the preprocessing makes.
    static func input(
        of session: ONNXSession, file: String, preprocessing: Preprocessing
    ) throws(EmbeddingError) -> Input {
        let expected = "one input of pictures, float32 [N, 3, height, width]"
        guard session.inputs.count == 1, let input = session.inputs.first else {
            let given = session.inputs.map(\.signature).joined(separator: ", ")
            throw .inputMismatch(file: file, expected: expected, actual: "\(session.inputs.count) inputs: \(given)")
        }
        guard input.isFloat, input.shape.count == 4, input.shape[0] != 0, input.shape[1] ?? 3 == 3 else {
            throw .inputMismatch(file: file, expected: expected, actual: input.signature)
        }
        let height = input.shape[2] ?? preprocessing.outputHeight
        let width = input.shape[3] ?? preprocessing.outputWidth
        guard height == preprocessing.outputHeight, width == preprocessing.outputWidth else {
            throw .inputMismatch(
                file: file, expected: "pictures of \(width) x \(height), which the model takes",
                actual: "\(preprocessing.outputWidth) x \(preprocessing.outputHeight) from preprocessor_config.json")
        }
        return Input(name: input.name, batch: input.shape[0])
    }

    /// Names that models give to the output made for comparing pictures, the best first.
    private static let embeddingNames = ["embedding", "image_embeds", "pooler_output", "last_hidden_state"]

    /// The name of the output to take.
    static func output(of session: ONNXSession, named name: String?, file: String) throws(EmbeddingError) -> String {
        let given = session.outputs.map(\.signature).joined(separator: ", ")
        if let name {
            guard session.outputs.contains(where: { $0.name == name }) else {
                throw .outputMismatch(file: file, expected: "an output named \(name)", actual: given)
            }
            return name
        }
        let candidates = session.outputs.filter(\.isFloat)
        for name in embeddingNames where candidates.contains(where: { $0.name == name }) { return name }
        let vectors = candidates.filter { $0.shape.count == 2 && !$0.holdsScores }
        if let first = vectors.first { return first.name }
        if candidates.count == 1, let only = candidates.first { return only.name }
        throw .outputMismatch(
            file: file, expected: "an output that is known to be an embedding; name one with --output-name",
            actual: given)
    }
}

extension ONNXSession.Tensor {
    /// Whether the name speaks of classes' scores.
    fileprivate var holdsScores: Bool {
        let name = name.lowercased()
        return ["logit", "prob", "softmax", "score"].contains { name.contains($0) }
    }

    /// Name, type and shape: "input float32 [N, 3, 224, 224]".
    fileprivate var signature: String {
        let types = [
            1: "float32", 2: "uint8", 3: "int8", 5: "int16", 6: "int32", 7: "int64", 8: "string", 9: "bool",
            10: "float16", 11: "float64", 16: "bfloat16",
        ]
        let sizes = shape.map { $0.map(String.init) ?? "any" }.joined(separator: ", ")
        return "\(name) \(types[elementType] ?? "type \(elementType)") [\(sizes)]"
    }
}

/// How a run's output becomes one vector per picture.
struct OutputLayout {
    enum Kind {
        /// `[N, dimension]`
        case vectors
        /// `[N, tokens, dimension]`, the first token's
        case firstToken
        /// `[N, tokens, dimension]`, the mean
        case tokenMean
        /// `[N, dimension, height, width]`, the mean over the map
        case mapMean
    }

    let kind: Kind
    let dimension: Int
    /// Vectors or cells that a picture has.
    let parts: Int

    /// Empty where nothing is pooled.
    var poolingName: String {
        switch kind {
        case .vectors: ""
        case .firstToken: "cls"
        case .tokenMean: "mean"
        case .mapMean: "average over the map"
        }
    }

    /// Reads the layout from an output's shape.
    init(
        shape: [Int], pictures: Int, pooling: ONNXEmbedder.TokenPooling, name: String, file: String
    ) throws(EmbeddingError) {
        guard (2...4).contains(shape.count), shape[0] == pictures, !shape.contains(0) else {
            throw .outputMismatch(
                file: file,
                expected: "\(name) to be [\(pictures), dimension], [\(pictures), tokens, dimension] or "
                    + "[\(pictures), channels, height, width]",
                actual: "\(shape)")
        }
        switch shape.count {
        case 2: (kind, dimension, parts) = (.vectors, shape[1], 1)
        case 3: (kind, dimension, parts) = (pooling == .cls ? .firstToken : .tokenMean, shape[2], shape[1])
        default: (kind, dimension, parts) = (.mapMean, shape[1], shape[2] * shape[3])
        }
    }

    /// Writes the vectors of as many pictures as `vectors` has room for.
    func pool(_ output: UnsafeBufferPointer<Float>, into vectors: UnsafeMutableBufferPointer<Float>) {
        for picture in 0..<vectors.count / dimension {
            let from = picture * parts * dimension
            let to = picture * dimension
            for i in 0..<dimension {
                switch kind {
                case .vectors, .firstToken: vectors[to + i] = output[from + i]
                case .tokenMean: vectors[to + i] = mean(output, from: from + i, step: dimension)
                case .mapMean: vectors[to + i] = mean(output, from: from + i * parts, step: 1)
                }
            }
        }
    }

    private func mean(_ output: UnsafeBufferPointer<Float>, from start: Int, step: Int) -> Float {
        var sum = 0.0
        for part in 0..<parts { sum += Double(output[start + part * step]) }
        return Float(sum / Double(parts))
    }
}
