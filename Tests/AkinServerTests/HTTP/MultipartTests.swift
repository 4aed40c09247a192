import AkinServer
import AkinTestSupport
import Foundation
import Hummingbird
import NIOCore
import Testing

@Suite struct MultipartTests {
    private struct Part: Equatable {
        var name: String
        var fileName: String?
        var contentType: String?
        var bytes: [UInt8]
    }

    /// Reads a body that comes in chunks of these sizes, over and over.
    private static func read(_ body: [UInt8], boundary: String, chunks: [Int], limit: Int = 1 << 20) async throws
        -> [Part]
    {
        var buffers: [ByteBuffer] = []
        var place = 0
        while place < body.count {
            let end = min(place + chunks[buffers.count % chunks.count], body.count)
            buffers.append(ByteBuffer(bytes: body[place..<end]))
            place = end
        }
        let stream = AsyncStream(ByteBuffer.self) { source in
            for buffer in buffers { source.yield(buffer) }
            source.finish()
        }
        let request = Request(
            head: .init(
                method: .post, scheme: nil, authority: nil, path: "/",
                headerFields: [.contentType: "multipart/form-data; charset=utf-8; boundary=\"\(boundary)\""]),
            body: .init(asyncSequence: stream))
        var reader = try MultipartReader(request, limit: limit)
        var parts: [Part] = []
        while let part = try await reader.nextPart() {
            parts.append(
                Part(
                    name: part.name, fileName: part.fileName, contentType: part.contentType,
                    bytes: try await reader.bytes(atMost: limit)))
        }
        return parts
    }

    /// What looks like a boundary and is none, at every way to cut the body into chunks.
    @Test(arguments: [[1], [2, 3], [7], [64, 1], [100_000]])
    func partsComeWholeHoweverTheyAreCut(chunks: [Int]) async throws {
        var random = SeededRandom(seed: 3)
        let tricky = Array("\r\n--AB\r\n-\r\n--A\r\r\n--ABX".utf8)
        let noise = (0..<3_000).map { _ in Array("\r\n-AC".utf8).randomElement(using: &random) ?? 0 }
        var body = Array("preamble\r\n--ABC\r\n".utf8)
        body +=
            Array("Content-Disposition: form-data; name=\"a\"\r\n\r\n".utf8) + tricky + Array("\r\n--ABC  \r\n".utf8)
        body += Array(
            "content-type: image/png\r\nCONTENT-disposition: form-data; name=b; filename=\"x y.png\"\r\n\r\n".utf8)
        body += noise + Array("\r\n--ABC\r\n\r\n\r\n--ABC--\r\nepilogue".utf8)
        let parts = try await Self.read(body, boundary: "ABC", chunks: chunks)
        #expect(
            parts == [
                Part(name: "a", bytes: tricky),
                Part(name: "b", fileName: "x y.png", contentType: "image/png", bytes: noise),
                Part(name: "", bytes: []),
            ])
    }

    @Test func aBodyThatIsCutShortIsAnError() async throws {
        let body = Array("--ABC\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n123\r\n--ABC--".utf8)
        #expect(try await Self.read(body, boundary: "ABC", chunks: [5]).map(\.bytes) == [Array("123".utf8)])
        for count in 0..<(body.count - 2) {
            await #expect(throws: RequestError.self, "\(count)") {
                try await Self.read(Array(body[..<count]), boundary: "ABC", chunks: [5])
            }
        }
    }

    @Test func bodiesAndHeadersHaveALength() async throws {
        let head = Array("--ABC\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n".utf8)
        let long = head + [UInt8](repeating: 0x41, count: 5_000) + Array("\r\n--ABC--".utf8)
        let error = await #expect(throws: RequestError.self) {
            try await Self.read(long, boundary: "ABC", chunks: [512], limit: 4_000)
        }
        #expect(error?.status == .contentTooLarge)
        let header = Array("--ABC\r\nX: ".utf8) + [UInt8](repeating: 0x41, count: 50_000)
        await #expect(throws: RequestError.self) { try await Self.read(header, boundary: "ABC", chunks: [512]) }
    }

    @Test(arguments: ["application/json", "multipart/form-data", "multipart/form-data; boundary=", ""])
    func otherBodiesAreRefused(type: String) throws {
        let request = Request(
            head: .init(method: .post, scheme: nil, authority: nil, path: "/", headerFields: [.contentType: type]),
            body: .init(buffer: .init()))
        let error = #expect(throws: RequestError.self) { try MultipartReader(request, limit: 10) }
        #expect(error?.status == .unsupportedMediaType)
    }
}
