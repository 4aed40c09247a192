internal import AkinStore
internal import Foundation

// Points, as they are written and as they are read, and what is said about them.

extension ByteWriter {
    mutating func append(_ point: Point) {
        append(point.id)
        append(vector: point.vector)
        append(payload: point.payload)
        append(optional: point.image) { writer, image in
            writer.append(UInt32(image.count))
            image.withUnsafeBytes { writer.append($0) }
        }
    }

    mutating func append(_ point: StoredPoint) {
        append(point.id)
        append(UInt8((point.hasImage ? 1 : 0) | (point.payload == nil ? 0 : 2) | (point.vector == nil ? 0 : 4)))
        if let payload = point.payload { append(payload: payload) }
        if let vector = point.vector { append(vector: vector) }
    }

    mutating func append(_ selection: PointSelection) {
        switch selection {
        case .ids(let ids):
            append(UInt8(0))
            append(ids) { $0.append($1) }
        case .matching(let filter):
            append(UInt8(1))
            append(filter)
        }
    }

    mutating func append(_ change: PayloadChange) {
        switch change {
        case .set(let payload, let path):
            append(UInt8(0))
            append(payload: payload)
            append(optional: path) { $0.append($1) }
        case .replace(let payload):
            append(UInt8(1))
            append(payload: payload)
        case .delete(let paths):
            append(UInt8(2))
            append(paths) { $0.append($1) }
        case .clear: append(UInt8(3))
        }
    }

    mutating func append(_ fields: PointFields) {
        append(fields.vector)
        switch fields.payload {
        case .none: append(UInt8(0))
        case .all: append(UInt8(1))
        case .only(let paths):
            append(UInt8(2))
            append(paths) { $0.append($1) }
        case .except(let paths):
            append(UInt8(3))
            append(paths) { $0.append($1) }
        }
    }
}

extension ByteReader {
    mutating func point() throws(DecodingFailure) -> Point {
        Point(
            id: try id(), vector: try vector(), payload: try payload(),
            image: try optional { reader throws(DecodingFailure) in Data(try reader.counted()) })
    }

    mutating func storedPoint() throws(DecodingFailure) -> StoredPoint {
        let id = try id()
        let parts = try number(UInt8.self)
        guard parts < 8 else { throw DecodingFailure(description: "a point has no parts \(parts)") }
        return StoredPoint(
            id: id, payload: parts & 2 == 0 ? nil : try payload(), vector: parts & 4 == 0 ? nil : try vector(),
            hasImage: parts & 1 != 0)
    }

    /// Names of points.
    mutating func ids() throws(DecodingFailure) -> [PointID] {
        try array(ofSize: 6) { reader throws(DecodingFailure) in try reader.id() }
    }

    mutating func paths() throws(DecodingFailure) -> [FieldPath] {
        try array(ofSize: 5) { reader throws(DecodingFailure) in try reader.path() }
    }

    mutating func selection() throws(DecodingFailure) -> PointSelection {
        switch try number(UInt8.self) {
        case 0: return .ids(try ids())
        case 1: return .matching(try filter())
        case let kind: throw unknown("selection of points", kind)
        }
    }

    mutating func change() throws(DecodingFailure) -> PayloadChange {
        switch try number(UInt8.self) {
        case 0:
            let payload = try payload()
            return .set(payload, at: try optional { reader throws(DecodingFailure) in try reader.path() })
        case 1: return .replace(try payload())
        case 2: return .delete(try paths())
        case 3: return .clear
        case let kind: throw unknown("change of a payload", kind)
        }
    }

    mutating func fields() throws(DecodingFailure) -> PointFields {
        let vector = try flag()
        switch try number(UInt8.self) {
        case 0: return PointFields(payload: .none, vector: vector)
        case 1: return PointFields(payload: .all, vector: vector)
        case 2: return PointFields(payload: .only(try paths()), vector: vector)
        case 3: return PointFields(payload: .except(try paths()), vector: vector)
        case let kind: throw unknown("part of a payload", kind)
        }
    }
}
