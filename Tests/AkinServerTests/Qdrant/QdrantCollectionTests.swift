import AkinStore
import Hummingbird
import Testing

@Suite struct QdrantCollectionTests {
    @Test func collectionsAreMadeListedToldAndDropped() async throws {
        try await TestServer.with { server in
            #expect(try await server.result(.get, "/collections") == .object(["collections": .array([])]))
            let made = try await server.result(
                .put, "/collections/shoes?timeout=10",
                #"{"vectors":{"size":3,"distance":"Cosine","on_disk":true},"optimizers_config":{"indexing_threshold":1}}"#
            )
            #expect(made == .bool(true))
            #expect(try await server.result(.get, "/collections")["collections"]?[0]?["name"] == .string("shoes"))
            let info = try await server.result(.get, "/collections/shoes")
            #expect(
                info["config"]?["params"]?["vectors"] == .object(["size": .integer(3), "distance": .string("Cosine")]))
            #expect(info["status"] == .string("green"))
            #expect(info["points_count"] == .integer(0))
            #expect(try await server.result(.get, "/collections/shoes/exists")["exists"] == .bool(true))
            #expect(try await server.result(.delete, "/collections/shoes") == .bool(true))
            #expect(try await server.result(.delete, "/collections/shoes") == .bool(false))
            #expect(try await server.result(.get, "/collections/shoes/exists")["exists"] == .bool(false))
        }
    }

    @Test(arguments: [
        (#"{"hnsw_config":{"m":24},"vectors":{"size":4,"distance":"Dot"}}"#, "HNSW24"),
        (#"{"vectors":{"size":4,"distance":"Dot","hnsw_config":{"m":0}}}"#, "Flat"),
        (#"{"vectors":{"size":4,"distance":"Dot"},"index":"IVF16,Flat"}"#, "IVF16,Flat"),
        (#"{"vectors":{"size":4,"distance":"Dot"}}"#, CollectionConfiguration.defaultSpec),
    ])
    func theIndexIsChosen(body: String, spec: String) async throws {
        let service = MemoryService()
        try await TestServer.with(service) { server in
            try await server.result(.put, "/collections/c", body)
            #expect(try await service.configuration(of: "c").spec == spec)
        }
    }

    @Test func aNameIsTakenOnce() async throws {
        try await TestServer.with { server in
            let body = #"{"vectors":{"size":3,"distance":"Dot"}}"#
            try await server.result(.put, "/collections/c", body)
            let again = try await server.send(.put, "/collections/c", body)
            #expect(again.status == 409)
            #expect(again.error("code") == "collection_exists")
        }
    }

    @Test(arguments: [
        (#"{}"#, "vectors", "invalid"),
        (#"{"vectors":{"size":0,"distance":"Dot"}}"#, "vectors.size", "invalid"),
        (#"{"vectors":{"size":65537,"distance":"Dot"}}"#, "vectors.size", "invalid"),
        (#"{"vectors":{"size":3.5,"distance":"Dot"}}"#, "vectors.size", "invalid"),
        (#"{"vectors":{"size":3}}"#, "vectors.distance", "invalid"),
        (#"{"vectors":{"size":3,"distance":"dot"}}"#, "vectors.distance", "invalid"),
        (#"{"vectors":{"size":3,"distance":"Manhattan"}}"#, "vectors.distance", "unsupported"),
        (#"{"vectors":{"image":{"size":3,"distance":"Dot"}}}"#, "vectors.image", "unsupported"),
        (#"{"vectors":{"size":3,"distance":"Dot"},"sparse_vectors":{"text":{}}}"#, "sparse_vectors", "unsupported"),
        (
            #"{"vectors":{"size":3,"distance":"Dot","multivector_config":{"comparator":"max_sim"}}}"#,
            "vectors.multivector_config", "unsupported"
        ),
        (#"{"vectors":{"size":3,"distance":"Dot"},"index":"Nonsense"}"#, "index", "invalid"),
        (#"{"vectors":{"size":3,"distance":"Dot"},"hnsw_config":{"m":-1}}"#, "hnsw_config.m", "invalid"),
        (#"{"vectors":{"size":3,"distance":"Dot"},"vectorz":1}"#, "vectorz", "invalid"),
        (#"[1]"#, "", "invalid"), (#"{"vectors":"#, "body", "invalid"), ("", "body", "invalid"),
    ])
    func whatCannotBeMadeIsRefusedByName(body: String, field: String, code: String) async throws {
        try await TestServer.with { server in
            let reply = try await server.send(.put, "/collections/c", body)
            #expect(reply.status == 400)
            #expect(reply.error("field") == field)
            #expect(reply.error("code") == code)
            #expect(reply.error("expected")?.isEmpty == false)
            #expect(reply.error("actual") != nil)
            #expect(try await server.result(.get, "/collections/c/exists")["exists"] == .bool(false))
        }
    }

    @Test(arguments: [
        ".hidden", "a%2Fb", "a%00b", "a%20b", "%F0%9F%91%9F", "%ff", "..%2f..%2fetc",
        String(repeating: "a", count: 256),
    ])
    func namesThatNoFolderShouldHaveAreRefused(name: String) async throws {
        try await TestServer.with { server in
            let reply = try await server.send(
                .put, "/collections/\(name)", #"{"vectors":{"size":3,"distance":"Dot"}}"#)
            #expect(reply.status == 400)
            #expect(reply.error("field") == "collection")
        }
    }

    @Test func aMissingCollectionIs404Everywhere() async throws {
        try await TestServer.with { server in
            let requests: [(HTTPRequest.Method, String, String?)] = [
                (.get, "", nil), (.patch, "", "{}"), (.put, "/points", #"{"points":[{"id":1,"vector":[1]}]}"#),
                (.post, "/points", #"{"ids":[1]}"#), (.get, "/points/1", nil),
                (.post, "/points/delete", #"{"points":[1]}"#), (.post, "/points/scroll", "{}"),
                (.post, "/points/count", "{}"), (.post, "/points/search", #"{"vector":[1],"limit":1}"#),
                (.post, "/points/query", #"{"query":[1]}"#), (.post, "/points/payload/clear", #"{"points":[1]}"#),
                (.put, "/index", #"{"field_name":"a","field_schema":"keyword"}"#), (.delete, "/index/a", nil),
                (.post, "/snapshots", nil), (.get, "/snapshots", nil), (.delete, "/snapshots/x", nil),
            ]
            for (method, path, body) in requests {
                let reply = try await server.send(method, "/collections/none" + path, body)
                #expect(reply.status == 404, "\(method) \(path)")
                #expect(reply.error("code") == "no_collection", "\(method) \(path)")
            }
        }
    }

    @Test func payloadIndexesAreMadeAndForgotten() async throws {
        let service = MemoryService()
        try await TestServer.with(service) { server in
            try await server.fill([[1]])
            for (path, schema) in [
                ("color", #""keyword""#), ("size", #"{"type":"integer","lookup":true}"#), ("made", #""datetime""#),
                ("owner", #""uuid""#),
            ] {
                try await server.result(
                    .put, "/collections/c/index?wait=true", #"{"field_name":"\#(path)","field_schema":\#(schema)}"#)
            }
            let schema = try await server.result(.get, "/collections/c")["payload_schema"]
            #expect(schema?["size"]?["data_type"] == .string("integer"))
            #expect(schema?["owner"]?["data_type"] == .string("keyword"))
            try await server.result(.delete, "/collections/c/index/color")
            #expect(try await service.describe("c").payloadIndexes.keys.map(\.description).contains("color") == false)
            for schema in [#""text""#, #""geo""#, #"{"type":"text"}"#] {
                let reply = try await server.send(
                    .put, "/collections/c/index", #"{"field_name":"a","field_schema":\#(schema)}"#)
                #expect(reply.status == 400)
                #expect(reply.error("code") == "unsupported")
                #expect(reply.error("field") == "field_schema")
            }
        }
    }

    @Test func whatQdrantHasAndThisServerHasNotSaysSo() async throws {
        try await TestServer.with { server in
            try await server.fill([[1]])
            for (method, path) in [
                (HTTPRequest.Method.post, "/collections/c/facet"), (.put, "/collections/c/points/vectors"),
                (.post, "/collections/c/points/query/groups"), (.get, "/cluster"), (.post, "/collections/aliases"),
            ] {
                let reply = try await server.send(method, path, "{}")
                #expect(reply.status == 400)
                #expect(reply.error("code") == "unsupported")
            }
        }
    }
}
