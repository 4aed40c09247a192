public import Hummingbird

/// The paths that a server knows, and what answers them.
public struct Routes {
    /// Answers a request.
    public typealias Handler = @Sendable (Request, ServerContext) async throws -> Response

    /// Bytes of JSON that are parsed in less than a tenth of a millisecond.
    private static let smallBody = 32 << 10

    private let router = Router(context: ServerContext.self, options: .autoGenerateHeadEndpoints)
    /// The same, for those who come with another method.
    private(set) var known = KnownPaths()

    /// No paths yet.
    public init() {}

    /// Answers a path, whose segments that start with `:` stand for any segment.
    ///
    /// - Parameters:
    ///   - method: what the request does.
    ///   - path: `/collections/:collection`.
    ///   - access: what the caller's key must allow; 401 or 403 for others.
    ///   - isShort: whether the handler keeps its connection's event loop only shortly where the body is small; all others
    ///     run on Swift's own threads.
    ///   - handler: throws ``RequestError``, `StoreError` or ``Overload`` for other replies than its own.
    public mutating func on(
        _ method: HTTPRequest.Method, _ path: String, _ access: Access, isShort: Bool = false,
        _ handler: @escaping Handler
    ) {
        known.add(method, path)
        router.on(RouterPath(path), method: method) { request, context in
            guard context.access >= access else {
                throw context.access == .none
                    ? RequestError(.unauthorized, "unauthorized", "a key is needed, as api-key or bearer token")
                    : RequestError(.forbidden, "read_only", "this key allows reading only")
            }
            if isShort, let length = request.bodyLength, length <= Self.smallBody {
                return try await handler(request, context)
            }
            return try await aside { try await handler(request, context) }
        }
    }

    /// Refuses a path that clients of Qdrant know and this server does not serve.
    mutating func refuse(_ method: HTTPRequest.Method, _ path: String) {
        on(method, path, .read) { _, _ in
            throw RequestError(.badRequest, "unsupported", "\(method) \(path) of Qdrant's API is not supported")
        }
        known.refuseLast()
    }

    /// All paths that are served, with their methods; variables as `{name}`.
    package var served: [(method: String, path: String)] { known.served }

    /// What answers the paths.
    func responder() -> RouterResponder<ServerContext> { router.buildResponder() }
}

/// Which methods paths answer to.
struct KnownPaths: Sendable {
    private var paths: [(segments: [Substring], method: String, isRefused: Bool)] = []

    mutating func add(_ method: HTTPRequest.Method, _ path: String) {
        paths.append((path.split(separator: "/"), method.rawValue, false))
    }

    /// Marks the path that was added last as one that is only there to be refused in words.
    mutating func refuseLast() { paths[paths.count - 1].isRefused = true }

    /// All others.
    var served: [(method: String, path: String)] {
        paths.filter { !$0.isRefused }.map { known in
            let segments = known.segments.map { $0.hasPrefix(":") ? "{\($0.dropFirst())}" : String($0) }
            return (known.method, "/" + segments.joined(separator: "/"))
        }
    }

    /// Methods that a path answers to, in their order.
    func methods(of path: String) -> [String] {
        let segments = path.split(separator: "/")
        return paths.filter { known in
            known.segments.count == segments.count
                && zip(known.segments, segments).allSatisfy { $0.hasPrefix(":") || $0 == $1 }
        }.map(\.method).sorted()
    }
}
