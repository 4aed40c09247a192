import AkinStore
import AkinTestSupport
import Foundation

/// Writes of a stream, the same for the same seed, of which some are refused.
struct RandomStream {
    static let dimension = 3
    private var random: SeededRandom
    private var position: UInt64 = 0

    init(seed: UInt64) { random = SeededRandom(seed: seed) }

    private mutating func id() -> PointID {
        let number = UInt64.random(in: 0..<150, using: &random)
        return number % 4 == 3 ? .name("n\(number)") : .number(number)
    }

    private mutating func points() -> [Point] {
        (0..<Int.random(in: 0...12, using: &random)).map { _ in
            Point(
                id: id(), vector: (0..<Self.dimension).map { _ in Float(Int.random(in: -9...9, using: &random)) },
                payload: ["n": .integer(Int64.random(in: 0..<50, using: &random))],
                image: Int.random(in: 0..<20, using: &random) == 0
                    ? Data("image \(Int.random(in: 0..<5, using: &random))".utf8) : nil)
        }
    }

    /// Points with some number.
    private mutating func some(_ path: FieldPath) -> PointSelection {
        .matching(Filter(must: [.range(path, .init(below: Double.random(in: 0..<15, using: &random)))]))
    }

    mutating func next() -> StreamWrite {
        // Numbers that are left out are good.
        position += UInt64.random(in: 0..<10, using: &random) == 0 ? 2 : 1
        return StreamWrite(position: position, operation: operation())
    }

    mutating func next(_ count: Int) -> [StreamWrite] { (0..<count).map { _ in next() } }

    private mutating func operation() -> StreamWrite.Operation {
        guard let n = FieldPath("n"), let mark = FieldPath("mark") else { return .nothing }
        switch Int.random(in: 0..<24, using: &random) {
        case 0..<12: return .upsert(points())
        case 12:
            return .upsert(points() + [Point(id: id(), vector: [1, 2])])
        case 13: return .upsert(points() + [Point(id: id(), vector: [1, .nan, 2])])
        case 14..<17: return .delete(.ids((0..<5).map { _ in id() }))
        case 17: return .delete(some(n))
        case 18..<20:
            return .change(.set(["mark": .integer(Int64(position))], at: nil), some(n))
        case 20: return .change(.delete([mark]), .ids((0..<9).map { _ in id() }))
        case 21: return .createPayloadIndex(n, Bool.random(using: &random) ? .integer : .float)
        case 22: return .deletePayloadIndex(n)
        default: return .nothing
        }
    }
}

/// What can be read of a collection.
struct StreamState: Equatable {
    var points: [StoredPoint]
    var images: [PointID: Data]
    var indexes: [FieldPath: PayloadIndexKind]
    var found: Set<PointID>

    init(_ collection: VectorCollection) throws {
        points = try collection.scroll(limit: 10_000, fields: PointFields(payload: .all, vector: true)).points
        images = [:]
        for point in points where point.hasImage { images[point.id] = try collection.image(point.id) }
        indexes = try collection.describe().payloadIndexes
        let vector = [Float](repeating: 0, count: RandomStream.dimension)
        let all = SearchQuery(vector: vector, limit: 10_000, isExact: true)
        found = Set(try collection.search([all])[0].hits.map(\.point.id))
    }
}
