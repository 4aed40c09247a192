import Akin
import AkinServer
import AkinStore
import AkinVision
import Foundation
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import Synchronization
import Testing

/// The mean colour of a picture, so that what a search must find can be told by eye.
final class ColourEmbedder: Embedder {
    let space: EmbeddingSpace
    let dimension = 3
    let preferredBatch: Int
    private let seen = Mutex<[Int]>([])
    /// Sizes of the batches that came.
    var batches: [Int] { seen.withLock { $0 } }

    init(batch: Int = 1, space: String = "colours") {
        preferredBatch = batch
        self.space = EmbeddingSpace(id: space, name: "mean \(space)")
    }

    func prepare(_ image: RGBImage) throws -> [Float] {
        (0..<3).map { channel in
            let values = stride(from: channel, to: image.pixels.count, by: 3).map { Float(image.pixels[$0]) }
            return values.reduce(0, +) / Float(values.count) / 255
        }
    }

    func embed(_ inputs: [[Float]]) throws -> Matrix<Float> {
        seen.withLock { $0.append(inputs.count) }
        return Matrix(inputs)
    }
}

/// A picture of one colour.
func picture(_ red: UInt8, _ green: UInt8, _ blue: UInt8, width: Int = 8, height: Int = 8) -> RGBImage {
    RGBImage(
        width: width, height: height,
        pixels: (0..<width * height).flatMap { _ in [red, green, blue] })
}

/// A server of pictures before collections in memory.
struct ImageServer {
    let server: TestServer
    let embedder: ColourEmbedder

    /// Lends a server with an empty collection `c` for pictures, compared by squared distances.
    static func with<T>(
        _ service: some CollectionService = MemoryService(), embedder: ColourEmbedder = .init(),
        limits: ServerLimits = .init(), thumbnailBytes: Int = 1 << 20,
        _ body: @Sendable (ImageServer) async throws -> T
    ) async throws -> T {
        let environment = ServerEnvironment(service: service, limits: limits)
        let images = ImageEnvironment(embedder, limits: limits, threads: 2, thumbnailBytes: thumbnailBytes)
        var routes = Routes.qdrant(environment, page: Routes.page)
        routes.addImages(environment, images)
        routes.addPage()
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        var options = ServerOptions()
        options.port = 0
        let application = try options.application(routes, environment, logger: logger)
        let result = try await application.test(.router) { client in
            let server = ImageServer(server: TestServer(client: client), embedder: embedder)
            if try await service.collections().isEmpty {
                try await server.server.result(.put, "/v1/collections/c", #"{"metric":"l2"}"#)
            }
            return try await body(server)
        }
        await images.embedding.close()
        return result
    }

    /// Sends bytes.
    func send(
        _ method: HTTPRequest.Method, _ path: String, bytes: [UInt8], type: String = "application/octet-stream",
        headers: HTTPFields = [:]
    ) async throws -> TestReply {
        var headers = headers
        headers[.contentType] = type
        return try await server.client.execute(
            uri: path, method: method, headers: headers, body: ByteBuffer(bytes: bytes)
        ) {
            TestReply(response: $0)
        }
    }

    /// Sends a form.
    func send(form: [(String, [UInt8])], to path: String, _ method: HTTPRequest.Method = .post) async throws
        -> TestReply
    {
        let boundary = "a boundary of tests"
        return try await send(
            method, path, bytes: Self.body(form, boundary), type: "multipart/form-data; boundary=\"\(boundary)\"")
    }

    static func body(_ form: [(String, [UInt8])], _ boundary: String) -> [UInt8] {
        var body: [UInt8] = []
        for (name, content) in form {
            body += Array("--\(boundary)\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n".utf8)
            body += content + [0x0D, 0x0A]
        }
        return body + Array("--\(boundary)--\r\n".utf8)
    }

    /// Stores pictures under the names 0, 1, 2 and so on.
    func store(_ pictures: [RGBImage], payloads: [String] = []) async throws {
        var form: [(String, [UInt8])] = []
        for (i, picture) in pictures.enumerated() {
            form.append(("id", Array("\(i)".utf8)))
            if i < payloads.count { form.append(("payload", Array(payloads[i].utf8))) }
            form.append(("image", try picture.png()))
        }
        let reply = try await send(form: form, to: "/v1/collections/c/images")
        #expect(reply.status == 200, "\(reply.text)")
        #expect(reply.json["result"]?["ids"]?.elements.count == pictures.count)
    }
}
