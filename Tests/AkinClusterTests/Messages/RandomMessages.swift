import Akin
import AkinCluster
import AkinServer
import AkinStore
import AkinTestSupport
import Foundation

/// Messages of all kinds, the same for the same seed.
struct RandomMessages {
    var random: SeededRandom

    init(seed: UInt64) { random = SeededRandom(seed: seed) }

    private static let paths = ["a", "b.c", "e[].k", "\"x.y\".z", "é"].compactMap { FieldPath($0) }
    private static let texts = ["", "x", "é", "e\u{301}", "a \"quoted\"\n\u{1}", String(repeating: "long ", count: 80)]
    private static let numbers: [Double] = [0, -0.0, 1, 1.5, -1e300, 0x1p53, 0x1p63, 1e-320]

    mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[Int.random(in: 0..<elements.count, using: &random)]
    }

    mutating func chance(_ share: Double) -> Bool { Double.random(in: 0..<1, using: &random) < share }

    mutating func some<Element>(_ most: Int = 3, _ make: (inout Self) -> Element) -> [Element] {
        (0..<Int.random(in: 0...most, using: &random)).map { _ in make(&self) }
    }

    mutating func path() -> FieldPath { pick(Self.paths) }
    mutating func text() -> String { pick(Self.texts) }

    mutating func id() -> PointID {
        switch Int.random(in: 0..<4, using: &random) {
        case 0: .number(pick([0, 1, .max, 1 << 63]))
        case 1: .number(UInt64.random(in: 0..<1_000, using: &random))
        case 2: .name(pick(["x", "é", "e\u{301}", String(repeating: "n", count: 256)]))
        default: .name("00000000-0000-4000-8000-00000000000\(Int.random(in: 0...9, using: &random))")
        }
    }

    mutating func json(_ depth: Int = 0) -> JSON {
        switch Int.random(in: 0..<(depth > 2 ? 6 : 8), using: &random) {
        case 0: .null
        case 1: .bool(chance(0.5))
        case 2: .integer(pick([0, 1, -1, .max, .min]))
        case 3: .number(pick(Self.numbers))
        case 4, 5: .string(text())
        case 6: .array(some { $0.json(depth + 1) })
        default: .object(payload(depth + 1))
        }
    }

    mutating func payload(_ depth: Int = 0) -> Payload {
        Dictionary(some { ($0.text(), $0.json(depth)) }) { $1 }
    }

    mutating func vector() -> [Float] {
        let count = pick([0, 1, 3, 17])
        return (0..<count).map { _ in pick([0, -0.0, 1.5, -2e30, .infinity, Float(bitPattern: 1)]) }
    }

    mutating func point() -> Point {
        Point(
            id: id(), vector: vector(), payload: payload(),
            image: chance(0.3) ? Data((0..<pick([0, 1, 70])).map { UInt8($0) }) : nil)
    }

    mutating func storedPoint() -> StoredPoint {
        StoredPoint(
            id: id(), payload: chance(0.5) ? payload() : nil, vector: chance(0.5) ? vector() : nil,
            hasImage: chance(0.5))
    }

    mutating func range() -> Filter.NumberRange {
        var bounds: [Double?] = []
        for _ in 0..<4 { bounds.append(chance(0.5) ? pick(Self.numbers + [.infinity]) : nil) }
        return Filter.NumberRange(above: bounds[0], atLeast: bounds[1], below: bounds[2], atMost: bounds[3])
    }

    mutating func condition(_ depth: Int) -> Filter.Condition {
        switch Int.random(in: 0..<(depth > 2 ? 9 : 11), using: &random) {
        case 0: .match(path(), json())
        case 1: .any(path(), some { $0.json() })
        case 2: .except(path(), some { $0.json() })
        case 3: .range(path(), range())
        case 4: .time(path(), range())
        case 5: .isEmpty(path())
        case 6: .isNull(path())
        case 7: .count(path(), range())
        case 8: .hasID(Set(some { $0.id() }))
        case 9: .nested(path(), filter(depth + 1))
        default: .filter(filter(depth + 1))
        }
    }

    mutating func filter(_ depth: Int = 0) -> Filter {
        Filter(
            must: some { $0.condition(depth) }, should: some { $0.condition(depth) },
            mustNot: some { $0.condition(depth) },
            atLeast: chance(0.3) ? .init(pick([0, 1, 7]), of: some { $0.condition(depth) }) : nil)
    }

    mutating func selection() -> PointSelection { chance(0.5) ? .ids(some { $0.id() }) : .matching(filter()) }

    mutating func change() -> PayloadChange {
        switch Int.random(in: 0..<4, using: &random) {
        case 0: .set(payload(), at: chance(0.5) ? path() : nil)
        case 1: .replace(payload())
        case 2: .delete(some { $0.path() })
        default: .clear
        }
    }

    mutating func fields() -> PointFields {
        let parts: [PointFields.PayloadPart] = [.none, .all, .only(some { $0.path() }), .except(some { $0.path() })]
        return PointFields(payload: pick(parts), vector: chance(0.5))
    }

    mutating func query() -> SearchQuery {
        SearchQuery(
            vector: vector(), limit: pick([1, 10, .max]), offset: pick([0, 0, 5]),
            filter: chance(0.5) ? filter() : Filter(), threshold: chance(0.3) ? 0.25 : nil, fields: fields(),
            isExact: chance(0.5), efSearch: chance(0.3) ? 64 : nil)
    }

    mutating func write() -> ShardWrite {
        switch Int.random(in: 0..<5, using: &random) {
        case 0: .upsert(some { $0.point() })
        case 1: .delete(selection())
        case 2: .change(change(), selection())
        case 3: .createPayloadIndex(path(), pick(PayloadIndexKind.allCases))
        default: .deletePayloadIndex(path())
        }
    }

    mutating func question() -> ShardQuestion {
        let body: ShardQuestion.Body =
            switch Int.random(in: 0..<7, using: &random) {
            case 0: .search(some { $0.query() })
            case 1: .retrieve(some { $0.id() }, fields())
            case 2:
                .scroll(
                    ScrollQuery(
                        limit: 7, filter: filter(), start: chance(0.5) ? id() : nil, fields: fields(),
                        order: chance(0.5)
                            ? .init(path: path(), isDescending: chance(0.5), start: chance(0.5) ? 1.5 : nil) : nil))
            case 3: .count(filter())
            case 4: .image(id())
            case 5: .describe
            default: .searchSet(version: pick(["", "2026-11-21"]), some { $0.query() })
            }
        return ShardQuestion(after: pick([0, 9, .max]), patience: pick([0, 500, .max]), body)
    }

    mutating func answer() -> ShardAnswer {
        ShardAnswer(
            position: pick([0, 9, .max]), microseconds: pick([0, 77, .max]), worker: pick(["", "w-1"]),
            result: chance(0.25) ? .failure(failure()) : .success(body()))
    }

    private mutating func body() -> ShardAnswer.Body {
        switch Int.random(in: 0..<6, using: &random) {
        case 0:
            .search(
                some {
                    SearchAnswer(
                        hits: $0.some { SearchAnswer.Hit(point: $0.storedPoint(), score: $0.pick([0, -1.5, 3e38])) },
                        isExact: $0.chance(0.5), plan: $0.pick([.unfiltered, .matchesFirst, .whileSearching]))
                })
        case 1: .retrieve(some { $0.storedPoint() })
        case 2:
            .scroll(
                ScrollPage(
                    points: some { $0.storedPoint() }, values: some { $0.json() }, next: chance(0.5) ? id() : nil))
        case 3: .count(pick([0, 1, .max]))
        case 4: .image(pick([nil, Data(), Data([1, 2, 3])]))
        default: .describe(description())
        }
    }

    private mutating func description() -> CollectionDescription {
        CollectionDescription(
            configuration: CollectionConfiguration(
                dimension: 3, metric: pick([.l2, .innerProduct, .cosine]), spec: "HNSW16",
                space: chance(0.5) ? EmbeddingSpace(id: "ab", name: text()) : nil),
            pointCount: 5, indexedCount: 3,
            segments: some { .init(name: $0.text(), spec: $0.text(), count: 4, deletedCount: 1) },
            payloadIndexes: Dictionary(some { ($0.path(), $0.pick(PayloadIndexKind.allCases)) }) { $1 },
            isIndexing: chance(0.5), byteCount: 99, damage: some { $0.text() })
    }

    mutating func failure() -> ShardFailure {
        let errors: [StoreError] = [
            .noCollection(text()), .collectionExists(text()), .noPoint(id()),
            .invalid(field: text(), expected: text(), actual: text()),
            .spaceMismatch(expected: text(), actual: text()), .diskFull(text()), .storage(text()), .unavailable(text()),
            .snapshot(text()),
        ]
        let others: [ShardFailure] = [.behind(7), .notHere, .overload(text()), .gap(text())]
        return pick(errors.map { .store($0) } + others)
    }
}
