import AkinStore
import Foundation

/// What the writers of one round do, all of it known from the round's number: whoever knows how far a writer came knows
/// what must be stored.
struct Workload {
    /// Writers at the same time, each with names of its own.
    static let writers = 3
    static let dimension = 12
    private static let names: UInt64 = 700

    var round: Int

    /// Whether the writes of a round come from a stream: those of the first writer only.
    static func isStream(_ round: Int) -> Bool { round % 3 == 1 }

    enum Operation {
        case upsert([Point])
        case delete([PointID])
        case deleteOld(FieldPath, writer: Int, below: Int64)
        case mark([PointID], Int64)
    }

    /// The operation of a number, of one of the writers.
    func operation(_ number: Int, of writer: Int) throws -> Operation {
        var random = Random(state: UInt64(round) << 40 ^ UInt64(writer) << 32 ^ UInt64(number))
        func id() -> PointID {
            let number = UInt64(writer) * Self.names + random.next() % Self.names
            return number % 4 == 3 ? .name("point-\(number)") : .number(number)
        }
        let version = Int64(round) << 24 | Int64(number)
        switch random.next() % 20 {
        case 0..<13:
            return .upsert(
                (0..<1 + random.next() % 60).map { _ in
                    let vector = (0..<Self.dimension).map { _ in Float(Int64(random.next() % 2001) - 1000) / 64 }
                    let payload: Payload = ["writer": .integer(Int64(writer)), "version": .integer(version)]
                    let image = random.next() % 40 == 0 ? Data("image \(random.next() % 10)".utf8) : nil
                    return Point(id: id(), vector: vector, payload: payload, image: image)
                })
        case 13..<17: return .delete((0..<1 + random.next() % 40).map { _ in id() })
        case 17:
            guard let path = FieldPath("version") else { throw Failure("a path is refused") }
            // What is a quarter of a round old.
            return .deleteOld(path, writer: writer, below: version - Int64(random.next() % 400))
        default: return .mark((0..<10).map { _ in id() }, version)
        }
    }

    /// Random numbers that depend on nothing but where they start (SplitMix64).
    private struct Random {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
    }
}

extension Workload.Operation {
    /// The operation as a stream has it.
    func streamed() throws -> StreamWrite.Operation {
        switch self {
        case .upsert(let points): return .upsert(points)
        case .delete(let ids): return .delete(.ids(ids))
        case .deleteOld(let path, let writer, let version):
            guard let own = FieldPath("writer") else { throw Failure("a path is refused") }
            return .delete(
                .matching(
                    Filter(must: [
                        .match(own, .integer(Int64(writer))), .range(path, .init(below: Double(version))),
                    ])))
        case .mark(let ids, let version): return .change(.set(["mark": .integer(version)], at: nil), .ids(ids))
        }
    }

    /// Makes the operation.
    func run(on collection: VectorCollection) throws {
        switch try streamed() {
        case .upsert(let points): try collection.upsert(points)
        case .delete(let selection): try collection.delete(selection)
        case .change(let change, let selection): try collection.change(change, selection)
        default: throw Failure("there is no such operation")
        }
    }

    /// Does to points in memory what the operation does.
    func apply(to points: inout [PointID: Point]) {
        switch self {
        case .upsert(let new): for point in new { points[point.id] = point }
        case .delete(let ids): for id in ids { points[id] = nil }
        case .deleteOld(_, let writer, let version):
            points = points.filter { _, point in
                point.payload["writer"] != .integer(Int64(writer))
                    || (point.payload["version"]?.double ?? 0) >= Double(version)
            }
        case .mark(let ids, let version): for id in ids { points[id]?.payload["mark"] = .integer(version) }
        }
    }
}

/// What went wrong, for people.
struct Failure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
