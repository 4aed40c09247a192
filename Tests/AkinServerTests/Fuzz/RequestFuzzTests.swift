import AkinServer
import AkinStore
import AkinTestSupport
import Foundation
import Hummingbird
import HummingbirdTesting
import Testing

/// Valid requests, damaged at random: whatever comes, the server says what is wrong and goes on.
@Suite struct RequestFuzzTests {
    private static let filter =
        #"{"must":[{"key":"a","match":{"value":"x"}},{"key":"n","range":{"gt":1,"lte":5e3}},{"has_id":[1,2]},{"is_empty":{"key":"b.c"}},{"nested":{"key":"p[]","filter":{"must_not":[{"key":"q","match":{"any":[1,2]}}]}}}],"should":[{"key":"t","range":{"gte":"2024-01-01T00:00:00Z"}}],"min_should":{"min_count":1,"conditions":[{"is_null":{"key":"z"}},{"key":"a","values_count":{"gt":0}}]}}"#

    private static let seeds: [(HTTPRequest.Method, String, String)] = [
        (
            .put, "/collections/d",
            #"{"vectors":{"size":4,"distance":"Cosine","hnsw_config":{"m":8}},"index":"HNSW8","optimizers_config":{"indexing_threshold":5}}"#
        ),
        (.get, "/collections/c", ""), (.get, "/collections", ""), (.delete, "/collections/d", ""),
        (.get, "/collections/c/exists", ""), (.patch, "/collections/c", #"{"hnsw_config":{"m":4}}"#),
        (
            .put, "/collections/c/points?wait=true",
            #"{"points":[{"id":1,"vector":[1,-2.5e-3,0,4],"payload":{"a":"x","n":3,"p":[{"q":1}]}},{"id":"936da01f-9abd-4d9d-80c7-02af85c822a8","vector":[1,1,1,1]}]}"#
        ),
        (
            .put, "/collections/c/points",
            #"{"batch":{"ids":[5,6],"vectors":[[1,2,3,4],[5,6,7,8]],"payloads":[{"a":"y"},null]}}"#
        ),
        (.post, "/collections/c/points", #"{"ids":[1,5,"x"],"with_payload":["a","p[].q"],"with_vector":true}"#),
        (.get, "/collections/c/points/5", ""),
        (.post, "/collections/c/points/delete", #"{"filter":{"must":[{"has_id":[77]}]}}"#),
        (
            .post, "/collections/c/points/scroll",
            #"{"limit":3,"offset":1,"filter":\#(filter),"with_payload":{"exclude":["a"]}}"#
        ),
        (
            .post, "/collections/c/points/scroll",
            #"{"limit":3,"order_by":{"key":"n","direction":"desc","start_from":3.5}}"#
        ),
        (.post, "/collections/c/points/count", #"{"filter":\#(filter),"exact":true}"#),
        (
            .post, "/collections/c/points/search",
            #"{"vector":[1,2,3,4],"limit":3,"offset":1,"score_threshold":-5,"filter":\#(filter),"with_payload":true,"params":{"hnsw_ef":10,"exact":false}}"#
        ),
        (
            .post, "/collections/c/points/search/batch",
            #"{"searches":[{"vector":[1,2,3,4],"limit":3},{"vector":[0,0,0,0],"limit":1}]}"#
        ),
        (
            .post, "/collections/c/points/query",
            #"{"query":{"recommend":{"positive":[1,[1,2,3,4]],"negative":[5]}},"limit":3,"using":""}"#
        ),
        (
            .post, "/collections/c/points/query/batch",
            #"{"searches":[{"query":5,"limit":2},{"query":{"nearest":[1,0,0,0]}},{"limit":2}]}"#
        ),
        (
            .post, "/collections/c/points/recommend",
            #"{"positive":[1,5],"negative":[[1,1,1,1]],"limit":3,"strategy":"average_vector"}"#
        ),
        (.post, "/collections/c/points/payload", #"{"payload":{"a":{"b":[1,null,true]}},"points":[1,5],"key":"p"}"#),
        (.put, "/collections/c/points/payload", #"{"payload":{"a":"x"},"filter":\#(filter)}"#),
        (.post, "/collections/c/points/payload/delete", #"{"keys":["a","p[].q"],"points":[1]}"#),
        (.post, "/collections/c/points/payload/clear", #"{"points":[5]}"#),
        (
            .post, "/collections/c/points/batch",
            #"{"operations":[{"upsert":{"points":[{"id":1,"vector":[1,2,3,4]}]}},{"set_payload":{"payload":{"n":2},"points":[1]}},{"delete":{"points":[9]}}]}"#
        ),
        (.put, "/collections/c/index", #"{"field_name":"a","field_schema":{"type":"keyword"}}"#),
        (.delete, "/collections/c/index/a", ""), (.get, "/collections/c/snapshots", ""),
        (.put, "/collections/c/snapshots/recover", #"{"location":"file:///x/c-0.snapshot","checksum":"00"}"#),
        (.get, "/metrics", ""), (.get, "/", ""), (.get, "/readyz", ""),
    ]

    private static let values = [
        "null", "true", "-1", "0", "1", "1e308", "-1e-320", "18446744073709551615", "18446744073709551616", "1.5",
        "9223372036854775808", "-9223372036854775809", #""""#, #""\u0000""#, #""\ud800""#, #""a..b[]""#, #""\u202e😀""#,
        "[]", "{}", "[[]]",
        #"{"":{}}"#, "[null]", "[1,2,3,4]", #"{"key":"a"}"#, #"{"must":[{}]}"#, "NaN", "-", "\"", "1,", #"{"a":"#,
        "[" + String(repeating: "0,", count: 5_000) + "0]",
        String(repeating: "[", count: 70) + String(repeating: "]", count: 70),
        "\"" + String(repeating: "x", count: 3_000) + "\"",
    ]
    private static let pathParts = [
        "..", ".", "%2e%2e", "%2f", "%00", "%ff", "%", "%zz", "é", "c", "d", "0", "-1", "18446744073709551616", "", " ",
        "points", "a%0d%0aX:1", "😀", String(repeating: "y", count: 300), "?", "#", ":id", "*", "{}", "recover",
    ]

    private static func damaged(_ seed: (HTTPRequest.Method, String, String), _ random: inout SeededRandom)
        -> (HTTPRequest.Method, String, [UInt8], HTTPFields)
    {
        var (method, path, body) = seed
        var headers: HTTPFields = [:]
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            switch Int.random(in: 0..<10, using: &random) {
            case 0:
                var parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
                parts[Int.random(in: 0..<parts.count, using: &random)] = pathParts.randomElement(using: &random) ?? ""
                path = parts.joined(separator: "/")
            case 1: path += "?" + (pathParts.randomElement(using: &random) ?? "") + "=1&limit=-1&wait=maybe"
            case 2:
                method = [.get, .put, .post, .delete, .patch, .head, .options].randomElement(using: &random) ?? .get
            case 3:
                headers[.contentType] = ["text/html", "multipart/form-data; boundary=x", ""].randomElement(
                    using: &random)
                headers[.accept] = "text/html"
            case 4: body = seeds.randomElement(using: &random)?.2 ?? ""
            default: body = replaced(body, &random)
            }
        }
        var bytes = Array(body.utf8)
        if !bytes.isEmpty, Int.random(in: 0..<4, using: &random) == 0 {
            let place = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
            case 1: bytes.removeSubrange(place...)
            case 2: bytes.remove(at: place)
            default: bytes.insert(contentsOf: bytes[place...].prefix(20), at: place)
            }
        }
        return (method, path, bytes, headers)
    }

    /// Puts another value in the place of one of the body's numbers, strings or words, or another name in that of a key.
    private static func replaced(_ body: String, _ random: inout SeededRandom) -> String {
        let tokens = body.ranges(of: /"[^"]*"|-?[0-9][0-9.e+-]*|true|false|null|\[[0-9.,-]*\]/)
        guard let token = tokens.randomElement(using: &random) else {
            return values.randomElement(using: &random) ?? ""
        }
        return body.replacingCharacters(in: token, with: values.randomElement(using: &random) ?? "")
    }

    @Test func whateverComesIsAnsweredOrRefused() async throws {
        let count = ProcessInfo.processInfo.environment["AKIN_FUZZ_REQUESTS"].flatMap { Int($0) } ?? 2_000
        try await TestServer.with { server in
            try await server.fill([[1, 0, 0, 0], [0, 1, 0, 0]])
            var random = SeededRandom(seed: 77)
            var statuses: [Int: Int] = [:]
            for i in 0..<count {
                let seed = Self.seeds[i % Self.seeds.count]
                let (method, path, body, headers) = Self.damaged(seed, &random)
                let reply = try await server.client.execute(
                    uri: path, method: method, headers: headers, body: body.isEmpty ? nil : ByteBuffer(bytes: body)
                ) { TestReply(response: $0) }
                statuses[reply.status, default: 0] += 1
                let request = "\(method) \(path) \(String(decoding: body.prefix(500), as: UTF8.self))"
                #expect(reply.status < 500 || reply.status == 503, "\(request)\n\(reply.text.prefix(300))")
                if reply.status >= 400, method != .head {
                    #expect(reply.error("code")?.isEmpty == false, "\(request)\n\(reply.text.prefix(300))")
                }
                // Others may have been dropped on the way.
                if i % 50 == 0 {
                    _ = try await server.send(.put, "/collections/c", #"{"vectors":{"size":4,"distance":"Dot"}}"#)
                }
            }
            // The damage is such that some of all kinds remain.
            #expect((statuses[200] ?? 0) > count / 20, "\(statuses)")
            #expect((statuses[400] ?? 0) > count / 10, "\(statuses)")
        }
    }
}
