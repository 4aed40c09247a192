import AkinServer
import AkinStore
import Foundation
import Testing

@Suite("The size of replies") struct ReplySizeTests {
    /// Lends a server of 100 points with payloads of 1,000 bytes each, whose replies hold about ten of them.
    private static func with(_ body: @Sendable (TestServer) async throws -> Void) async throws {
        var limits = ServerLimits()
        limits.replyBytes = 10_500
        try await TestServer.with(limits: limits) { server in
            let text = String(repeating: "x", count: 970)
            try await server.fill(
                (0..<100).map { [Float($0), 1] }, (0..<100).map { #"{"n":\#($0),"text":"\#(text)"}"# })
            try await body(server)
        }
    }

    @Test("a page of large points is shorter and says where to go on")
    func pages() async throws {
        try await Self.with { server in
            var seen: [Int64] = []
            var start: Int64? = 0
            while let from = start {
                let page = try await server.result(
                    .post, "/collections/c/points/scroll", #"{"limit":60,"offset":\#(from)}"#)
                let ids = page["points"]?.ids ?? []
                #expect((5...11).contains(ids.count))
                seen += ids
                if case .integer(let next)? = page["next_page_offset"] { start = next } else { start = nil }
            }
            #expect(seen == Array(0..<100))
            // One larger than a reply is a page of its own.
            let text = String(repeating: "y", count: 20_000)
            try await server.result(
                .put, "/collections/c/points", #"{"points":[{"id":3,"vector":[1,1],"payload":{"text":"\#(text)"}}]}"#)
            let page = try await server.result(.post, "/collections/c/points/scroll", #"{"limit":60,"offset":3}"#)
            #expect(page["points"]?.ids == [3])
            #expect(page["next_page_offset"] == .integer(4))
        }
    }

    @Test("names alone are not counted as large points")
    func names() async throws {
        try await Self.with { server in
            let page = try await server.result(
                .post, "/collections/c/points/scroll", #"{"limit":100,"with_payload":false}"#)
            #expect(page["points"]?.ids == Array(0..<100))
        }
    }

    @Test(
        "what cannot be shorter is refused",
        arguments: [
            ("", "{\"ids\":[\((0..<40).map(String.init).joined(separator: ","))]}"),
            ("/search", #"{"vector":[1,1],"limit":40,"with_payload":true}"#),
            (
                "/search/batch",
                #"{"searches":[{"vector":[1,1],"limit":6,"with_payload":true},{"vector":[1,1],"limit":6,"with_payload":true}]}"#
            ),
        ])
    func refusals(path: String, body: String) async throws {
        try await Self.with { server in
            let reply = try await server.send(.post, "/collections/c/points" + path, body)
            #expect(reply.status == 422, "\(reply.text.prefix(300))")
            #expect(reply.error("code") == "reply_too_large")
            #expect(reply.error("expected")?.contains("10500") == true)
            // A part of it is given.
            let part = try await server.send(
                .post, "/collections/c/points/search", #"{"vector":[1,1],"limit":5,"with_payload":true}"#)
            #expect(part.json["result"]?.elements.count == 5)
        }
    }
}
