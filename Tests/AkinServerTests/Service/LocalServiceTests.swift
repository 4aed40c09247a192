import Akin
import AkinServer
import AkinStore
import AkinTestSupport
import Foundation
import Testing

@Suite struct LocalServiceTests {
    /// Lends a store, and what holds the same in memory.
    private static func withBoth(
        _ metric: Metric, _ body: @Sendable (LocalService, MemoryService) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { folder in
            let local = LocalService(try Store(path: folder), threads: 2)
            let memory = MemoryService(folder: URL(fileURLWithPath: folder))
            for service in [local, memory] as [any CollectionService] {
                try await service.create("c", CollectionConfiguration(dimension: 3, metric: metric))
            }
            do { try await body(local, memory) } catch {
                await local.close()
                throw error
            }
            await local.close()
        }
    }

    /// Writes at random to both, and asks both the same.
    @Test(arguments: Metric.allCases)
    func aStoreAnswersLikeCollectionsInMemory(metric: Metric) async throws {
        try await Self.withBoth(metric) { local, memory in
            let both: [any CollectionService] = [local, memory]
            var random = SeededRandom(seed: 5)
            let colors = ["red", "green", "blue"]
            let color = try #require(FieldPath("color"))
            let size = try #require(FieldPath("n"))
            func vector() -> [Float] { (0..<3).map { _ in random.gaussian() } }
            func id() -> PointID { .number(UInt64.random(in: 0..<60, using: &random)) }
            func filter() -> Filter {
                switch Int.random(in: 0..<4, using: &random) {
                case 0: Filter()
                case 1: Filter(must: [.match(color, .string(colors.randomElement(using: &random) ?? ""))])
                case 2: Filter(must: [.range(size, .init(atLeast: Double.random(in: 0...9, using: &random)))])
                default: Filter(mustNot: [.isEmpty(color), .hasID([id(), id()])])
                }
            }
            for service in both { try await service.createPayloadIndex(on: size, .integer, in: "c") }
            for round in 0..<120 {
                switch Int.random(in: 0..<5, using: &random) {
                case 0, 1, 2:
                    let points = (0..<5).map { _ in
                        var payload: Payload = ["n": .integer(Int64.random(in: 0...9, using: &random))]
                        if Bool.random(using: &random) {
                            payload["color"] = .string(colors.randomElement(using: &random) ?? "")
                        }
                        return Point(id: id(), vector: vector(), payload: payload)
                    }
                    // Of points with one name the last counts, in both.
                    for service in both { try await service.upsert(points, into: "c") }
                case 3:
                    let selection =
                        Bool.random(using: &random) ? PointSelection.ids([id(), id()]) : .matching(filter())
                    let isWhole = if case .matching(let filter) = selection { filter.isEmpty } else { false }
                    if !isWhole { for service in both { try await service.delete(selection, from: "c") } }
                default:
                    let change = PayloadChange.set(["color": .string("red")], at: nil)
                    let selection = PointSelection.ids([id(), id(), id()])
                    for service in both { try await service.change(change, of: selection, in: "c") }
                }
                let wanted = filter()
                let query = SearchQuery(
                    vector: vector(), limit: 7, offset: round % 3, filter: wanted,
                    fields: PointFields(payload: .all, vector: true), isExact: true)
                let page = ScrollQuery(limit: 9, filter: wanted, start: id(), fields: PointFields(payload: .all))
                let ids = (0..<5).map { _ in id() }
                let counts = (try await local.count(wanted, in: "c"), try await memory.count(wanted, in: "c"))
                #expect(counts.0 == counts.1)
                let pages = (try await local.scroll(page, in: "c"), try await memory.scroll(page, in: "c"))
                #expect(pages.0 == pages.1)
                let found = (
                    try await local.retrieve(ids, query.fields, from: "c"),
                    try await memory.retrieve(ids, query.fields, from: "c")
                )
                #expect(found.0 == found.1)
                let hits = (
                    try await local.search([query], in: "c")[0].hits, try await memory.search([query], in: "c")[0].hits
                )
                #expect(hits.0.map(\.point) == hits.1.map(\.point))
                for (a, b) in zip(hits.0, hits.1) { #expect(abs(a.score - b.score) <= 1e-5 * max(1, abs(b.score))) }
            }
            let points = (
                try await local.describe("c").pointCount, try await memory.describe("c").pointCount
            )
            #expect(points.0 == points.1 && points.0 > 10)
        }
    }

    @Test func pagesInTheOrderOfAMemberNeedItsIndex() async throws {
        try await Self.withBoth(.l2) { local, _ in
            let path = try #require(FieldPath("n"))
            let points = (0..<20).map { i in
                Point(id: .number(UInt64(i)), vector: [Float(i), 0, 0], payload: ["n": .integer(Int64((i * 7) % 20))])
            }
            try await local.upsert(points, into: "c")
            let query = ScrollQuery(
                limit: 4, fields: PointFields(payload: .all),
                order: .init(path: path, isDescending: true, start: 15))
            await #expect(throws: StoreError.self) { try await local.scroll(query, in: "c") }
            try await local.createPayloadIndex(on: path, .integer, in: "c")
            let page = try await local.scroll(query, in: "c")
            #expect(page.values.compactMap(\.double) == [15, 14, 13, 12])
            #expect(page.points.map { $0.payload?["n"]?.double } == [15, 14, 13, 12])
        }
    }

    @Test func whatWasMadeIsToldAndWhatIsMissingIsAnError() async throws {
        try await Self.withBoth(.cosine) { local, _ in
            let names = try await local.collections()
            #expect(names == ["c"])
            #expect(try await local.configuration(of: "c").metric == .cosine)
            await #expect(throws: StoreError.collectionExists("c")) {
                try await local.create("c", CollectionConfiguration(dimension: 3, metric: .l2))
            }
            await #expect(throws: StoreError.noCollection("d")) { try await local.configuration(of: "d") }
            await #expect(throws: StoreError.noCollection("d")) { try await local.snapshots(of: "d") }
            await #expect(throws: StoreError.noCollection("d")) { try await local.search([], in: "d") }
            await #expect(throws: StoreError.noPoint(.number(1))) { try await local.image(of: .number(1), in: "c") }
            #expect(try await local.drop("c"))
            #expect(try await !local.drop("c"))
            #expect(local.load == ServiceLoad())
        }
    }

