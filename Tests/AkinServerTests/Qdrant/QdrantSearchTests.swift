import Akin
import AkinServer
import AkinStore
import AkinTestSupport
import Synchronization
import Testing

@Suite struct QdrantSearchTests {
    private static let vectors: [[Float]] = {
        var random = SeededRandom(seed: 11)
        return (0..<40).map { _ in (0..<3).map { _ in random.gaussian() } }
    }()

    private static let names: [(Metric, String)] = [(.cosine, "Cosine"), (.l2, "Euclid"), (.innerProduct, "Dot")]

    /// Scores in Qdrant's terms, computed here once more.
    private static func score(_ a: [Float], _ b: [Float], _ metric: Metric) -> Double {
        let score = Double(MemoryService.score(a, b, metric))
        return metric == .l2 ? score.squareRoot() : score
    }

    private static func nearest(_ query: [Float], _ metric: Metric, without: Set<Int> = []) -> [(Int64, Double)] {
        vectors.indices.filter { !without.contains($0) }.map { (Int64($0), score(query, vectors[$0], metric)) }
            .sorted { metric == .l2 ? $0.1 < $1.1 : $0.1 > $1.1 }
    }

    @Test(arguments: names)
    func theNearestComeFirstWithQdrantsScores(metric: Metric, name: String) async throws {
        try await TestServer.with { server in
            try await server.fill(Self.vectors, distance: name)
            let query: [Float] = [0.3, -0.4, 1.25]
            let expected = Self.nearest(query, metric)
            let hits = try await server.result(
                .post, "/collections/c/points/search", #"{"vector":\#(query),"limit":5,"offset":2}"#)
            #expect(hits.ids == expected[2..<7].map(\.0))
            for (hit, wanted) in zip(hits.elements, expected[2..<7]) {
                #expect(abs((hit["score"]?.double ?? .nan) - wanted.1) < 1e-5)
                #expect(hit["version"] == .integer(0))
                #expect(hit["payload"] == nil && hit["vector"] == nil)
            }
            let queried = try await server.result(
                .post, "/collections/c/points/query", #"{"query":\#(query),"limit":5,"offset":2}"#)
            #expect(queried["points"] == hits)
            let nearest = try await server.result(
                .post, "/collections/c/points/query", #"{"query":{"nearest":\#(query)},"limit":5,"offset":2}"#)
            #expect(nearest["points"] == hits)
        }
    }

    /// The score of one hit as a threshold keeps it and leaves out all that is farther, in every metric.
    @Test(arguments: names)
    func aThresholdIsInQdrantsScoresAndKeepsItsEqual(metric: Metric, name: String) async throws {
        try await TestServer.with { server in
            try await server.fill(Self.vectors, distance: name)
            let path = "/collections/c/points/search"
            let all = try await server.result(.post, path, #"{"vector":[1,0.5,0.25],"limit":40}"#)
            for count in [1, 7, 20] {
                let threshold = all[count - 1]?["score"]?.double ?? .nan
                let hits = try await server.result(
                    .post, path, #"{"vector":[1,0.5,0.25],"limit":40,"score_threshold":\#(threshold)}"#)
                #expect(hits.ids == Array(all.ids.prefix(count)))
            }
            if metric == .l2 {
                let none = try await server.result(
                    .post, path, #"{"vector":[1,0.5,0.25],"limit":40,"score_threshold":-100}"#)
                #expect(none.elements.isEmpty)
                let every = try await server.result(
                    .post, path, #"{"vector":[1,0.5,0.25],"limit":40,"score_threshold":1e30}"#)
                #expect(every.elements.count == 40)
            }
        }
    }

    @Test(arguments: names)
    func aPointIsNoAnswerToItself(metric: Metric, name: String) async throws {
        try await TestServer.with { server in
            try await server.fill(Self.vectors, distance: name)
            let expected = Self.nearest(Self.vectors[6], metric, without: [6]).map(\.0)
            let hits = try await server.result(
                .post, "/collections/c/points/query", #"{"query":6,"limit":4,"offset":1}"#)
            #expect(hits["points"]?.ids == Array(expected[1..<5]))
            let missing = try await server.send(.post, "/collections/c/points/query", #"{"query":77}"#)
            #expect(missing.status == 404)
            #expect(missing.error("code") == "no_point")
        }
    }

    @Test(arguments: names)
    func recommendationsMoveTowardAndAway(metric: Metric, name: String) async throws {
        @Sendable func unit(_ v: [Float]) -> [Float] {
            let length = v.reduce(0) { $0 + $1 * $1 }.squareRoot()
            return metric == .cosine ? v.map { $0 / length } : v
        }
        try await TestServer.with { server in
            try await server.fill(Self.vectors, distance: name)
            let extra: [Float] = [0.5, 0.5, 0]
            let near = [unit(Self.vectors[1]), unit(Self.vectors[2]), unit(extra)]
            let away = unit(Self.vectors[3])
            let query = (0..<3).map { (j: Int) -> Float in
                let toward = near.reduce(Float(0)) { $0 + $1[j] } / 3
                return 2 * toward - away[j]
            }
            let expected = Self.nearest(query, metric, without: [1, 2, 3]).prefix(5).map(\.0)
            let recommended = try await server.result(
                .post, "/collections/c/points/recommend", #"{"positive":[1,2,\#(extra)],"negative":[3],"limit":5}"#)
            #expect(recommended.ids == expected)
            let queried = try await server.result(
                .post, "/collections/c/points/query",
                #"{"query":{"recommend":{"positive":[1,2,\#(extra)],"negative":[3],"strategy":"average_vector"}},"limit":5}"#
            )
            #expect(queried["points"]?.ids == expected)
        }
    }

    @Test func aBatchIsAnsweredInItsOrder() async throws {
        try await TestServer.with { server in
            try await server.fill(Self.vectors, distance: "Euclid")
            let searches =
                #"{"searches":[{"query":[1,0,0],"limit":2},{"query":5,"limit":1},{"limit":3},{"query":[0,1,0],"limit":2,"filter":{"must":[{"has_id":[8]}]}}]}"#
            let reply = try await server.send(.post, "/collections/c/points/query/batch", searches)
            let answers = reply.json["result"]
            #expect(answers?[0]?["points"]?.ids == Self.nearest([1, 0, 0], .l2).prefix(2).map(\.0))
            #expect(answers?[1]?["points"]?.ids == Self.nearest(Self.vectors[5], .l2, without: [5]).prefix(1).map(\.0))
            #expect(answers?[2]?["points"]?.ids == [0, 1, 2])
            #expect(answers?[3]?["points"]?.ids == [8])
            #expect(reply.json["search"]?[3] == .object(["exact": .bool(true), "plan": .string("matches first")]))
            let plain = try await server.result(
                .post, "/collections/c/points/search/batch",
                #"{"searches":[{"vector":[1,0,0],"limit":2},{"vector":[0,1,0],"limit":1}]}"#)
            #expect(plain.elements.map(\.elements.count) == [2, 1])
            let wrong = try await server.send(
                .post, "/collections/c/points/search/batch",
                #"{"searches":[{"vector":[1,0,0],"limit":2},{"vector":[0,1],"limit":1}]}"#)
            #expect(wrong.error("field") == "searches[1].vector")
        }
    }

    @Test func aReplySaysHowItWasFound() async throws {
        try await TestServer.with { server in
            try await server.fill([[1], [2]])
            let reply = try await server.send(
                .post, "/collections/c/points/search", #"{"vector":[1],"limit":1,"filter":{"must":[{"has_id":[1]}]}}"#)
            #expect(reply.json["search"] == .object(["exact": .bool(true), "plan": .string("matches first")]))
            #expect(reply.json["time"]?.double ?? -1 >= 0)
        }
    }

    @Test(arguments: [
        (#"true"#, #"{"a":1,"b":2}"#), (#"false"#, nil), (#"["b"]"#, #"{"b":2}"#),
        (#"{"include":["a"]}"#, #"{"a":1}"#), (#"{"exclude":["a"]}"#, #"{"b":2}"#),
    ])
    func payloadsComeAsFarAsAskedFor(part: String, expected: String?) async throws {
        try await TestServer.with { server in
            try await server.fill([[1]], [#"{"a":1,"b":2}"#])
            let hits = try await server.result(
                .post, "/collections/c/points/search",
                #"{"vector":[1],"limit":1,"with_payload":\#(part),"with_vector":true}"#)
            #expect(hits[0]?["payload"] == (try expected.map { try JSON(parsing: $0) }))
            #expect(hits[0]?["vector"] == .array([.number(1)]))
        }
    }

    @Test func whatIsAskedOfTheIndexArrives() async throws {
        let noted = Mutex<[SearchQuery]>([])
        let service = MemoryService { queries in noted.withLock { $0 += queries } }
        try await TestServer.with(service) { server in
            try await server.fill([[1]])
            try await server.result(
                .post, "/collections/c/points/search",
                #"{"vector":[1],"limit":3,"params":{"exact":true,"hnsw_ef":77,"quantization":{"rescore":true}}}"#)
            try await server.result(.post, "/collections/c/points/query", #"{"query":[1],"params":null}"#)
        }
        let queries = noted.withLock { $0 }
        #expect(queries[0].isExact && queries[0].efSearch == 77 && queries[0].limit == 3)
        #expect(!queries[1].isExact && queries[1].efSearch == nil && queries[1].limit == 10)
    }

    @Test(arguments: [
        ("search", #"{"vector":[1,2],"limit":1}"#, "vector"), ("search", #"{"vector":[1]}"#, "limit"),
        ("search", #"{"limit":1}"#, "vector"), ("search", #"{"vector":[],"limit":1}"#, "vector"),
        ("search", #"{"vector":[1],"limit":0}"#, "limit"), ("search", #"{"vector":[1],"limit":10001}"#, "limit"),
        ("search", #"{"vector":[1],"limit":9000,"offset":9000}"#, "limit"),
        ("search", #"{"vector":[1],"limit":-1}"#, "limit"), ("search", #"{"vector":[1],"limit":"3"}"#, "limit"),
        ("search", #"{"vector":[null],"limit":1}"#, "vector[0]"),
        ("search", #"{"vector":{"name":"image","vector":[1]},"limit":1}"#, "vector.name"),
        ("search", #"{"vector":[1],"limit":1,"with_vector":["image"]}"#, "with_vector"),
        ("search", #"{"vector":[1],"limit":1,"with_payload":3}"#, "with_payload"),
        ("search", #"{"vector":[1],"limit":1,"with_payload":{"include":[],"exclude":[]}}"#, "with_payload"),
        ("search", #"{"vector":[1],"limit":1,"params":{"hnsw_ef":0}}"#, "params.hnsw_ef"),
        ("search", #"{"vector":[1],"limit":1,"params":{"ef":10}}"#, "params.ef"),
        ("search", #"{"vector":[1],"limit":1,"score_threshold":1e300}"#, "score_threshold"),
        ("search", #"{"vector":[1],"limit":1,"filters":{}}"#, "filters"),
        ("query", #"{"query":[1],"using":"image"}"#, "using"),
        ("query", #"{"prefetch":[{"query":[1]}],"query":[1]}"#, "prefetch"),
        ("query", #"{"query":{"fusion":"rrf"}}"#, "query.fusion"),
        ("query", #"{"query":{}}"#, "query"), ("query", #"{"query":[[1]]}"#, "query"),
        ("query", #"{"query":{"nearest":[1],"mmr":{"diversity":0.5}}}"#, "query.mmr"),
        ("query", #"{"query":[1],"lookup_from":{"collection":"d"}}"#, "lookup_from"),
        ("recommend", #"{"positive":[],"limit":1}"#, "positive"),
        ("recommend", #"{"negative":[0],"limit":1}"#, "positive"),
        ("recommend", #"{"positive":[0],"strategy":"best_score","limit":1}"#, "strategy"),
        ("recommend", #"{"positive":[[1,2]],"limit":1}"#, "positive"),
        ("search/batch", #"{"searches":[{"vector":[1]}]}"#, "searches[0].limit"),
    ])
    func whatIsNoSearchIsRefusedByName(path: String, body: String, field: String) async throws {
        try await TestServer.with { server in
            try await server.fill([[1]])
            let reply = try await server.send(.post, "/collections/c/points/" + path, body)
            #expect(reply.status == 400 || reply.status == 422, "\(reply.text)")
            #expect(reply.error("field") == field, "\(reply.text)")
        }
    }
}
