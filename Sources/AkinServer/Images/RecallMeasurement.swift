internal import Akin
internal import AkinStore
internal import Foundation
internal import Synchronization

/// How many of the true nearest an index finds, measured with stored points as queries.
struct RecallMeasurement: Sendable, Equatable {
    /// Neighbours looked at for each query, itself left out.
    var k: Int
    /// Share of the true neighbours that were found, 0...1.
    var recall: Double
    /// Queries.
    var sample: Int
    /// Points in the collection at that time.
    var points: Int
    /// Candidates kept while walking a graph; the collection's own breadth where it is `nil`.
    var efSearch: Int?
    /// Which of the collections that had the name.
    var identity = ""

    /// Asks for points drawn at random, once as searches usually are and once exactly.
    ///
    /// A neighbour counts as found where it is as near as the k-th of the truth: of points at the same distance it does
    /// not matter which is returned.
    ///
    /// - Complexity: O(points) for drawing; `sample` exact searches.
    static func measure(
        _ name: String, in service: any CollectionService, k: Int = 10, sample: Int, efSearch: Int?
    ) async throws -> RecallMeasurement {
        let description = try await service.describe(name)
        let metric = description.configuration.metric
        let ids = try await draw(sample, from: name, in: service)
        let drawn = try await service.retrieve(ids, PointFields(vector: true), from: name)
        var wanted = 0
        var found = 0
        for start in stride(from: 0, to: drawn.count, by: 16) {
            let points = drawn[start..<min(start + 16, drawn.count)]
            let queries = points.compactMap(\.vector).map { SearchQuery(vector: $0, limit: k + 1, efSearch: efSearch) }
            let exact = queries.map { query in
                var query = query
                query.isExact = true
                return query
            }
            let answers = try await service.search(queries, in: name)
            let truths = try await service.search(exact, in: name)
            for (point, (answer, truth)) in zip(points, zip(answers, truths)) {
                let truth = truth.hits.filter { $0.point.id != point.id }.prefix(k)
                guard let last = truth.last?.score else { continue }
                wanted += truth.count
                found += answer.hits.filter { $0.point.id != point.id }.prefix(truth.count).count {
                    !metric.isNearer(last, than: $0.score)
                }
            }
        }
        return RecallMeasurement(
            k: k, recall: wanted == 0 ? 1 : Double(found) / Double(wanted), sample: drawn.count,
            points: description.pointCount, efSearch: efSearch, identity: description.identity)
    }

    /// Names of points drawn at random, each as likely as any other.
    private static func draw(
        _ sample: Int, from name: String, in service: any CollectionService
    ) async throws -> [PointID] {
        var kept: [PointID] = []
        var seen = 0
        var start: PointID?
        repeat {
            let page = try await service.scroll(ScrollQuery(limit: 10_000, start: start), in: name)
            for point in page.points {
                seen += 1
                if kept.count < sample {
                    kept.append(point.id)
                } else {
                    let place = Int.random(in: 0..<seen)
                    if place < sample { kept[place] = point.id }
                }
            }
            start = page.next
        } while start != nil
        return kept
    }
}

/// The last measurement of each collection, until the collection has changed a good deal.
final class RecallBook: Sendable {
    private let measured = Mutex<[String: RecallMeasurement]>([:])

    /// Notes a measurement.
    func note(_ measurement: RecallMeasurement, of name: String) { measured.withLock { $0[name] = measurement } }

    /// Forgets a collection.
    func forget(_ name: String) { measured.withLock { $0[name] = nil } }

    /// The last measurement of this very collection, where the number of its points has changed by at most a tenth
    /// since.
    func find(_ name: String, _ description: CollectionDescription) -> RecallMeasurement? {
        measured.withLock { measured in
            guard let found = measured[name] else { return nil }
            let change = abs(found.points - description.pointCount)
            if found.identity == description.identity, change * 10 <= found.points { return found }
            measured[name] = nil
            return nil
        }
    }
}

extension JSON {
    /// A measurement as replies carry it.
    init(_ measurement: RecallMeasurement?) {
        guard let measurement else {
            self = .null
            return
        }
        self = .object([
            "k": .integer(Int64(measurement.k)), "recall": .number(measurement.recall),
            "sample": .integer(Int64(measurement.sample)), "points": .integer(Int64(measurement.points)),
            "ef": measurement.efSearch.map { .integer(Int64($0)) } ?? .null,
        ])
    }
}
