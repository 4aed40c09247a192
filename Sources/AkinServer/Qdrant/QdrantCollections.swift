internal import Akin
internal import AkinStore
internal import Foundation
internal import Hummingbird

extension Routes {
    /// Qdrant's paths for collections and payload indexes.
    public mutating func addQdrantCollections(_ environment: ServerEnvironment) {
        let service = environment.service
        on(.get, "/collections", .read) { _, context in
            let names = try await service.collections()
            return Reply.ok(
                since: context.start, .object(["collections": .array(names.map { .object(["name": .string($0)]) })]))
        }
        on(.get, "/collections/:collection", .read) { _, context in
            let name = try context.collection()
            let info = QdrantCollection.info(try await service.describe(name), try await service.placement(of: name))
            return Reply.ok(since: context.start, info)
        }
        on(.get, "/collections/:collection/exists", .read) { _, context in
            let name = try context.collection()
            let exists = try await service.collections().contains(name)
            return Reply.ok(since: context.start, .object(["exists": .bool(exists)]))
        }
        on(.put, "/collections/:collection", .write) { request, context in
            let name = try context.collection()
            let body = try await environment.json(of: request, context)
            let (configuration, placement) = try QdrantCollection.configuration(body)
            try await service.create(name, configuration, placement)
            return Reply.ok(since: context.start, .bool(true))
        }
        on(.patch, "/collections/:collection", .write) { request, context in
            let name = try context.collection()
            try QdrantCollection.checkUpdate(try await environment.json(of: request, context))
            _ = try await service.configuration(of: name)
            return Reply.ok(since: context.start, .bool(true))
        }
        on(.delete, "/collections/:collection", .write) { _, context in
            let existed = try await service.drop(try context.collection())
            return Reply.ok(since: context.start, .bool(existed))
        }
        on(.put, "/collections/:collection/index", .write) { request, context in
            let name = try context.collection()
            var object = try RequestObject(try await environment.json(of: request, context))
            let path = try object.required("field_name", "a path") { try $0.path() }
            let kind = try object.required("field_schema", "a kind of index", QdrantCollection.indexKind)
            object.ignore("shard_key")
            try object.finish()
            try await service.createPayloadIndex(on: path, kind, in: name)
            return Reply.completed(since: context.start)
        }
        on(.delete, "/collections/:collection/index/:field", .write) { _, context in
            let name = try context.collection()
            guard let path = FieldPath(try context.segment("field")) else {
                throw RequestError.invalid("field", expected: "names separated by points", actual: "other text")
            }
            try await service.deletePayloadIndex(on: path, in: name)
            return Reply.completed(since: context.start)
        }
    }
}

