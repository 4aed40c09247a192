package import AkinStore

/// A message of a shard's stream: something that every replica does, in the order of the stream.
package enum ShardWrite: Sendable, Equatable {
    /// Points with their vectors and images, which replace those of the same names.
    case upsert([Point])
    /// Points to be forgotten.
    case delete(PointSelection)
    /// What is known about points.
    case change(PayloadChange, PointSelection)
    /// A member of payloads to be indexed.
    case createPayloadIndex(FieldPath, PayloadIndexKind)
    /// An index of payloads to be forgotten.
    case deletePayloadIndex(FieldPath)

    /// The same as a collection makes it.
    package var operation: StreamWrite.Operation {
        switch self {
        case .upsert(let points): .upsert(points)
        case .delete(let selection): .delete(selection)
        case .change(let change, let selection): .change(change, selection)
        case .createPayloadIndex(let path, let kind): .createPayloadIndex(path, kind)
        case .deletePayloadIndex(let path): .deletePayloadIndex(path)
        }
    }

    /// Its bytes in one message, however many.
    package func encoded() -> [UInt8] {
        var writer = ByteWriter()
        writer.append(MessageFormat.version)
        switch self {
        case .upsert(let points):
            writer.append(UInt8(1))
            writer.append(points) { $0.append($1) }
        case .delete(let selection):
            writer.append(UInt8(2))
            writer.append(selection)
        case .change(let change, let selection):
            writer.append(UInt8(3))
            writer.append(change)
            writer.append(selection)
        case .createPayloadIndex(let path, let kind):
            writer.append(UInt8(4))
            writer.append(path)
            writer.append(text: kind.rawValue)
        case .deletePayloadIndex(let path):
            writer.append(UInt8(5))
            writer.append(path)
        }
        return writer.bytes
    }

    /// Reads a message, which may be anything.
    package init(decoding bytes: [UInt8]) throws(DecodingFailure) {
        self = try bytes.decoded { reader throws(DecodingFailure) in
            try MessageFormat.check(&reader)
            switch try reader.number(UInt8.self) {
            case 1:
                return .upsert(try reader.array(ofSize: 15) { reader throws(DecodingFailure) in try reader.point() })
            case 2: return .delete(try reader.selection())
            case 3:
                let change = try reader.change()
                return .change(change, try reader.selection())
            case 4:
                let path = try reader.path(), name = try reader.text(1...64)
                guard let kind = PayloadIndexKind(rawValue: name) else {
                    throw DecodingFailure(description: "there is no payload index of kind \"\(name)\"")
                }
                return .createPayloadIndex(path, kind)
            case 5: return .deletePayloadIndex(try reader.path())
            case let kind: throw reader.unknown("write", kind)
            }
        }
    }
}