    @Test func aClosedServiceRefusesAndLetsGoOfItsFolder() async throws {
        try await withTemporaryDirectory { folder in
            let local = LocalService(try Store(path: folder))
            try await local.create("c", CollectionConfiguration(dimension: 1, metric: .l2))
            try await local.upsert([Point(id: .number(1), vector: [1])], into: "c")
            await local.close()
            await #expect(throws: (any Error).self) { try await local.count(Filter(), in: "c") }
            let again = LocalService(try Store(path: folder))
            #expect(try await again.count(Filter(), in: "c") == 1)
            await again.close()
        }
    }

    @Test func whatIsWrittenOverHTTPIsThereAfterARestart() async throws {
        try await withTemporaryDirectory { folder in
            let url = URL(fileURLWithPath: folder + "/uploads")
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
            let local = LocalService(try Store(path: folder + "/data"))
            try await TestServer.with(local, uploads: url) { server in
                try await server.fill([[1, 0], [0, 1]], [#"{"a":1}"#])
                let made = try await server.result(.post, "/collections/c/snapshots")
                guard case .string(let name)? = made["name"] else { throw CancellationError() }
                try await server.result(.post, "/collections/c/points/delete", #"{"points":[0]}"#)
                try await server.result(.put, "/collections/c/snapshots/recover", #"{"location":"\#(name)"}"#)
            }
            await local.close()
            let again = LocalService(try Store(path: folder + "/data"))
            try await TestServer.with(again) { server in
                let point = try await server.result(.get, "/collections/c/points/0")
                #expect(point["payload"] == .object(["a": .integer(1)]))
                let hits = try await server.result(
                    .post, "/collections/c/points/search", #"{"vector":[0,1],"limit":2}"#)
                #expect(hits.ids == [1, 0])
            }
            await again.close()
        }
    }
}
