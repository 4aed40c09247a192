import Akin
import AkinServer
import AkinStore
import AkinTestSupport
import AkinVision
import Foundation
import Testing

@Suite("Storing pictures") struct ImageUploadTests {
    @Test func aPictureBecomesAPointWithItsVectorPayloadAndFile() async throws {
        try await ImageServer.with { images in
            let file = try picture(255, 0, 51).png()
            let reply = try await images.send(
                form: [("payload", Array(#"{"label":"red"}"#.utf8)), ("image", file)], to: "/v1/collections/c/images/7",
                .put)
            #expect(reply.status == 200, "\(reply.text)")
            #expect(reply.json["result"]?["id"] == .integer(7))
            let point = try await images.server.result(.get, "/v1/collections/c/points/7?with_vector=true")
            #expect(
                point["vector"] == .array([.integer(1), .integer(0), .number(0.2)])
                    || point["vector"]?[2]?.double == 0.2)
            #expect(point["payload"]?["label"] == .string("red"))
            #expect(point["image"] == .bool(true))
            let stored = try await images.server.send(.get, "/v1/collections/c/points/7/image")
            #expect(Array(stored.response.body.readableBytesView) == file)
            #expect(stored.response.headers[.contentType] == "image/png")
        }
    }

    @Test func theBodyMayBeThePictureItself() async throws {
        try await ImageServer.with { images in
            let reply = try await images.send(
                .put, "/v1/collections/c/images/a%2Fb.jpg", bytes: try picture(1, 2, 3).jpeg(), type: "image/jpeg")
            #expect(reply.status == 200, "\(reply.text)")
            #expect(reply.json["result"]?["id"] == .string("a/b.jpg"))
        }
    }

    @Test func aPictureWithoutNameIsNamedByItsContent() async throws {
        try await ImageServer.with { images in
            let (a, b) = (try picture(9, 9, 9).png(), try picture(8, 9, 9).png())
            let reply = try await images.send(
                form: [("image", a), ("image", b), ("image", a)], to: "/v1/collections/c/images")
            let ids = reply.json["result"]?["ids"]?.elements ?? []
            #expect(ids.count == 3 && ids[0] == ids[2] && ids[0] != ids[1], "\(reply.text)")
            guard case .string(let name)? = ids.first else { throw StoreError.storage("no name") }
            #expect(UUID(uuidString: name) != nil && Array(name)[14] == "8")
            #expect(try await images.server.result(.get, "/v1/collections/c")["points"] == .integer(2))
        }
    }

    @Test func whatCannotBeReadIsNamedAndTheRestIsStored() async throws {
        try await ImageServer.with { images in
            let good = try picture(1, 1, 1).png()
            let reply = try await images.send(
                form: [
                    ("id", Array("1".utf8)), ("image", good), ("id", Array("2".utf8)), ("image", Array("no".utf8)),
                    ("id", Array("3".utf8)), ("image", Array(good.dropLast(30))), ("image", []),
                ], to: "/v1/collections/c/images")
            #expect(reply.status == 200)
            #expect(reply.json["result"]?["ids"]?.elements == [.integer(1)])
            let failed = reply.json["result"]?["failed"]?.elements ?? []
            #expect(failed.map { $0["id"] } == [.integer(2), .integer(3), nil])
            #expect(failed.map { $0["field"] } == [.string("image[1]"), .string("image[2]"), .string("image[3]")])
            #expect(failed[0]["code"] == .string("not_an_image"))
            #expect(failed[2]["code"] == .string("no_image"))
        }
    }

    @Test(arguments: [
        (Array("GIF89a is not read".utf8), 415, "not_an_image"),
        ([0xFF, 0xD8, 0xFF, 0xE0, 0, 16], 422, "damaged_image"),
        ([], 400, "invalid"),
    ])
    func onePictureThatCannotBeReadIsTheReplysError(bytes: [UInt8], status: Int, code: String) async throws {
        try await ImageServer.with { images in
            let reply = try await images.send(.put, "/v1/collections/c/images/1", bytes: bytes)
            #expect(reply.status == status, "\(reply.text)")
            #expect(reply.error("code") == code)
            #expect(try await images.server.result(.get, "/v1/collections/c")["points"] == .integer(0))
        }
    }

    @Test func pixelsAndBytesAreBounded() async throws {
        var limits = ServerLimits()
        limits.imagePixels = 100
        limits.bodyBytes = 4_000
        try await ImageServer.with(limits: limits) { images in
            let fits = try await images.send(
                .put, "/v1/collections/c/images/1", bytes: try picture(1, 1, 1, width: 10, height: 10).png())
            #expect(fits.status == 200)
            let large = try await images.send(
                .put, "/v1/collections/c/images/2", bytes: try picture(1, 1, 1, width: 101, height: 1).png())
            #expect(large.status == 413)
            #expect(large.error("code") == "image_too_large")
            #expect(large.error("actual") == "101 x 1")
            let long = try await images.send(
                .put, "/v1/collections/c/images/3", bytes: [UInt8](repeating: 1, count: 4_001))
            #expect(long.status == 413)
            #expect(long.error("field") == "body")
        }
    }

    @Test func vectorsOfAnotherOrigiNAreNotMixedIn() async throws {
        try await ImageServer.with { images in
            let file = try picture(1, 1, 1).png()
            // Made by Qdrant's path: nobody knows where its vectors come from.
            try await images.server.result(.put, "/collections/plain", #"{"vectors":{"size":3,"distance":"Cosine"}}"#)
            try await images.server.result(
                .put, "/v1/collections/other", #"{"dimension":3,"space":{"id":"elsewhere","name":"another model"}}"#)
            for (name, code) in [("plain", "space_unknown"), ("other", "space_mismatch")] {
                for path in ["images/1", "search/image", "classify/image"] {
                    let reply = try await images.send(
                        path == "images/1" ? .put : .post, "/v1/collections/\(name)/\(path)", bytes: file)
                    #expect(reply.status == 422, "\(reply.text)")
                    #expect(reply.error("code") == code)
                }
                #expect(try await images.server.result(.get, "/v1/collections/\(name)")["embeds"] == .bool(false))
            }
            let unknown = try await images.send(.put, "/v1/collections/nowhere/images/1", bytes: file)
            #expect(unknown.status == 404)
        }
    }

    @Test(
        arguments: [
            ([("picture", [1])], "picture"), ([("id", Array("1".utf8))], "image"),
            ([("id", []), ("image", [1])], "id"), ([("payload", Array("[]".utf8)), ("image", [1])], "payload"),
            ([("payload", Array("{".utf8)), ("image", [1])], "payload"),
            ([("image", [1]), ("id", Array("1".utf8))], "image"),
        ] as [([(String, [UInt8])], String)])
    func aWrongFormNamesItsField(form: [(String, [UInt8])], field: String) async throws {
        try await ImageServer.with { images in
            let reply = try await images.send(form: form, to: "/v1/collections/c/images")
            #expect(reply.status == 400, "\(reply.text)")
            #expect(reply.error("field") == field)
        }
    }

    @Test func anEmbedderThatLikesBatchesGetsEveryPictureOnce() async throws {
        let embedder = ColourEmbedder(batch: 4)
        try await ImageServer.with(embedder: embedder) { images in
            try await images.store((0..<30).map { picture(UInt8($0 * 8), 0, 0) })
            for i in [0, 13, 29] {
                let point = try await images.server.result(.get, "/v1/collections/c/points/\(i)?with_vector=true")
                #expect(point["vector"]?[0]?.double.map(Float.init) == Float(i * 8) / 255)
            }
            #expect(embedder.batches.reduce(0, +) == 30)
            #expect(embedder.batches.allSatisfy { $0 <= 4 })
        }
    }

    @Test func brokenFormsAreRefusedAndNeverAFault() async throws {
        var limits = ServerLimits()
        limits.bodyBytes = 100_000
        try await ImageServer.with(limits: limits) { images in
            var random = SplitMix64(seed: 7)
            let whole = ImageServer.body(
                [
                    ("id", Array("1".utf8)), ("payload", Array(#"{"label":"a"}"#.utf8)),
                    ("image", try picture(1, 2, 3).jpeg()),
                    ("image", try picture(3, 2, 1).png()),
                ], "x")
            for _ in 0..<1_500 {
                var body = whole
                for _ in 0..<Int.random(in: 1...4, using: &random) {
                    let at = Int.random(in: 0..<max(body.count, 1), using: &random)
                    switch Int.random(in: 0..<5, using: &random) {
                    case 0: body.removeLast(body.count - at)
                    case 1 where !body.isEmpty: body[at] = UInt8.random(in: 0...255, using: &random)
                    case 2: body.insert(contentsOf: "\r\n--x".utf8, at: min(at, body.count))
                    case 3: body.insert(contentsOf: body[..<min(at, body.count)].suffix(200), at: min(at, body.count))
                    default: body.replaceSubrange(min(at, body.count)..<min(at + 20, body.count), with: [])
                    }
                }
                let reply = try await images.send(
                    .post, "/v1/collections/c/images", bytes: body, type: "multipart/form-data; boundary=x")
                #expect(reply.status < 500, "\(reply.text)")
                if reply.status != 200 { #expect(reply.error("code") != nil) }
            }
        }
    }
}
