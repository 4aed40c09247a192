/// A change of a collection as the log holds it: everything that is needed to make it again, and nothing that would
/// come out otherwise a second time.
package enum LogRecord: Sendable, Equatable {
    /// New vectors under the rows that follow `firstRow`; those whose names were there replace the old ones.
    case upsert(firstRow: Int64, LoggedPoints)
    case delete([PointID])
    case change(PayloadChange, [PointID])
    case createIndex(FieldPath, PayloadIndexKind)
    case deleteIndex(FieldPath)
    /// All before it was made up to this place in a stream outside.
    case position(UInt64)

    /// What kind of record it is, in the file.
    package enum Kind: UInt8 {
        case upsert = 1, delete, change, createIndex, deleteIndex, position
    }

    package var kind: Kind {
        switch self {
        case .upsert: .upsert
        case .delete: .delete
        case .change: .change
        case .createIndex: .createIndex
        case .deleteIndex: .deleteIndex
        case .position: .position
        }
    }
}

/// Points as they come with an upsert.
package struct LoggedPoints: Sendable, Equatable {
    /// One point beside its vector.
    package struct Entry: Sendable, Equatable {
        package var id: PointID
        /// The JSON text of the payload.
        package var payload: [UInt8]
        /// The digest of the image's bytes.
        package var image: String?

        /// Puts an entry together.
        package init(id: PointID, payload: [UInt8], image: String?) {
            self.id = id
            self.payload = payload
            self.image = image
        }
    }

    package var entries: [Entry]
    /// `[entries.count, dimension]`.
    package var vectors: [Float]
    package var dimension: Int

    /// Puts points together.
    package init(entries: [Entry], vectors: [Float], dimension: Int) {
        self.entries = entries
        self.vectors = vectors
        self.dimension = dimension
    }
}

extension LogRecord {
    /// The bytes of the record's body.
    package var body: [UInt8] {
        var writer = ByteWriter()
        switch self {
        case .upsert(let firstRow, let points):
            writer.reserve(24 + points.vectors.count * 4 + points.entries.reduce(0) { $0 + $1.payload.count + 64 })
            writer.append(firstRow)
            writer.append(UInt32(points.entries.count))
            writer.append(UInt32(points.dimension))
            points.vectors.withUnsafeBytes { writer.append($0) }
            for entry in points.entries {
                writer.append(entry.id)
                writer.append(counted: entry.payload)
                writer.append(counted: Array((entry.image ?? "").utf8))
            }
        case .delete(let ids): Self.append(ids, to: &writer)
        case .change(let change, let ids):
            Self.append(change, to: &writer)
            Self.append(ids, to: &writer)
        case .createIndex(let path, let kind):
            writer.append(counted: Array(path.description.utf8))
            writer.append(counted: Array(kind.rawValue.utf8))
        case .deleteIndex(let path): writer.append(counted: Array(path.description.utf8))
        case .position(let position): writer.append(position)
        }
        return writer.bytes
    }

    /// The last place in a stream that a catalogue takes.
    package static let greatestPosition: UInt64 = 1 << 62

    /// Writes another first row into the body of an upsert.
    package static func setFirstRow(_ row: Int64, of body: inout [UInt8]) {
        withUnsafeBytes(of: row.littleEndian) { new in
            body.withUnsafeMutableBytes { $0.copyMemory(from: new) }
        }
    }

    /// Reads a body, which may be anything.
    package init(_ kind: Kind, _ body: UnsafeRawBufferPointer) throws(DecodingFailure) {
        var reader = ByteReader(body)
        switch kind {
        case .upsert: self = try Self.upsert(&reader)
        case .delete: self = .delete(try Self.ids(&reader))
        case .change:
            let change = try Self.change(&reader)
            self = .change(change, try Self.ids(&reader))
        case .createIndex:
            let path = try Self.path(&reader)
            let name = try reader.text(1...64)
            guard let kind = PayloadIndexKind(rawValue: name) else {
                throw DecodingFailure(description: "there is no payload index of kind \"\(name)\"")
            }
            self = .createIndex(path, kind)
        case .deleteIndex: self = .deleteIndex(try Self.path(&reader))
        case .position:
            let position = try reader.number(UInt64.self)
            guard position <= Self.greatestPosition else {
                throw DecodingFailure(description: "expected a place in a stream, got \(position)")
            }
            self = .position(position)
        }
        try reader.end()
    }

