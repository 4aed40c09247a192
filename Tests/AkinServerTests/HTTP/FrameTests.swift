import AkinServer
import AkinStore
import Foundation
import Hummingbird
import HummingbirdTesting
import Testing

@Suite struct FrameTests {
    private static let requestID = HTTPFields.Element.Name("x-request-id") ?? .origin

    @Test func everyReplyHasARequestsName() async throws {
        try await TestServer.with { server in
            let given = try await server.send(.get, "/collections", headers: [Self.requestID: "order-7"])
            #expect(given.response.headers[Self.requestID] == "order-7")
            let a = try await server.send(.get, "/nowhere").response.headers[Self.requestID]
            let b = try await server.send(.get, "/collections").response.headers[Self.requestID]
            #expect(a != nil && b != nil && a != b)
            // A name that could break a line of the log is not taken over.
            let odd = try await server.send(.get, "/", headers: [Self.requestID: "a b"])
            #expect(odd.response.headers[Self.requestID] != "a b")
        }
    }

    @Test func unknownPathsAndMethodsAreToldApart() async throws {
        try await TestServer.with { server in
            let nowhere = try await server.send(.get, "/nowhere")
            #expect(nowhere.status == 404)
            #expect(nowhere.error("code") == "no_route")
            let method = try await server.send(.post, "/collections/c/exists", "{}")
            #expect(method.status == 405)
            #expect(method.response.headers[.allow] == "GET")
            #expect(method.error("code") == "method")
            #expect(try await server.send(.head, "/healthz").status == 200)
        }
    }

    @Test func theVersionIsForClientsAndThePageForBrowsers() async throws {
        try await TestServer.with { server in
            let version = try await server.send(.get, "/", headers: [.accept: "*/*"])
            #expect(version.json["version"] == .string("1.20.0"))
        }
        let environment = ServerEnvironment(service: MemoryService())
        let routes = Routes.qdrant(environment) { _, _ in Reply.bytes("<p>".utf8, type: "text/html") }
        let application = try ServerOptions().application(routes, environment, logger: .init(label: "test"))
        try await application.test(.router) { client in
            let page = try await client.execute(uri: "/", method: .get, headers: [.accept: "text/html,*/*;q=0.8"])
            #expect(String(buffer: page.body) == "<p>")
            let version = try await client.execute(uri: "/", method: .get, headers: [.accept: "application/json"])
            #expect(String(buffer: version.body).contains("1.20.0"))
        }
    }

