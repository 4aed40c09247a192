import AkinServer
import AkinStore
import AkinVision
import Hummingbird
import Testing

@Suite("Pictures that are given back") struct StoredImageTests {
    private static func decoded(_ reply: TestReply) throws -> RGBImage {
        try RGBImage(decoding: Array(reply.response.body.readableBytesView))
    }

    @Test func aThumbnailKeepsTheShapeAndIsNeverLarger() async throws {
        try await ImageServer.with { images in
            try await images.store([
                picture(200, 10, 10, width: 1000, height: 500), picture(10, 200, 10, width: 3, height: 900),
                picture(10, 10, 200, width: 20, height: 10),
            ])
            for (id, size, shape) in [
                (0, 128, (128, 64)), (0, 256, (256, 128)), (1, 128, (1, 128)), (2, 128, (20, 10)), (0, nil, (256, 128)),
            ] {
                let query = size.map { "?size=\($0)" } ?? ""
                let reply = try await images.server.send(.get, "/v1/collections/c/points/\(id)/thumbnail\(query)")
                #expect(reply.response.headers[.contentType] == "image/jpeg")
                let small = try Self.decoded(reply)
                #expect((small.width, small.height) == shape)
                #expect(abs(Int(small.pixels[0]) - (id == 0 ? 200 : 10)) < 8)
            }
            #expect(try await images.server.send(.get, "/v1/collections/c/points/0/thumbnail?size=100").status == 400)
        }
    }

    @Test func aReplacedPictureIsSeenAtOnce() async throws {
        try await ImageServer.with { images in
            try await images.store([picture(255, 0, 0)])
            let path = "/v1/collections/c/points/0/thumbnail"
            let before = try await images.server.send(.get, path)
            let tag = try #require(before.response.headers[.eTag])
            #expect(try await images.server.send(.get, path, headers: [.ifNoneMatch: tag]).status == 304)
            try await images.store([picture(0, 0, 255)])
            let after = try await images.server.send(.get, path, headers: [.ifNoneMatch: tag])
            #expect(after.status == 200)
            #expect(try Self.decoded(after).pixels[2] > 200)
        }
    }

    @Test func whatIsNotThereIsToldApart() async throws {
        try await ImageServer.with { images in
            try await images.server.result(
                .put, "/collections/c/points?wait=true", #"{"points":[{"id":1,"vector":[0,0,0]}]}"#)
            for what in ["image", "thumbnail"] {
                let none = try await images.server.send(.get, "/v1/collections/c/points/1/\(what)")
                #expect((none.status, none.error("code")) == (404, "no_image"))
                let point = try await images.server.send(.get, "/v1/collections/c/points/2/\(what)")
                #expect((point.status, point.error("code")) == (404, "no_point"))
            }
        }
    }

    @Test func thumbnailsStayWithinTheirMemory() {
        let cache = ThumbnailCache(capacity: 1_000)
        for i in 0..<100 {
            cache.keep([UInt8](repeating: UInt8(i), count: 90), as: .init(content: "\(i)", size: 128))
            #expect(cache.byteCount <= 1_000)
            // Asked for again and again, the first one stays.
            #expect(cache.find(.init(content: "0", size: 128)) == [UInt8](repeating: 0, count: 90))
        }
        #expect(cache.find(.init(content: "99", size: 128)) != nil)
        #expect(cache.find(.init(content: "50", size: 128)) == nil)
        #expect(cache.find(.init(content: "99", size: 256)) == nil)
        cache.keep([UInt8](repeating: 1, count: 1_001), as: .init(content: "large", size: 128))
        #expect(cache.find(.init(content: "large", size: 128)) == nil)
    }
}
