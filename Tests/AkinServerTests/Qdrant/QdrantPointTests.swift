import AkinServer
import AkinStore
import Hummingbird
import Testing

@Suite struct QdrantPointTests {
    @Test func pointsComeBackAsTheyWent() async throws {
        try await TestServer.with { server in
            try await server.result(.put, "/collections/c", #"{"vectors":{"size":2,"distance":"Dot"}}"#)
            let uuid = "936da01f-9abd-4d9d-80c7-02af85c822a8"
            try await server.result(
                .put, "/collections/c/points?wait=true&ordering=weak",
                """
                {"points":[
                    {"id":18446744073709551615,"vector":[0.1,-2e-3],"payload":{"a":[1,2.5,"ü\\n"],"b":null}},
                    {"id":"\(uuid.uppercased())","vector":{"":[3,4]},"payload":null}
                ]}
                """)
            let reply = try await server.send(.get, "/collections/c/points/18446744073709551615")
            #expect(reply.text.contains(#""id":18446744073709551615"#))
            #expect(reply.json["result"]?["vector"] == .array([.number(0.1), .number(-0.002)]))
            #expect(
                reply.json["result"]?["payload"]
                    == .object(["a": .array([.integer(1), .number(2.5), .string("ü\n")]), "b": .null]))
            let points = try await server.result(
                .post, "/collections/c/points", #"{"ids":["\#(uuid)",7],"with_vector":true}"#)
            #expect(points.elements.count == 1)
            #expect(points[0]?["id"] == .string(uuid))
            #expect(points[0]?["vector"] == .array([.number(3), .number(4)]))
        }
    }

    @Test func aBatchIsColumns() async throws {
        try await TestServer.with { server in
            try await server.fill([[0, 0]])
            try await server.result(
                .put, "/collections/c/points",
                #"{"batch":{"ids":[4,5],"vectors":[[1,2],[3,4]],"payloads":[{"a":1},null]}}"#)
            let points = try await server.result(
                .post, "/collections/c/points", #"{"ids":[5,4],"with_vector":true,"with_payload":true}"#)
            #expect(points.ids == [5, 4])
            #expect(points[0]?["payload"] == .object([:]))
            #expect(points[1]?["payload"] == .object(["a": .integer(1)]))
            #expect(points[1]?["vector"] == .array([.number(1), .number(2)]))
        }
    }

    @Test(arguments: [
        (#"{"points":[{"id":1,"vector":[1,2]},{"id":2,"vector":[1]}]}"#, "points[1].vector"),
        (#"{"points":[{"id":1,"vector":[1,"2"]}]}"#, "points[0].vector[1]"),
        (#"{"points":[{"id":1,"vector":[1,1e39]}]}"#, "points[0].vector[1]"),
        (#"{"points":[{"id":1}]}"#, "points[0].vector"),
        (#"{"points":[{"vector":[1,2]}]}"#, "points[0].id"),
        (#"{"points":[{"id":-1,"vector":[1,2]}]}"#, "points[0].id"),
        (#"{"points":[{"id":1.5,"vector":[1,2]}]}"#, "points[0].id"),
        (#"{"points":[{"id":"","vector":[1,2]}]}"#, "points[0].id"),
        (#"{"points":[{"id":1,"vector":[1,2],"payload":[]}]}"#, "points[0].payload"),
        (#"{"points":[{"id":1,"vector":{"image":[1,2]}}]}"#, "points[0].vector"),
        (#"{"points":[{"id":1,"vector":{"indices":[1],"values":[1]}}]}"#, "points[0].vector"),
        (#"{"points":[{"id":1,"vector":[[1,2]]}]}"#, "points[0].vector"),
        (#"{"points":{}}"#, "points"), (#"{}"#, "points"),
        (#"{"batch":{"ids":[1],"vectors":[]}}"#, "batch.vectors"),
        (#"{"batch":{"ids":[1],"vectors":[[1,2]],"payloads":[]}}"#, "batch.payloads"),
        (#"{"points":[],"update_filter":{"must":[{"has_id":[1]}]}}"#, "update_filter"),
    ])
    func whatIsNoPointIsRefusedByName(body: String, field: String) async throws {
        try await TestServer.with { server in
            try await server.fill([[0, 0]])
            let reply = try await server.send(.put, "/collections/c/points", body)
            #expect(reply.status == 400)
            #expect(reply.error("field") == field)
            // Nothing of it was stored.
            #expect(try await server.result(.post, "/collections/c/points/count", "{}")["count"] == .integer(1))
        }
    }

    @Test func pointsAreDeletedByNameAndByFilter() async throws {
        try await TestServer.with { server in
            try await server.fill([[0], [1], [2], [3]], [#"{"a":1}"#, #"{"a":2}"#, #"{"a":1}"#, #"{"a":2}"#])
            try await server.result(.post, "/collections/c/points/delete?wait=true", #"{"points":[0,77]}"#)
            try await server.result(
                .post, "/collections/c/points/delete", #"{"filter":{"must":[{"key":"a","match":{"value":2}}]}}"#)
            #expect(try await server.result(.post, "/collections/c/points/scroll")["points"]?.ids == [2])
            for body in [#"{}"#, #"{"points":[1],"filter":{}}"#] {
                let reply = try await server.send(.post, "/collections/c/points/delete", body)
                #expect(reply.status == 400)
                #expect(reply.error("field") == "points")
            }
            #expect(try await server.result(.post, "/collections/c/points/count", "{}")["count"] == .integer(1))
        }
    }

    @Test func aMissingPointIs404() async throws {
        try await TestServer.with { server in
            try await server.fill([[0]])
            let reply = try await server.send(.get, "/collections/c/points/9")
            #expect(reply.status == 404)
            #expect(reply.error("code") == "no_point")
            #expect(
                try await server.send(.get, "/collections/c/points/\(String(repeating: "x", count: 257))").status == 400
            )
            #expect(try await server.send(.get, "/collections/c/points/%ff").status == 400)
        }
    }

    @Test func pagesFollowEachOther() async throws {
        try await TestServer.with { server in
            try await server.fill((0..<25).map { [Float($0)] }, (0..<25).map { #"{"n":\#(24 - $0)}"# })
            var seen: [Int64] = []
            var offset = JSON.null
            repeat {
                let page = try await server.result(
                    .post, "/collections/c/points/scroll",
                    #"{"limit":10,"offset":\#(String(decoding: offset.encoded, as: UTF8.self)),"with_payload":false}"#)
                seen += page["points"]?.ids ?? []
                #expect(page["points"]?[0]?["payload"] == nil)
                offset = page["next_page_offset"] ?? .null
            } while offset != .null
            #expect(seen == Array(0..<25))
            let ordered = try await server.result(
                .post, "/collections/c/points/scroll",
                #"{"limit":3,"order_by":{"key":"n","direction":"desc","start_from":20}}"#)
            #expect(ordered["points"]?.ids == [4, 5, 6])
            #expect(ordered["points"]?[0]?["order_value"] == .number(20))
            #expect(ordered["next_page_offset"] == .null)
            for (body, field) in [
                (#"{"limit":0}"#, "limit"), (#"{"order_by":{"key":"n","direction":"up"}}"#, "order_by.direction"),
                (#"{"order_by":"n","offset":3}"#, "offset"), (#"{"offset":-1}"#, "offset"),
            ] {
                let reply = try await server.send(.post, "/collections/c/points/scroll", body)
                #expect(reply.status == 400)
                #expect(reply.error("field") == field)
            }
        }
    }

    @Test func payloadsAreSetReplacedDeletedAndCleared() async throws {
        try await TestServer.with { server in
            try await server.fill([[0], [1]], [#"{"a":1,"b":2}"#, #"{"a":1}"#])
            func payload(_ id: Int) async throws -> JSON? {
                try await server.result(.get, "/collections/c/points/\(id)")["payload"]
            }
            try await server.result(
                .post, "/collections/c/points/payload?wait=true", #"{"payload":{"b":3,"c":{"d":1}},"points":[0]}"#)
            #expect(
                try await payload(0)
                    == .object(["a": .integer(1), "b": .integer(3), "c": .object(["d": .integer(1)])]))
            try await server.result(
                .post, "/collections/c/points/payload", #"{"payload":{"e":2},"key":"c","points":[0]}"#)
            #expect(try await payload(0)?["c"] == .object(["d": .integer(1), "e": .integer(2)]))
            try await server.result(.post, "/collections/c/points/payload/delete", #"{"keys":["a","c"],"points":[0]}"#)
            #expect(try await payload(0) == .object(["b": .integer(3)]))
            try await server.result(
                .put, "/collections/c/points/payload",
                #"{"payload":{"z":true},"filter":{"must":[{"key":"a","match":{"value":1}}]}}"#)
            #expect(try await payload(1) == .object(["z": .bool(true)]))
            #expect(try await payload(0) == .object(["b": .integer(3)]))
            try await server.result(.post, "/collections/c/points/payload/clear", #"{"points":[0]}"#)
            #expect(try await payload(0) == .object([:]))
            let reply = try await server.send(
                .put, "/collections/c/points/payload", #"{"payload":{},"key":"a","points":[0]}"#)
            #expect(reply.error("field") == "key")
        }
    }

    @Test func severalWritesGoInOneRequest() async throws {
        try await TestServer.with { server in
            try await server.fill([[0], [1]])
            let result = try await server.result(
                .post, "/collections/c/points/batch",
                """
                {"operations":[{"upsert":{"points":[{"id":7,"vector":[7]}]}},{"delete":{"points":[0]}},
                {"set_payload":{"payload":{"a":1},"points":[7,1]}},{"delete_payload":{"keys":["a"],"points":[1]}}]}
                """)
            #expect(result.elements.count == 4)
            let page = try await server.result(.post, "/collections/c/points/scroll")
            #expect(page["points"]?.ids == [1, 7])
            #expect(page["points"]?[1]?["payload"] == .object(["a": .integer(1)]))
            #expect(page["points"]?[0]?["payload"] == .object([:]))
            let reply = try await server.send(
                .post, "/collections/c/points/batch",
                #"{"operations":[{"delete":{"points":[1]}},{"update_vectors":{"points":[]}}]}"#)
            #expect(reply.error("field") == "operations[1].update_vectors")
            #expect(try await server.result(.post, "/collections/c/points/count")["count"] == .integer(2))
        }
    }

    @Test func soManyVectorsAreInOneReply() async throws {
        var limits = ServerLimits()
        limits.replyNumbers = 6
        try await TestServer.with(limits: limits) { server in
            try await server.fill([[0, 0], [1, 1], [2, 2], [3, 3]])
            let requests = [
                ("/collections/c/points", #"{"ids":[0,1,2,3],"with_vector":true}"#),
                ("/collections/c/points/scroll", #"{"limit":4,"with_vector":true}"#),
                ("/collections/c/points/query", #"{"query":[1,1],"limit":4,"with_vector":true}"#),
                (
                    "/collections/c/points/query/batch",
                    #"{"searches":[{"query":[1,1],"limit":2,"with_vector":true},{"query":[1,1],"limit":2,"with_vector":true}]}"#
                ),
            ]
            for (path, body) in requests {
                let reply = try await server.send(.post, path, body)
                #expect(reply.status == 422, "\(path)")
                #expect(reply.error("field") == "with_vector")
                try await server.result(.post, path, body.replacing("true", with: "false"))
                try await server.result(
                    .post, path,
                    body.replacing("[0,1,2,3]", with: "[0,1]").replacing("4", with: "3").replacing("2,", with: "1,"))
            }
        }
    }

    /// Those of examples count, and those of points that a page passes over.
    @Test func soManyVectorsAreLoadedAtOnce() async throws {
        var limits = ServerLimits()
        limits.replyNumbers = 6
        try await TestServer.with(limits: limits) { server in
            try await server.fill([[0, 0], [1, 1], [2, 2], [3, 3]])
            let path = "/collections/c/points/"
            for (kind, refused, served, field) in [
                ("recommend", #"{"positive":[0,1,2],"negative":[3],"limit":1}"#, "3", "positive"),
                (
                    "query/batch", #"{"searches":[{"query":0},{"query":1},{"query":2},{"query":3}]}"#, "3",
                    "searches"
                ),
                ("query", #"{"limit":2,"offset":2,"with_vector":true}"#, "2", "with_vector"),
                ("query", #"{"query":0,"limit":2,"offset":1,"with_vector":true}"#, "2", "with_vector"),
            ] {
                let reply = try await server.send(.post, path + kind, refused)
                #expect(reply.status == 422, "\(refused)")
                #expect(reply.error("field") == field)
                try await server.result(.post, path + kind, refused.replacing(served, with: "1"))
            }
        }
    }

    @Test func tooManyPointsAreRefused() async throws {
        var limits = ServerLimits()
        limits.points = 2
        limits.answers = 5
        try await TestServer.with(limits: limits) { server in
            try await server.fill([[0]])
            let reply = try await server.send(.post, "/collections/c/points", #"{"ids":[1,2,3]}"#)
            #expect(reply.status == 422)
            #expect(reply.error("field") == "ids")
            #expect(try await server.send(.post, "/collections/c/points/scroll", #"{"limit":6}"#).status == 400)
        }
    }
}
