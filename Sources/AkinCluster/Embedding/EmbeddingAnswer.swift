internal import Akin
package import AkinServer
package import AkinStore

/// What is answered to an ``EmbeddingQuestion``.
package enum EmbeddingAnswer: Sendable, Equatable {
    /// What model there is.
    case model(EmbeddingModel)
    /// For each picture its vector, or what is wrong with it.
    case vectors([Result<[Float], RequestError>])
    /// The vectors asked for are of another space than those of this model.
    case otherSpace(EmbeddingModel)
    /// Nothing was embedded, because so much waits already.
    case overload(String, retryAfterSeconds: Int)

    /// Its bytes, which may take several messages.
    package func encoded() -> [UInt8] {
        var writer = ByteWriter()
        writer.append(MessageFormat.version)
        switch self {
        case .model(let model):
            writer.append(UInt8(1))
            writer.append(model)
        case .vectors(let vectors):
            writer.append(UInt8(2))
            writer.append(vectors) { writer, result in
                switch result {
                case .success(let vector):
                    writer.append(true)
                    writer.append(vector: vector)
                case .failure(let error):
                    writer.append(false)
                    writer.append(error)
                }
            }
        case .otherSpace(let model):
            writer.append(UInt8(3))
            writer.append(model)
        case .overload(let reason, let seconds):
            writer.append(UInt8(4))
            writer.append(text: reason)
            writer.append(seconds)
        }
        return writer.bytes
    }

    /// Reads an answer, which may be anything.
    package init(decoding bytes: [UInt8]) throws(DecodingFailure) {
        self = try bytes.decoded { reader throws(DecodingFailure) in
            try MessageFormat.check(&reader)
            switch try reader.number(UInt8.self) {
            case 1: return .model(try reader.model())
            case 2:
                return .vectors(
                    try reader.array(ofSize: 5) { reader throws(DecodingFailure) in
                        try reader.flag() ? .success(try reader.vector()) : .failure(try reader.requestError())
                    })
            case 3: return .otherSpace(try reader.model())
            case 4: return .overload(try reader.text(), retryAfterSeconds: try reader.size())
            case let kind: throw reader.unknown("answer", kind)
            }
        }
    }
}

extension ByteWriter {
    fileprivate mutating func append(_ model: EmbeddingModel) {
        append(text: model.space.id)
        append(text: model.space.name)
        append(UInt32(model.dimension))
    }

    fileprivate mutating func append(_ error: RequestError) {
        append(UInt16(error.statusCode))
        append(text: error.code)
        append(text: error.message)
        for part in [error.field, error.expected, error.actual] {
            append(optional: part) { $0.append(text: $1) }
        }
        append(optional: error.retryAfterSeconds) { $0.append($1) }
    }
}

extension ByteReader {
    fileprivate mutating func model() throws(DecodingFailure) -> EmbeddingModel {
        let space = EmbeddingSpace(id: try text(1...256), name: try text(0...256))
        let dimension = Int(try number(UInt32.self))
        guard (1...65_536).contains(dimension) else {
            throw DecodingFailure(description: "expected 1 to 65536 components of a vector, got \(dimension)")
        }
        return EmbeddingModel(space: space, dimension: dimension)
    }

    fileprivate mutating func requestError() throws(DecodingFailure) -> RequestError {
        let status = Int(try number(UInt16.self))
        guard (400..<600).contains(status) else {
            throw DecodingFailure(description: "expected the status of an error, got \(status)")
        }
        var error = RequestError(status: status, try text(0...64), try text())
        error.field = try optional { reader throws(DecodingFailure) in try reader.text() }
        error.expected = try optional { reader throws(DecodingFailure) in try reader.text() }
        error.actual = try optional { reader throws(DecodingFailure) in try reader.text() }
        error.retryAfterSeconds = try optional { reader throws(DecodingFailure) in try reader.size() }
        return error
    }
}