    private static func upsert(_ reader: inout ByteReader) throws(DecodingFailure) -> LogRecord {
        let firstRow = try reader.number(Int64.self)
        let count = Int(try reader.number(UInt32.self)), dimension = Int(try reader.number(UInt32.self))
        guard firstRow >= 0, firstRow < .max - Int64(UInt32.max), (1...65_536).contains(dimension),
            count <= reader.remaining / (4 * dimension)
        else { throw DecodingFailure(description: "\(count) vectors of \(dimension) from row \(firstRow) on") }
        let bytes = try reader.raw(4 * dimension * count)
        let vectors = [Float](unsafeUninitializedCapacity: count * dimension) { buffer, initialized in
            UnsafeMutableRawBufferPointer(buffer).copyMemory(from: bytes)
            initialized = count * dimension
        }
        guard vectors.allSatisfy(\.isFinite) else { throw DecodingFailure(description: "a vector is not finite") }
        var entries: [LoggedPoints.Entry] = []
        entries.reserveCapacity(count)
        for _ in 0..<count {
            let id = try reader.id()
            let payload = Array(try reader.counted())
            let image = try reader.text(0...64)
            guard image.isEmpty || ImageFolder.isDigest(image) else {
                throw DecodingFailure(description: "\"\(image)\" is no digest of an image")
            }
            entries.append(.init(id: id, payload: payload, image: image.isEmpty ? nil : image))
        }
        return .upsert(
            firstRow: firstRow, LoggedPoints(entries: entries, vectors: vectors, dimension: dimension))
    }

    private static func append(_ ids: [PointID], to writer: inout ByteWriter) {
        writer.append(UInt32(ids.count))
        for id in ids { writer.append(id) }
    }

    private static func ids(_ reader: inout ByteReader) throws(DecodingFailure) -> [PointID] {
        let count = try reader.count(ofSize: 6)
        var ids: [PointID] = []
        ids.reserveCapacity(count)
        for _ in 0..<count { ids.append(try reader.id()) }
        return ids
    }

    private static func path(_ reader: inout ByteReader) throws(DecodingFailure) -> FieldPath {
        let text = try reader.text(1...512)
        guard let path = FieldPath(text) else { throw DecodingFailure(description: "\"\(text)\" is no path") }
        return path
    }

    private static func append(_ change: PayloadChange, to writer: inout ByteWriter) {
        func append(_ payload: Payload) {
            var text: [UInt8] = []
            JSONWriter.append(payload, to: &text)
            writer.append(counted: text)
        }
        switch change {
        case .set(let payload, let path):
            writer.append(UInt8(0))
            append(payload)
            writer.append(counted: Array((path?.description ?? "").utf8))
        case .replace(let payload):
            writer.append(UInt8(1))
            append(payload)
        case .delete(let paths):
            writer.append(UInt8(2))
            writer.append(UInt32(paths.count))
            for path in paths { writer.append(counted: Array(path.description.utf8)) }
        case .clear: writer.append(UInt8(3))
        }
    }

    private static func change(_ reader: inout ByteReader) throws(DecodingFailure) -> PayloadChange {
        func payload(_ reader: inout ByteReader) throws(DecodingFailure) -> Payload {
            let text = Array(try reader.counted())
            guard case .object(let members)? = try? JSON(parsing: text) else {
                throw DecodingFailure(description: "expected a payload, found other text")
            }
            return members
        }
        switch try reader.number(UInt8.self) {
        case 0:
            let members = try payload(&reader)
            let text = try reader.text(0...512)
            guard text.isEmpty || FieldPath(text) != nil else {
                throw DecodingFailure(description: "\"\(text)\" is no path")
            }
            return .set(members, at: FieldPath(text))
        case 1: return .replace(try payload(&reader))
        case 2:
            let count = try reader.count(ofSize: 5)
            var paths: [FieldPath] = []
            for _ in 0..<count { paths.append(try path(&reader)) }
            return .delete(paths)
        case 3: return .clear
        case let kind: throw DecodingFailure(description: "there is no change of a payload of kind \(kind)")
        }
    }
}
