import Akin
import AkinStore
import AkinTestSupport
import Foundation
import Testing

/// Applies random operations to a collection and to a model, and compares the two.
final class RandomOperations {
    private var store: Store
    private var collection: VectorCollection
    private(set) var model: CollectionModel
    private var random: SeededRandom
    private let path: String
    private let settings: StoreSettings
    /// Names are drawn from so many, so that many are met again.
    private let names: Int
    private(set) var reopenings = 0

    init(
        _ path: String, spec: String, metric: Metric, dimension: Int, names: Int, settings: StoreSettings, seed: UInt64
    ) throws {
        self.path = path
        self.settings = settings
        self.names = names
        random = SeededRandom(seed: seed)
        price = try #require(FieldPath("price"))
        color = try #require(FieldPath("color"))
        store = try Store(path: path, settings: settings)
        collection = try store.create(
            "c", CollectionConfiguration(dimension: dimension, metric: metric, spec: spec))
        model = CollectionModel(metric: metric, dimension: dimension)
    }

    func close() { store.close() }

    var description: CollectionDescription { get throws { try collection.describe() } }
    func waitForIndexing() throws { try collection.waitForIndexing() }

    private func id() -> PointID {
        let number = UInt64.random(in: 0..<UInt64(names), using: &random)
        return number % 5 == 4 ? .name("point \(number)") : .number(number)
    }

    /// Small whole numbers, so that scores tie.
    private func vector() -> [Float] {
        (0..<model.dimension).map { _ in Float(Int.random(in: -4...4, using: &random)) }
    }

    private func payload() -> Payload {
        switch Int.random(in: 0..<4, using: &random) {
        case 0: [:]
        case 1: ["color": .string("red")]
        default:
            ["color": .string("blue"), "price": .integer(Int64.random(in: 0..<100, using: &random))]
        }
    }

    func upsert(_ count: Int) throws {
        let points = (0..<count).map { _ in
            let image = Int.random(in: 0..<16, using: &random) == 0
            return Point(
                id: id(), vector: vector(), payload: payload(),
                image: image ? Data("image \(Int.random(in: 0..<8, using: &random))".utf8) : nil)
        }
        try collection.upsert(points)
        for point in points { model.points[point.id] = point }
    }

    func delete(_ count: Int) throws {
        let ids = (0..<count).map { _ in id() }
        let there = Set(ids).filter { model.points[$0] != nil }
        #expect(try collection.delete(.ids(ids)) == there.count)
        for id in ids { model.points[id] = nil }
    }

    private let price: FieldPath, color: FieldPath
    private var cheap: Filter { Filter(must: [.range(price, .init(below: 10))]) }

    private func isCheap(_ point: Point) -> Bool { (point.payload["price"]?.double ?? 100) < 10 }

    /// One operation of any kind.
    func step() throws {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<45: try upsert(Int.random(in: 1..<80, using: &random))
        case 45..<60: try delete(Int.random(in: 1..<40, using: &random))
        case 60..<64:
            let gone = model.points.values.filter(isCheap)
            #expect(try collection.delete(.matching(cheap)) == gone.count)
            for point in gone { model.points[point.id] = nil }
        case 64..<70:
            let ids = (0..<5).map { _ in id() }
            try collection.change(.set(["price": .integer(5)], at: nil), .ids(ids))
            for id in ids { model.points[id]?.payload["price"] = .integer(5) }
        case 70..<90: try search()
        case 90..<95: try read()
        case 95..<97: try collection.waitForIndexing()
        case 97..<98: try reopen()
        default: #expect(try collection.count() == model.points.count)
        }
    }

    func reopen() throws {
        store.close()
        store = try Store(path: path, settings: settings)
        collection = try store.collection("c")
        reopenings += 1
        #expect(try collection.describe().damage == [])
    }

    /// Compares an exact search, a filtered one, and one through the indexes.
    func search() throws {
        var query = SearchQuery(
            vector: vector(), limit: Int.random(in: 1..<30, using: &random),
            offset: Int.random(in: 0..<4, using: &random), isExact: true)
        query.fields = PointFields(payload: .all, vector: true)
        try compare(query) { _ in true }
        query.filter = cheap
        try compare(query, isCheap)
        query.filter = Filter(mustNot: [.match(color, .string("red"))])
        query.isExact = false
        try compare(query) { $0.payload["color"] != .string("red") }
        query.filter = Filter()
        query.threshold = model.metric == .l2 ? 20 : 0.5
        try compare(query) { _ in true }
    }

    private func compare(_ query: SearchQuery, _ passes: (Point) -> Bool) throws {
        let answer = try collection.search([query])[0]
        let truth = model.nearest(query, where: passes)
        if query.isExact { #expect(answer.isExact) }
        for hit in answer.hits {
            let point = try #require(model.points[hit.point.id], "a hit that was deleted")
            #expect(hit.point.vector == point.vector)
            #expect(hit.point.payload == point.payload)
            #expect(hit.point.hasImage == (point.image != nil))
            #expect(passes(point))
            let score = model.metric.score(Matrix<Float>([query.vector]), 0, Matrix<Float>([point.vector]), 0)
            #expect(hit.score == score, "the score is that of the stored vector")
        }
        if answer.isExact {
            #expect(answer.hits.map(\.point.id) == truth.map(\.id))
        } else if query.threshold == nil {
            // An index may miss something; never may it give less, or something twice.
            #expect(answer.hits.count == truth.count)
            #expect(Set(answer.hits.map(\.point.id)).count == answer.hits.count)
        }
    }

    /// Compares everything that can be read.
    func read() throws {
        var found: [StoredPoint] = []
        var start: PointID?
        repeat {
            let page = try collection.scroll(
                from: start, limit: 97, fields: PointFields(payload: .all, vector: true))
            found += page.points
            start = page.next
        } while start != nil
        #expect(found.map(\.id) == model.points.keys.sorted())
        for point in found {
            #expect(point.vector == model.points[point.id]?.vector)
            #expect(point.payload == model.points[point.id]?.payload)
        }
        for point in model.points.values where point.image != nil {
            #expect(try collection.image(point.id) == point.image)
        }
        let description = try collection.describe()
        #expect(description.pointCount == model.points.count)
    }
}