    @Test(arguments: [
        (StoreError.diskFull("x"), 507, "disk_full"), (.storage("x"), 500, "storage"),
        (.unavailable("x"), 503, "unavailable"), (.spaceMismatch(expected: "a", actual: "b"), 422, "space_mismatch"),
        (.invalid(field: "vector", expected: "a", actual: "b"), 400, "invalid"),
    ])
    func errorsOfTheStoreHaveAStatus(error: StoreError, status: Int, code: String) async throws {
        try await TestServer.with(MemoryService { _ in throw error }) { server in
            try await server.fill([[1]])
            let reply = try await server.send(.post, "/collections/c/points/search", #"{"vector":[1],"limit":1}"#)
            #expect(reply.status == status)
            #expect(reply.error("code") == code)
            #expect(reply.json["result"] == .null)
            #expect((reply.response.headers[.retryAfter] != nil) == (status == 503))
        }
    }

    @Test func anErrorNobodyForesawSaysNothingOfTheInside() async throws {
        struct Secret: Error { let path = "/secret" }
        try await TestServer.with(MemoryService { _ in throw Secret() }) { server in
            try await server.fill([[1]])
            let reply = try await server.send(.post, "/collections/c/points/search", #"{"vector":[1],"limit":1}"#)
            #expect(reply.status == 500)
            #expect(reply.error("code") == "internal")
            #expect(!reply.text.contains("ecret"))
        }
    }

    @Test func aRefusedCallMayBeTriedAgain() async throws {
        let service = MemoryService { _ in throw Overload("busy", retryAfterSeconds: 7) }
        try await TestServer.with(service) { server in
            try await server.fill([[1]])
            let reply = try await server.send(.post, "/collections/c/points/search", #"{"vector":[1],"limit":1}"#)
            #expect(reply.status == 429)
            #expect(reply.error("code") == "overloaded")
            #expect(reply.response.headers[.retryAfter] == "7")
        }
    }

    @Test func keysOpenWhatTheyAreFor() async throws {
        let keys = AccessKeys(full: ["all"], readOnly: ["read", "peek"])
        try await TestServer.with(keys: keys) { server in
            let apiKey = HTTPFields.Element.Name("api-key") ?? .origin
            let create = #"{"vectors":{"size":1,"distance":"Dot"}}"#
            for path in ["/", "/healthz", "/livez", "/readyz"] {
                #expect(try await server.send(.get, path).status == 200)
            }
            for headers: HTTPFields in [
                [:], [apiKey: "al"], [apiKey: "alll"], [apiKey: ""], [.authorization: "Bearer "],
                [.authorization: "Basic all"], [.authorization: "all"],
            ] {
                for path in ["/collections", "/metrics", "/collections/c"] {
                    let reply = try await server.send(.get, path, headers: headers)
                    #expect(reply.status == 401)
                    #expect(reply.error("code") == "unauthorized")
                }
            }
            #expect(try await server.send(.put, "/collections/c", create, headers: [apiKey: "all"]).status == 200)
            for headers: HTTPFields in [[apiKey: "read"], [.authorization: "bearer peek"]] {
                #expect(try await server.send(.get, "/collections/c", headers: headers).status == 200)
                let count = try await server.send(.post, "/collections/c/points/count", "{}", headers: headers)
                #expect(count.status == 200)
                let writes: [(HTTPRequest.Method, String)] = [
                    (.put, "/collections/d"), (.delete, "/collections/c"), (.patch, "/collections/c"),
                    (.put, "/collections/c/points"), (.post, "/collections/c/points/delete"),
                    (.post, "/collections/c/points/batch"), (.post, "/collections/c/points/payload"),
                    (.put, "/collections/c/points/payload"), (.post, "/collections/c/points/payload/delete"),
                    (.post, "/collections/c/points/payload/clear"), (.put, "/collections/c/index"),
                    (.delete, "/collections/c/index/a"), (.post, "/collections/c/snapshots"),
                    (.delete, "/collections/c/snapshots/s"), (.put, "/collections/c/snapshots/recover"),
                    (.post, "/collections/c/snapshots/upload"),
                ]
                for (method, path) in writes {
                    let reply = try await server.send(method, path, create, headers: headers)
                    #expect(reply.status == 403, "\(method) \(path)")
                    #expect(reply.error("code") == "read_only")
                }
            }
            #expect(
                try await server.send(.delete, "/collections/c", headers: [.authorization: "Bearer all"]).status == 200)
        }
    }

    @Test func bodiesHaveALength() async throws {
        var limits = ServerLimits()
        limits.bodyBytes = 1_000
        try await TestServer.with(limits: limits) { server in
            try await server.fill([[1]])
            let long = #"{"ids":["# + String(repeating: "1,", count: 500) + "1]}"
            let reply = try await server.send(.post, "/collections/c/points", long)
            #expect(reply.status == 413)
            #expect(reply.error("field") == "body")
        }
    }

    @Test func allBodiesTogetherHaveALengthAndItIsGivenBack() async throws {
        var limits = ServerLimits()
        limits.bodyBytesTogether = 400
        try await TestServer.with(limits: limits) { server in
            try await server.fill([[1]])
            let long = #"{"ids":["# + String(repeating: "1,", count: 300) + "1]}"
            #expect(try await server.send(.post, "/collections/c/points", long).status == 429)
            for _ in 0..<50 {
                #expect(
                    try await server.send(.post, "/collections/c/points", #"{"ids":[1,2,3,4,5,6,7,8,9]}"#).status == 200
                )
            }
            let metrics = try await server.send(.get, "/metrics").text
            #expect(metrics.contains("akin_http_body_bytes 0\n"))
        }
    }

    @Test func soManyRequestsAreAnsweredAtOnce() async throws {
        var limits = ServerLimits()
        limits.requests = 3
        // Searches wait until the test lets them go.
        let (waiting, arrived) = AsyncStream.makeStream(of: Void.self)
        let (gate, opener) = AsyncStream.makeStream(of: Void.self)
        let service = MemoryService { _ in
            arrived.yield()
            for await _ in gate {}
        }
        try await TestServer.with(service, limits: limits) { server in
            try await server.fill([[1]])
            @Sendable func search() async throws -> TestReply {
                try await server.send(.post, "/collections/c/points/search", #"{"vector":[1],"limit":1}"#)
            }
            try await withThrowingTaskGroup(of: TestReply.self) { group in
                for _ in 0..<3 { group.addTask { try await search() } }
                var waiters = waiting.makeAsyncIterator()
                for _ in 0..<3 { await waiters.next() }
                let refused = try await search()
                #expect(refused.status == 429)
                #expect(refused.response.headers[.retryAfter] == "1")
                opener.finish()
                for try await reply in group { #expect(reply.status == 200) }
            }
            #expect(try await search().status == 200)
        }
    }

    @Test func metricsCountWhatWasAnswered() async throws {
        try await TestServer.with { server in
            try await server.fill([[1], [2], [3]])
            for _ in 0..<4 {
                try await server.result(.post, "/collections/c/points/search", #"{"vector":[1],"limit":1}"#)
            }
            _ = try await server.send(.post, "/collections/c/points/search", "{}")
            _ = try await server.send(.get, "/no/such/path")
            let text = try await server.send(.get, "/metrics").text
            let search = #"method="POST",path="/collections/{collection}/points/search",status="200""#
            #expect(text.contains("akin_http_request_seconds_count{\(search)} 4\n"))
            #expect(text.contains(#"akin_http_request_seconds_bucket{\#(search),le="+Inf"} 4\#n"#))
            #expect(text.contains(#"path="/collections/{collection}/points/search",status="400"} 1\#n"#))
            #expect(text.contains(#"akin_http_request_seconds_count{method="any",path="unknown",status="404"} 1\#n"#))
            #expect(text.contains(#"akin_collection_points{collection="c"} 3\#n"#))
            #expect(text.contains("akin_calls_waiting 2\n"))
            // Every line is a comment or a name, perhaps labels, and a number.
            for line in text.split(separator: "\n") where !line.hasPrefix("#") {
                #expect(line.wholeMatch(of: /[a-z_]+(\{.*\})? [0-9.e+-]+/) != nil, "\(line)")
            }
        }
    }

    @Test func theServerAnswersOverANetwork() async throws {
        try await TestServer.with(over: .live) { server in
            try await server.fill([[1], [2]])
            let hits = try await server.result(.post, "/collections/c/points/search", #"{"vector":[1],"limit":2}"#)
            #expect(hits.ids == [1, 0])
            let tooLong = try await server.send(
                .get, "/healthz", headers: [.userAgent: String(repeating: "x", count: 40_000)])
            #expect(tooLong.status == 400)
        }
    }
}
