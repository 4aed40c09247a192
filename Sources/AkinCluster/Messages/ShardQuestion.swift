package import AkinServer
package import AkinStore

/// Something that a router asks a replica of a shard.
package struct ShardQuestion: Sendable, Equatable {
    /// The position that the replica must have come to.
    package var after: UInt64
    /// Milliseconds that the replica may wait until it has.
    package var patience: UInt32
    /// What is asked.
    package var body: Body

    /// What is asked.
    package enum Body: Sendable, Equatable {
        /// The nearest points of each query.
        case search([SearchQuery])
        /// Points by name.
        case retrieve([PointID], PointFields)
        /// A page of points.
        case scroll(ScrollQuery)
        /// How many points pass.
        case count(Filter)
        /// The image of a point.
        case image(PointID)
        /// How the replica is.
        case describe
        /// The nearest points of each query in a version of a published set; answered as a search is.
        case searchSet(version: String, [SearchQuery])

        /// How many queries a search asks at once; 1 for all else.
        var queryCount: Int {
            switch self {
            case .search(let queries), .searchSet(_, let queries): max(1, queries.count)
            default: 1
            }
        }
    }

    /// Puts a question together.
    package init(after: UInt64 = 0, patience: UInt32 = 0, _ body: Body) {
        self.after = after
        self.patience = patience
        self.body = body
    }

    /// Its bytes in a message.
    package func encoded() -> [UInt8] {
        var writer = ByteWriter()
        if case .search(let queries) = body { writer.reserve(32 + queries.reduce(0) { $0 + 4 * $1.vector.count + 64 }) }
        writer.append(MessageFormat.version)
        writer.append(after)
        writer.append(patience)
        switch body {
        case .search(let queries):
            writer.append(UInt8(1))
            writer.append(queries) { $0.append($1) }
        case .retrieve(let ids, let fields):
            writer.append(UInt8(2))
            writer.append(ids) { $0.append($1) }
            writer.append(fields)
        case .scroll(let query):
            writer.append(UInt8(3))
            writer.append(query)
        case .count(let filter):
            writer.append(UInt8(4))
            writer.append(filter)
        case .image(let id):
            writer.append(UInt8(5))
            writer.append(id)
        case .describe: writer.append(UInt8(6))
        case .searchSet(let version, let queries):
            writer.append(UInt8(7))
            writer.append(text: version)
            writer.append(queries) { $0.append($1) }
        }
        return writer.bytes
    }

    /// Reads a message, which may be anything.
    package init(decoding bytes: [UInt8]) throws(DecodingFailure) {
        self = try bytes.decoded { reader throws(DecodingFailure) in
            try MessageFormat.check(&reader)
            let after = try reader.number(UInt64.self), patience = try reader.number(UInt32.self)
            return ShardQuestion(after: after, patience: patience, try Self.body(&reader))
        }
    }

    private static func body(_ reader: inout ByteReader) throws(DecodingFailure) -> Body {
        switch try reader.number(UInt8.self) {
        case 1: return .search(try reader.queries())
        case 2:
            let ids = try reader.ids()
            return .retrieve(ids, try reader.fields())
        case 3: return .scroll(try reader.scrollQuery())
        case 4: return .count(try reader.filter())
        case 5: return .image(try reader.id())
        case 6: return .describe
        case 7:
            let version = try reader.text(0...256)
            return .searchSet(version: version, try reader.queries())
        case let kind: throw reader.unknown("question", kind)
        }
    }
}
