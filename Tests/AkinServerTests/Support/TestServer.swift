import AkinServer
import AkinStore
import Foundation
import Hummingbird
import HummingbirdTesting
import Logging
import Testing

/// A server before a service, asked without a network.
struct TestServer {
    let client: any TestClientProtocol

    /// Lends a server.
    static func with<T>(
        _ service: some CollectionService = MemoryService(), limits: ServerLimits = .init(),
        keys: AccessKeys = .init(), uploads: URL = FileManager.default.temporaryDirectory,
        over setup: TestingSetup = .router, options: ServerOptions = .init(),
        adding: (inout Routes) -> Void = { _ in }, _ body: @Sendable (TestServer) async throws -> T
    ) async throws -> T {
        let environment = ServerEnvironment(service: service, limits: limits, uploads: uploads)
        var options = options
        options.keys = keys
        options.port = 0
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        var routes = Routes.qdrant(environment)
        adding(&routes)
        let application = try options.application(routes, environment, logger: logger)
        return try await application.test(setup) { try await body(TestServer(client: $0)) }
    }

    /// Sends a request with a body of JSON, where there is one.
    func send(
        _ method: HTTPRequest.Method, _ path: String, _ body: String? = nil, headers: HTTPFields = [:]
    ) async throws -> TestReply {
        try await client.execute(
            uri: path, method: method, headers: headers, body: body.map { ByteBuffer(string: $0) }
        ) { TestReply(response: $0) }
    }

    /// Sends a request that must succeed, and gives the member `result` of its reply.
    @discardableResult
    func result(
        _ method: HTTPRequest.Method, _ path: String, _ body: String? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> JSON {
        let reply = try await send(method, path, body)
        #expect(reply.status == 200, "\(reply.text)", sourceLocation: sourceLocation)
        #expect(reply.json["status"] == .string("ok"), sourceLocation: sourceLocation)
        return reply.json["result"] ?? .null
    }

    /// A collection `c` of points 0, 1, 2 … with these vectors and payloads.
    func fill(_ vectors: [[Float]], _ payloads: [String] = [], distance: String = "Dot") async throws {
        try await result(
            .put, "/collections/c",
            #"{"vectors":{"size":\#(vectors.first?.count ?? 1),"distance":"\#(distance)"}}"#)
        let points = vectors.enumerated().map { i, vector in
            #"{"id":\#(i),"vector":\#(vector),"payload":\#(i < payloads.count ? payloads[i] : "{}")}"#
        }
        try await result(.put, "/collections/c/points?wait=true", #"{"points":[\#(points.joined(separator: ","))]}"#)
    }
}

/// A reply, with its body as text and as JSON.
struct TestReply {
    let response: TestResponse

    var status: Int { response.status.code }
    var text: String { String(buffer: response.body) }
    var json: JSON { (try? JSON(parsing: text)) ?? .null }
    /// What an error's reply says under `status`.
    func error(_ member: String) -> String? {
        guard case .string(let text)? = json["status"]?[member] else { return nil }
        return text
    }
}

extension JSON {
    subscript(place: Int) -> JSON? {
        guard case .array(let elements) = self, elements.indices.contains(place) else { return nil }
        return elements[place]
    }

    var elements: [JSON] { if case .array(let elements) = self { elements } else { [] } }
    /// The numbers of an array of points.
    var ids: [Int64] { elements.compactMap { if case .integer(let id)? = $0["id"] { id } else { nil } } }
}
