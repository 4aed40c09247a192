internal import Akin
internal import AkinStore
internal import Hummingbird

extension Routes {
    /// The version that Qdrant's clients ask for, and answers to what it has and this server has not.
    ///
    /// - Parameter page: answers browsers, that is who accepts HTML.
    public mutating func addQdrantRest(page: Handler? = nil) {
        on(.get, "/", .none) { request, context in
            if let page, request.headers[.accept]?.contains("text/html") ?? false {
                return try await page(request, context)
            }
            let version: JSON = .object([
                "title": .string("Akin \(akinVersion), which speaks Qdrant's REST API"),
                // Of the API; clients compare it with their own.
                "version": .string("1.20.0"),
            ])
            return Reply.json(version.encoded)
        }
        on(.get, "/aliases", .read) { _, context in
            Reply.ok(since: context.start, .object(["aliases": .array([])]))
        }
        on(.get, "/collections/:collection/aliases", .read) { _, context in
            Reply.ok(since: context.start, .object(["aliases": .array([])]))
        }
        let missing: [(HTTPRequest.Method, String)] = [
            (.post, "/collections/aliases"), (.put, "/collections/:collection/points/vectors"),
            (.post, "/collections/:collection/points/vectors/delete"), (.post, "/collections/:collection/facet"),
            (.post, "/collections/:collection/points/query/groups"),
            (.post, "/collections/:collection/points/search/groups"),
            (.post, "/collections/:collection/points/recommend/groups"),
            (.post, "/collections/:collection/points/search/matrix/pairs"),
            (.post, "/collections/:collection/points/search/matrix/offsets"),
            (.post, "/collections/:collection/points/discover"),
            (.post, "/collections/:collection/points/discover/batch"), (.get, "/snapshots"), (.post, "/snapshots"),
            (.get, "/cluster"), (.get, "/collections/:collection/cluster"), (.get, "/telemetry"),
        ]
        for (method, path) in missing { refuse(method, path) }
    }

    /// All of Qdrant's paths, and health.
    public static func qdrant(_ environment: ServerEnvironment, page: Handler? = nil) -> Routes {
        var routes = Routes()
        routes.addQdrantRest(page: page)
        routes.addHealth(environment)
        routes.addQdrantCollections(environment)
        routes.addQdrantPoints(environment)
        routes.addQdrantSearch(environment)
        routes.addQdrantSnapshots(environment)
        return routes
    }
}