extension Reply {
    /// Qdrant's reply to a write; writes are never put off.
    static func completed(since start: ContinuousClock.Instant) -> Response {
        ok(since: start) { JSONWriter.append(#"{"operation_id":0,"status":"completed"}"#, to: &$0) }
    }
}

/// Collections in Qdrant's words.
enum QdrantCollection {
    /// Reads the body that creates one.
    static func configuration(_ body: JSONReader) throws -> (CollectionConfiguration, Placement) {
        var object = try RequestObject(body)
        try object.refuse("sparse_vectors", what: "a sparse vector", expected: "vectors alone")
        try object.refuse("metadata", what: "data of a collection")
        if let method = try object.optional("sharding_method", { try $0.text() }), method != "auto" {
            throw RequestError.unsupported("sharding_method", "\"\(method.prefix(64))\"", expected: "auto")
        }
        if let mode = try object.optional("strict_mode_config", { $0.json }), mode["enabled"] == .bool(true) {
            throw RequestError.unsupported(
                "strict_mode_config", "a limit per collection", expected: "the limits the server was started with")
        }
        var connections = try object.optional("hnsw_config", connections) ?? nil
        guard let vectors = object.take("vectors") else {
            throw RequestError.invalid("vectors", expected: "size and distance", actual: "nothing")
        }
        var configuration = try within("vectors") {
            var inner = try RequestObject(vectors)
            if !inner.contains("size"), let name = vectors.members?.first(where: { $0.value.kind == .object }) {
                throw RequestError.unsupported(
                    String(name.key.prefix(64)), "a named vector", expected: "size and distance")
            }
            let size = try inner.required("size", "a whole number") { try $0.wholeNumber(in: 1...65_536) }
            let metric = try inner.required("distance", "Cosine, Euclid or Dot", metric)
            try inner.refuse("multivector_config", what: "several vectors for a point", expected: "one vector")
            connections = try inner.optional("hnsw_config", Self.connections) ?? connections
            // What follows trades memory for time or precision; scores here are always those of the vectors given.
            inner.ignore("quantization_config", "on_disk", "datatype", "memory")
            try inner.finish()
            return CollectionConfiguration(dimension: size, metric: metric)
        }
        if let connections { configuration.spec = connections == 0 ? "Flat" : "HNSW\(connections)" }
        if let spec = try object.optional("index", { try $0.text() }) {
            do { _ = try IndexSpec(parsing: spec, dimension: configuration.dimension) } catch {
                throw RequestError.invalid("index", expected: "an index: \(error)", actual: "\"\(spec.prefix(128))\"")
            }
            configuration.spec = spec
        }
        let placement = Placement(
            shards: try object.optional("shard_number") { try $0.wholeNumber(in: 1...1024) },
            replicas: try object.optional("replication_factor") { try $0.wholeNumber(in: 1...1024) })
        object.ignore(
            "optimizers_config", "wal_config", "quantization_config", "write_consistency_factor", "on_disk_payload",
            "strict_mode_config", "payload", "id_tracker", "init_from")
        try object.finish()
        return (configuration, placement)
    }

    private static func connections(_ value: JSONReader) throws -> Int? {
        var object = try RequestObject(value)
        return try object.optional("m") { try $0.wholeNumber(in: 0...512) }
    }

    private static func metric(_ value: JSONReader) throws -> Metric {
        switch try value.text() {
        case "Cosine": .cosine
        case "Euclid": .l2
        case "Dot": .innerProduct
        case "Manhattan":
            throw RequestError.unsupported("", "Manhattan", expected: "Cosine, Euclid or Dot")
        default:
            throw RequestError.invalid("", expected: "Cosine, Euclid or Dot", actual: value.described)
        }
    }

    /// Accepts changes of what only concerns how Qdrant keeps things, and refuses others.
    static func checkUpdate(_ body: JSONReader) throws {
        var object = try RequestObject(body)
        try object.refuse("sparse_vectors", "metadata", "strict_mode_config", what: "this change")
        object.ignore("vectors", "optimizers_config", "params", "hnsw_config", "quantization_config")
        try object.finish()
    }

    /// Reads `field_schema`: a word, or an object with a type.
    static func indexKind(_ value: JSONReader) throws -> PayloadIndexKind {
        let type: JSONReader
        if value.kind == .object {
            var object = try RequestObject(value)
            guard let member = object.take("type") else {
                throw RequestError.invalid("type", expected: "a kind of index", actual: "nothing")
            }
            type = member
        } else {
            type = value
        }
        let word = try type.text()
        if word == "uuid" { return .keyword }
        guard let kind = PayloadIndexKind(rawValue: word) else {
            let expected = PayloadIndexKind.allCases.map(\.rawValue).joined(separator: ", ") + " or uuid"
            if word == "geo" || word == "text" {
                throw RequestError.unsupported("", "an index of kind \(word)", expected: expected)
            }
            throw RequestError.invalid("", expected: expected, actual: type.described)
        }
        return kind
    }

    /// What Qdrant tells about a collection, and more under `akin`.
    static func info(_ description: CollectionDescription, _ placement: Placement) -> JSON {
        let configuration = description.configuration
        let distance =
            switch configuration.metric {
            case .l2: "Euclid"
            case .innerProduct: "Dot"
            case .cosine: "Cosine"
            }
        let damage = description.damage.joined(separator: "; ")
        let connections =
            configuration.spec.hasPrefix("HNSW")
            ? Int64(configuration.spec.dropFirst(4).prefix { $0.isNumber }) ?? 32 : 0
        return .object([
            "status": .string(!damage.isEmpty ? "red" : description.isIndexing ? "yellow" : "green"),
            "optimizer_status": damage.isEmpty ? .string("ok") : .object(["error": .string(damage)]),
            "points_count": .integer(Int64(description.pointCount)),
            "indexed_vectors_count": .integer(Int64(description.indexedCount)),
            "segments_count": .integer(Int64(description.segments.count)),
            "config": .object([
                "params": .object([
                    "vectors": .object([
                        "size": .integer(Int64(configuration.dimension)), "distance": .string(distance),
                    ]),
                    "shard_number": .integer(Int64(placement.shards ?? 1)),
                    "replication_factor": .integer(Int64(placement.replicas ?? 1)),
                    "write_consistency_factor": .integer(1), "on_disk_payload": .bool(true),
                ]),
                // Fields that Qdrant's clients insist on; only m is a choice that collections have here.
                "hnsw_config": .object([
                    "m": .integer(connections), "ef_construct": .integer(0), "full_scan_threshold": .integer(0),
                ]),
                "optimizer_config": .object([
                    "default_segment_number": .integer(0), "flush_interval_sec": .integer(0),
                ]),
            ]),
            "payload_schema": .object(
                Dictionary(
                    uniqueKeysWithValues: description.payloadIndexes.map {
                        (
                            $0.key.description,
                            .object(["data_type": .string($0.value.rawValue), "points": .integer(0)])
                        )
                    })),
            "akin": details(description),
        ])
    }

    /// What Qdrant has no words for.
    private static func details(_ description: CollectionDescription) -> JSON {
        var members: [String: JSON] = [
            "index": .string(description.configuration.spec),
            "bytes": .integer(Int64(description.byteCount)),
            "segments": .array(
                description.segments.map {
                    .object([
                        "name": .string($0.name), "index": .string($0.spec), "count": .integer(Int64($0.count)),
                        "deleted": .integer(Int64($0.deletedCount)),
                    ])
                }),
            "damage": .array(description.damage.map { .string($0) }),
        ]
        if let space = description.configuration.space {
            members["space"] = .object(["id": .string(space.id), "name": .string(space.name)])
        }
        return .object(members)
    }
}
