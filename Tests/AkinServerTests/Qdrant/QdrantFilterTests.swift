import AkinServer
import Testing

@Suite struct QdrantFilterTests {
    private static let payloads = [
        #"{"color":"red","n":1,"ok":true,"tags":["a","b"],"made":"2024-01-01T00:00:00Z","parts":[{"k":"x","v":1},{"k":"y","v":2}]}"#,
        #"{"color":"blue","n":2,"ok":false,"tags":[],"made":"2024-06-01T12:00:00Z","parts":[{"k":"x","v":2}]}"#,
        #"{"color":"red","n":3.5,"shop":{"city":"Bern"},"made":"2025-01-01T00:00:00Z"}"#,
        #"{"color":null,"n":[4,9]}"#,
    ]

    /// Points of `payloads` that a filter lets pass, in Qdrant's words.
    @Test(
        arguments: [
            (#"{}"#, [0, 1, 2, 3]),
            (#"{"must":[{"key":"color","match":{"value":"red"}}]}"#, [0, 2]),
            (#"{"must":{"key":"color","match":{"value":"red"}}}"#, [0, 2]),
            (#"{"must_not":[{"key":"color","match":{"value":"red"}}]}"#, [1, 3]),
            (#"{"should":[{"key":"n","match":{"value":2}},{"key":"ok","match":{"value":true}}]}"#, [0, 1]),
            (#"{"must":[{"key":"color","match":{"value":"red"}}],"must_not":[{"key":"n","match":{"value":1}}]}"#, [2]),
            (#"{"must":[{"key":"color","match":{"any":["blue","green"]}}]}"#, [1]),
            (#"{"must":[{"key":"color","match":{"except":["blue"]}}]}"#, [0, 2]),
            (#"{"must":[{"key":"tags","match":{"value":"b"}}]}"#, [0]),
            (#"{"must":[{"key":"n","range":{"gt":1,"lte":3.5}}]}"#, [1, 2]),
            (#"{"must":[{"key":"n","range":{"gte":1,"lt":2}}]}"#, [0]),
            (#"{"must":[{"key":"n","range":{"gt":8,"gte":null}}]}"#, [3]),
            (
                #"{"must":[{"key":"made","range":{"gte":"2024-06-01T12:00:00Z","lt":"2025-01-01T01:00:00+02:00"}}]}"#,
                [1]
            ),
            (#"{"must":[{"key":"made","range":{"gt":"2024-06-02"}}]}"#, [2]),
            (#"{"must":[{"is_empty":{"key":"tags"}}]}"#, [1, 2, 3]),
            (#"{"must":[{"key":"tags","is_empty":false}]}"#, [0]),
            (#"{"must":[{"is_null":{"key":"color"}}]}"#, [3]),
            (#"{"must":[{"key":"color","is_null":true}]}"#, [3]),
            (#"{"must":[{"has_id":[1,3,99]}]}"#, [1, 3]),
            (#"{"must":[{"key":"parts","values_count":{"gte":2}}]}"#, [0]),
            (#"{"must":[{"key":"shop.city","match":{"value":"Bern"}}]}"#, [2]),
            (#"{"must":[{"key":"parts[].k","match":{"value":"y"}}]}"#, [0]),
            (
                #"{"must":[{"nested":{"key":"parts","filter":{"must":[{"key":"k","match":{"value":"x"}},{"key":"v","match":{"value":2}}]}}}]}"#,
                [1]
            ),
            (
                #"{"min_should":{"min_count":2,"conditions":[{"key":"color","match":{"value":"red"}},{"key":"n","range":{"gte":3}},{"has_id":[3]}]}}"#,
                [2, 3]
            ),
            (#"{"must":[{"should":[{"has_id":[0]},{"must_not":[{"is_empty":{"key":"shop"}}]}]}]}"#, [0, 2]),
            (#"{"must":null,"should":[]}"#, [0, 1, 2, 3]),
        ] as [(String, [Int64])])
    func aFilterMeansWhatQdrantMeans(filter: String, expected: [Int64]) async throws {
        try await TestServer.with { server in
            try await server.fill([[0], [1], [2], [3]], Self.payloads)
            let page = try await server.result(.post, "/collections/c/points/scroll", #"{"filter":\#(filter)}"#)
            #expect(page["points"]?.ids == expected)
            let count = try await server.result(
                .post, "/collections/c/points/count", #"{"filter":\#(filter),"exact":true}"#)
            #expect(count["count"] == .integer(Int64(expected.count)))
            let hits = try await server.result(
                .post, "/collections/c/points/search", #"{"vector":[-1],"limit":10,"filter":\#(filter)}"#)
            #expect(hits.ids == expected)
        }
    }

    @Test(arguments: [
        (#"{"must":[{"key":"a"}]}"#, "filter.must[0].key", "invalid"),
        (#"{"must":[{"key":"a","match":{"value":1},"range":{"gt":0}}]}"#, "filter.must[0].key", "invalid"),
        (#"{"must":[{"key":"a","match":{}}]}"#, "filter.must[0].match.except", "invalid"),
        (#"{"must":[{"key":"a","match":{"value":1.5}}]}"#, "filter.must[0].match.value", "invalid"),
        (#"{"must":[{"key":"a","match":{"text":"shoe"}}]}"#, "filter.must[0].match.text", "unsupported"),
        (#"{"must":[{"key":"a","match":{"any":"red"}}]}"#, "filter.must[0].match.any", "invalid"),
        (
            #"{"must":[{"key":"a","geo_radius":{"center":{"lon":1,"lat":2},"radius":3}}]}"#,
            "filter.must[0].geo_radius", "unsupported"
        ),
        (#"{"must":[{"key":"a","range":{"gt":"yesterday"}}]}"#, "filter.must[0].range.gt", "invalid"),
        (#"{"must":[{"key":"a","range":{"gt":1,"lt":"2024-01-01"}}]}"#, "filter.must[0].range.gt", "invalid"),
        (#"{"must":[{"key":"a","range":{"above":1}}]}"#, "filter.must[0].range.above", "invalid"),
        (#"{"must":[{"key":"","match":{"value":1}}]}"#, "filter.must[0].key", "invalid"),
        (#"{"should":[{"has_id":1}]}"#, "filter.should[0].has_id", "invalid"),
        (#"{"should":[{"has_id":[1,-2]}]}"#, "filter.should[0].has_id[1]", "invalid"),
        (#"{"should":[{"has_vector":"image"}]}"#, "filter.should[0].has_vector", "unsupported"),
        (
            #"{"must":[{"nested":{"key":"a","filter":{"must":[{"has_id":[1]}]}}}]}"#,
            "filter.must[0].nested.filter.must[0].has_id", "unsupported"
        ),
        (#"{"must":[{"nested":{"key":"a"}}]}"#, "filter.must[0].nested.filter", "invalid"),
        (#"{"min_should":{"conditions":[]}}"#, "filter.min_should.min_count", "invalid"),
        (#"{"musst":[]}"#, "filter.musst", "invalid"), (#"[]"#, "filter", "invalid"),
        (#"{"must":[5]}"#, "filter.must[0]", "invalid"),
    ])
    func whatIsNoFilterIsRefusedByName(filter: String, field: String, code: String) async throws {
        try await TestServer.with { server in
            try await server.fill([[0]])
            let reply = try await server.send(.post, "/collections/c/points/count", #"{"filter":\#(filter)}"#)
            #expect(reply.status == 400)
            #expect(reply.error("field") == field)
            #expect(reply.error("code") == code)
        }
    }

    @Test func filtersHaveALength() async throws {
        var limits = ServerLimits()
        limits.conditions = 3
        try await TestServer.with(limits: limits) { server in
            try await server.fill([[0]])
            func count(_ conditions: Int) async throws -> TestReply {
                let condition = #"{"should":[{"has_id":[0]}]}"#
                let all = Array(repeating: condition, count: conditions).joined(separator: ",")
                return try await server.send(
                    .post, "/collections/c/points/count", #"{"filter":{"must":[\#(all)]}}"#)
            }
            #expect(try await count(1).status == 200)
            #expect(try await count(2).status == 422)
            let deep = String(repeating: #"{"must":["#, count: 5_000)
            #expect(try await server.send(.post, "/collections/c/points/count", #"{"filter":"# + deep).status == 400)
        }
    }
}
