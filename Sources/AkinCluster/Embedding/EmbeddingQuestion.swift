package import AkinStore

/// What a router asks those that make vectors of pictures.
package enum EmbeddingQuestion: Sendable, Equatable {
    /// What model they have.
    case model
    /// The vectors of image files, in the space of this name.
    case embed(space: String, pictures: [[UInt8]])

    /// Its bytes, which must fit into one message.
    package func encoded() -> [UInt8] {
        var writer = ByteWriter()
        writer.append(MessageFormat.version)
        switch self {
        case .model: writer.append(UInt8(1))
        case .embed(let space, let pictures):
            writer.reserve(64 + space.utf8.count + pictures.reduce(0) { $0 + $1.count + 4 })
            writer.append(UInt8(2))
            writer.append(text: space)
            writer.append(pictures) { $0.append(counted: $1) }
        }
        return writer.bytes
    }

    /// Reads a question, which may be anything.
    package init(decoding bytes: [UInt8]) throws(DecodingFailure) {
        self = try bytes.decoded { reader throws(DecodingFailure) in
            try MessageFormat.check(&reader)
            switch try reader.number(UInt8.self) {
            case 1: return .model
            case 2:
                return .embed(
                    space: try reader.text(1...256),
                    pictures: try reader.array(ofSize: 4) { reader throws(DecodingFailure) in
                        Array(try reader.counted())
                    })
            case let kind: throw reader.unknown("question", kind)
            }
        }
    }
}
