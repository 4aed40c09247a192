import Akin
import AkinServer
import AkinStore
import AkinVision
import Foundation
import Testing

@Suite("Searching by picture") struct ImageSearchTests {
    /// Greys from black to white, every third with the label "third".
    private static func fill(_ images: ImageServer) async throws {
        let pictures = (0..<20).map { number -> RGBImage in
            let grey = UInt8(number * 10)
            return picture(grey, grey, grey)
        }
        let payloads = (0..<20).map { number -> String in
            let label = number % 3 == 0 ? "third" : "other"
            return #"{"label":"\#(label)","number":\#(number)}"#
        }
        try await images.store(pictures, payloads: payloads)
    }

    @Test func theNearestComeFirstWithScoresAndPayloads() async throws {
        try await ImageServer.with { images in
            try await Self.fill(images)
            let reply = try await images.send(
                .post, "/v1/collections/c/search/image?limit=3", bytes: try picture(72, 72, 72).png())
            let result = try #require(reply.json["result"], "\(reply.text)")
            let hits = result["hits"]?.elements ?? []
            #expect(result["hits"]?.ids == [7, 8, 6])
            #expect(hits[0]["payload"]?["number"] == .integer(7))
            #expect(hits[0]["image"] == .bool(true))
            #expect(abs((hits[0]["score"]?.double ?? 9) - 3 * pow(2.0 / 255, 2)) < 1e-6)
            #expect(result["exact"] == .bool(true))
            #expect(result["plan"] == .string("unfiltered"))
        }
    }

    @Test func aFormCarriesFilterAndLimit() async throws {
        try await ImageServer.with { images in
            try await Self.fill(images)
            let filter = #"{"must":[{"key":"label","match":{"value":"third"}}]}"#
            let form = try await images.send(
                form: [
                    ("filter", Array(filter.utf8)), ("limit", Array("2".utf8)),
                    ("image", try picture(72, 72, 72).png()),
                ], to: "/v1/collections/c/search/image")
            #expect(form.json["result"]?["hits"]?.ids == [6, 9], "\(form.text)")
            #expect(form.json["result"]?["plan"] == .string("matches first"))
            let escaped = filter.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
            let query = try await images.send(
                .post, "/v1/collections/c/search/image?limit=2&filter=\(escaped)", bytes: try picture(72, 72, 72).png())
            #expect(query.json["result"]?["hits"] == form.json["result"]?["hits"])
        }
    }

    @Test func whatLooksLikeAStoredPictureLeavesItselfOut() async throws {
        try await ImageServer.with { images in
            try await Self.fill(images)
            let all = try await images.server.result(.get, "/v1/collections/c/points/5/similar?limit=19")
            #expect(all["hits"]?.ids.prefix(4) == [4, 6, 3, 7])
            #expect(all["hits"]?.ids.count == 19)
            var pages: [Int64] = []
            for offset in stride(from: 0, to: 19, by: 4) {
                let page = try await images.server.result(
                    .get, "/v1/collections/c/points/5/similar?limit=4&offset=\(offset)")
                pages += page["hits"]?.ids ?? []
            }
            #expect(pages == all["hits"]?.ids)
            #expect(try await images.server.send(.get, "/v1/collections/c/points/99/similar").status == 404)
        }
    }

    @Test func neighboursWithALabelVote() async throws {
        try await ImageServer.with { images in
            try await images.store(
                [10, 20, 30, 90, 100, 110].map { picture($0, $0, $0) },
                payloads: [
                    #"{"label":"dark"}"#, #"{"label":"dark"}"#, "{}", #"{"label":"light"}"#, #"{"label":"light"}"#,
                    #"{"label":"light"}"#,
                ])
            let query = try picture(24, 24, 24).png()
            func ask(_ parameters: String) async throws -> JSON {
                let reply = try await images.send(.post, "/v1/collections/c/classify/image?" + parameters, bytes: query)
                return try #require(reply.json["result"], "\(reply.text)")
            }
            // The nearest but one has no label; the third of those with one is light.
            let three = try await ask("k=3")
            #expect(three["label"] == .string("dark"))
            #expect(
                three["votes"]
                    == .array([
                        .object(["label": .string("dark"), "count": .integer(2)]),
                        .object(["label": .string("light"), "count": .integer(1)]),
                    ]))
            #expect(three["hits"]?.ids == [1, 0, 3])
            #expect(try await ask("k=5")["label"] == .string("light"))
            // Near ones weigh more.
            #expect(try await ask("k=5&vote=softmax")["label"] == .string("dark"))
            // Two against two: the nearer side.
            #expect(try await ask("k=4&with_payload=false")["label"] == .string("dark"))
            #expect(try await ask("k=5&field=colour")["label"] == .null)
        }
    }

    @Test(arguments: [
        ("limit=0", "limit"), ("limit=x", "limit"), ("limit=10001", "limit"), ("limit=9999&offset=2", "offset"),
        ("filter=%7B", "filter"), ("filter=%7B%22must%22:3%7D", "filter.must"), ("with_payload=yes", "with_payload"),
        ("surprise=1", "surprise"), ("limit=1&limit=2", "limit"),
    ])
    func wrongParametersAreNamed(parameters: String, field: String) async throws {
        try await ImageServer.with { images in
            let reply = try await images.send(
                .post, "/v1/collections/c/search/image?" + parameters, bytes: try picture(1, 1, 1).png())
            #expect((400..<500).contains(reply.status), "\(reply.text)")
            #expect(reply.error("field") == field, "\(reply.text)")
        }
    }
}
