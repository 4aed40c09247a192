import Akin
import AkinCluster
import AkinServer
import AkinStore
import AkinTestSupport
import Foundation
import Testing

@Suite struct MergingTests {
    /// Lends a collection in one store, and the same spread over shards.
    private static func withBoth(
        _ metric: Metric, shards: Int,
        _ body: (LocalService, ClusterService, inout SeededRandom) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { folder in
            let configuration = CollectionConfiguration(dimension: 3, metric: metric)
            let local = LocalService(try Store(path: folder + "/whole"), threads: 2)
            let cluster = try await FakeCluster(configuration, shards: shards, folder: folder + "/shards")
            let service = cluster.service()
            try await local.create("c", configuration)
            var random = SeededRandom(seed: 11)
            do { try await body(local, service, &random) } catch {
                await local.close()
                await cluster.close()
                throw error
            }
            await local.close()
            await cluster.close()
        }
    }

    private static func id(_ random: inout SeededRandom) -> PointID {
        let number = UInt64.random(in: 0..<250, using: &random)
        return number % 3 == 0 ? .name("point \(number)") : .number(number)
    }

    // Few whole numbers, so that many distances are equal.
    private static func vector(_ random: inout SeededRandom) -> [Float] {
        (0..<3).map { _ in Float(Int.random(in: -2...2, using: &random)) }
    }

    private static func filter(_ random: inout SeededRandom) throws -> Filter {
        let color = try #require(FieldPath("color")), n = try #require(FieldPath("n"))
        switch Int.random(in: 0..<4, using: &random) {
        case 0: return Filter()
        case 1: return Filter(must: [.match(color, .string("red"))])
        case 2: return Filter(must: [.range(n, .init(atLeast: Double.random(in: 0...9, using: &random)))])
        default: return Filter(mustNot: [.isEmpty(color), .hasID([id(&random), id(&random)])])
        }
    }

    private static func write(
        _ services: [any CollectionService], _ random: inout SeededRandom
    ) async throws {
        let n = try #require(FieldPath("n"))
        for service in services { try await service.createPayloadIndex(on: n, .integer, in: "c") }
        for round in 0..<60 {
            switch round % 6 {
            case 4:
                let selection = PointSelection.matching(try filter(&random))
                let change = PayloadChange.set(["color": .string("red")], at: nil)
                for service in services { try await service.change(change, of: selection, in: "c") }
            case 5:
                let selection: PointSelection =
                    round % 12 == 5
                    ? .ids((0..<9).map { _ in id(&random) }) : .matching(Filter(must: [.hasID([id(&random)])]))
                for service in services { try await service.delete(selection, from: "c") }
            default:
                let points = (0..<12).map { _ in
                    var payload: Payload = ["n": .integer(Int64.random(in: 0...9, using: &random))]
                    if Bool.random(using: &random) { payload["color"] = .string("green") }
                    return Point(id: id(&random), vector: vector(&random), payload: payload)
                }
                for service in services { try await service.upsert(points, into: "c") }
            }
        }
    }

    @Test(arguments: Metric.allCases, [1, 3, 8])
    func shardsTogetherAnswerAsOneCollectionIdById(metric: Metric, shards: Int) async throws {
        try await Self.withBoth(metric, shards: shards) { local, cluster, random in
            try await Self.write([local, cluster], &random)
            for _ in 0..<60 {
                let queries = try (0..<Int.random(in: 1...3, using: &random)).map { _ in
                    SearchQuery(
                        vector: Self.vector(&random), limit: Int.random(in: 1...40, using: &random),
                        offset: Int.random(in: 0...20, using: &random), filter: try Self.filter(&random),
                        threshold: Bool.random(using: &random) ? Float(Int.random(in: -1...6, using: &random)) : nil,
                        fields: PointFields(payload: .all, vector: true), isExact: true)
                }
                let expected = try await local.search(queries, in: "c")
                let found = try await cluster.search(queries, in: "c")
                #expect(found.map(\.hits) == expected.map(\.hits), "\(queries)")
                #expect(found.allSatisfy { $0.isExact })
                let filter = try Self.filter(&random)
                #expect(try await cluster.count(filter, in: "c") == local.count(filter, in: "c"))
                let ids = (0..<20).map { _ in Self.id(&random) }
                let fields = PointFields(payload: .all, vector: true)
                #expect(
                    try await cluster.retrieve(ids, fields, from: "c") == local.retrieve(ids, fields, from: "c"))
            }
            let whole = try await local.describe("c"), sum = try await cluster.describe("c")
            #expect(sum.pointCount == whole.pointCount)
            #expect(sum.payloadIndexes == whole.payloadIndexes)
            #expect(sum.configuration == whole.configuration)
        }
    }

    @Test(arguments: [1, 2, 5])
    func pagesFollowEachOtherAsThoseOfOneCollection(shards: Int) async throws {
        try await Self.withBoth(.l2, shards: shards) { local, cluster, random in
            try await Self.write([local, cluster], &random)
            for limit in [1, 7, 1000] {
                let filter = try Self.filter(&random)
                var start: PointID?
                repeat {
                    let query = ScrollQuery(limit: limit, filter: filter, start: start, fields: .init(payload: .all))
                    let expected = try await local.scroll(query, in: "c")
                    #expect(try await cluster.scroll(query, in: "c") == expected)
                    start = expected.next
                } while start != nil
            }
        }
    }

    @Test func pagesInTheOrderOfAMemberHaveTheValuesOfOneCollection() async throws {
        try await Self.withBoth(.l2, shards: 4) { local, cluster, random in
            try await Self.write([local, cluster], &random)
            let path = try #require(FieldPath("n"))
            for limit in [1, 13, 1000] {
                for isDescending in [false, true] {
                    let query = ScrollQuery(
                        limit: limit, fields: .init(payload: .all),
                        order: .init(path: path, isDescending: isDescending, start: isDescending ? 8 : 2))
                    let expected = try await local.scroll(query, in: "c")
                    let page = try await cluster.scroll(query, in: "c")
                    #expect(page.values == expected.values)
                    #expect(page.points.map { $0.payload?["n"] } == page.values)
                    #expect(Set(page.points.map(\.id)).count == page.points.count)
                    #expect(page.next == nil)
                    if limit == 1000 { #expect(Set(page.points.map(\.id)) == Set(expected.points.map(\.id))) }
                }
            }
        }
    }

    @Test func plansAndExactnessAreThoseOfTheWorstShard() {
        func answer(_ isExact: Bool, _ plan: SearchAnswer.Plan) -> SearchAnswer {
            SearchAnswer(hits: [], isExact: isExact, plan: plan)
        }
        let query = SearchQuery(vector: [1])
        func merged(_ answers: [SearchAnswer], isWhole: Bool = true) -> SearchAnswer {
            Merging.search(query, answers, .l2, isWhole: isWhole)
        }
        #expect(merged([answer(true, .unfiltered), answer(true, .unfiltered)]) == answer(true, .unfiltered))
        #expect(
            merged([answer(true, .matchesFirst), answer(false, .whileSearching)]) == answer(false, .whileSearching))
        #expect(merged([answer(true, .unfiltered)], isWhole: false) == answer(false, .unfiltered))
    }
}
