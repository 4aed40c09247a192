internal import Akin
internal import AkinStore
internal import Foundation
internal import Hummingbird

extension Routes {
    /// Collections with what people want to know of them, and their points one by one.
    mutating func addOwnCollections(_ environment: ServerEnvironment, _ images: ImageEnvironment) {
        let own = OwnCollections(environment: environment, images: images)
        on(.get, "/v1/collections", .read) { try await own.list($0, $1) }
        on(.get, "/v1/collections/:collection", .read) { try await own.one($0, $1) }
        on(.put, "/v1/collections/:collection", .write) { try await own.create($0, $1) }
        on(.get, "/v1/collections/:collection/members", .read) { try await own.members($0, $1) }
        on(.get, "/v1/collections/:collection/points", .read) { try await own.points($0, $1) }
        on(.get, "/v1/collections/:collection/points/:id", .read) { try await own.point($0, $1) }
        on(.post, "/v1/collections/:collection/recall", .read) { try await own.recall($0, $1) }
    }
}

/// Collections as the page, and whoever loads pictures, see them.
struct OwnCollections: Sendable {
    /// Stored points that recall is measured with, unless the request says so.
    static let sample = 200

    let environment: ServerEnvironment
    let images: ImageEnvironment

    private var service: any CollectionService { environment.service }

    /// Answers `GET /v1/collections`.
    func list(_ request: Request, _ context: ServerContext) async throws -> Response {
        try QueryParameters(request).finish()
        // Without anybody who embeds pictures, all else goes on.
        let model = try? await images.embedding.model()
        var all: [JSON] = []
        for name in try await service.collections() {
            do {
                all.append(.object(summary(name, try await service.describe(name), model)))
            } catch StoreError.noCollection {
                continue  // Dropped meanwhile.
            }
        }
        let embedder: JSON =
            if let model {
                .object(["space": model.space.json, "dimension": .integer(Int64(model.dimension))])
            } else {
                .null
            }
        return Reply.ok(
            since: context.start,
            .object([
                "collections": .array(all),
                "embedder": embedder,
                "limits": .object([
                    "body_bytes": .integer(Int64(environment.limits.bodyBytes)),
                    "image_pixels": .integer(Int64(environment.limits.imagePixels)),
                    "images": .integer(Int64(ImageUpload.most)),
                    "points": .integer(Int64(environment.limits.points)),
                ]),
            ]))
    }

    /// Answers `GET /v1/collections/:collection`.
    func one(_ request: Request, _ context: ServerContext) async throws -> Response {
        try QueryParameters(request).finish()
        let name = try context.collection()
        let description = try await service.describe(name)
        var object = summary(name, description, try? await images.embedding.model())
        object["segments"] = .array(
            description.segments.map {
                .object([
                    "name": .string($0.name), "index": .string($0.spec), "points": .integer(Int64($0.count)),
                    "deleted": .integer(Int64($0.deletedCount)),
                ])
            })
        object["payload_indexes"] = .object(
            Dictionary(uniqueKeysWithValues: description.payloadIndexes.map { ($0.description, .string($1.rawValue)) }))
        object["damage"] = .array(description.damage.map { .string($0) })
        return Reply.ok(since: context.start, .object(object))
    }

    private func summary(
        _ name: String, _ description: CollectionDescription, _ model: EmbeddingModel?
    ) -> Payload {
        let configuration = description.configuration
        return [
            "name": .string(name), "points": .integer(Int64(description.pointCount)),
            "indexed": .integer(Int64(description.indexedCount)),
            "dimension": .integer(Int64(configuration.dimension)), "metric": .string(configuration.metric.rawValue),
            "index": .string(configuration.spec), "space": configuration.space?.json ?? .null,
            "embeds": .bool(model != nil && configuration.space?.id == model?.space.id),
            "bytes": .integer(Int64(description.byteCount)),
            "indexing": .bool(description.isIndexing),
            "recall": JSON(images.recalls.find(name, description)),
        ]
    }

    /// `PUT /v1/collections/:collection`: for pictures, unless the body gives a dimension.
    func create(_ request: Request, _ context: ServerContext) async throws -> Response {
        let name = try context.collection()
        try QueryParameters(request).finish()
        var object = try RequestObject(try await environment.json(of: request, context, isOptional: true))
        var configuration: CollectionConfiguration
        let model: EmbeddingModel?
        if let dimension = try object.optional("dimension", { try $0.wholeNumber(in: 1...65_536) }) {
            configuration = CollectionConfiguration(dimension: dimension, metric: .cosine)
            // Vectors need nobody who embeds pictures.
            model = try? await images.embedding.model()
        } else {
            let found = try await images.embedding.model()
            configuration = CollectionConfiguration(dimension: found.dimension, metric: .cosine, space: found.space)
            model = found
        }
        if let metric = try object.optional("metric", Self.metric) { configuration.metric = metric }
        if let spec = try object.optional("index", { try $0.text() }) { configuration.spec = spec }
        if let space = try object.optional("space", Self.space) { configuration.space = space }
        let placement = Placement(
            shards: try object.optional("shards") { try $0.wholeNumber(in: 1...1024) },
            replicas: try object.optional("replicas") { try $0.wholeNumber(in: 1...1024) })
        try object.finish()
        if let model, configuration.space?.id == model.space.id, configuration.dimension != model.dimension {
            throw RequestError.invalid(
                "dimension", expected: "\(model.dimension), as the vectors of this space have",
                actual: "\(configuration.dimension)", status: .unprocessableContent)
        }
        try await service.create(name, configuration, placement)
        images.recalls.forget(name)
        return Reply.ok(since: context.start, .object(summary(name, try await service.describe(name), model)))
    }

    private static func metric(_ value: JSONReader) throws -> Metric {
        guard let metric = Metric(rawValue: try value.text()) else {
            throw RequestError.invalid(
                "", expected: Metric.allCases.map(\.rawValue).joined(separator: ", "), actual: value.described)
        }
        return metric
    }

    private static func space(_ value: JSONReader) throws -> EmbeddingSpace {
        var object = try RequestObject(value)
        let id = try object.required("id", "the space's digest") { try $0.text() }
        let name = try object.optional("name") { try $0.text() } ?? id
        try object.finish()
        guard (1...256).contains(id.utf8.count), name.utf8.count <= 256 else {
            throw RequestError.invalid("id", expected: "1 to 256 bytes", actual: "\(id.utf8.count) bytes")
        }
        return EmbeddingSpace(id: id, name: name)
    }

    /// Answers `GET …/members`.
    func members(_ request: Request, _ context: ServerContext) async throws -> Response {
        try QueryParameters(request).finish()
        return Reply.ok(since: context.start, try await PayloadMembers(of: context.collection(), in: service).json)
    }

    /// `GET …/points?limit=&offset=&filter=`: a page in the order of names, with the name that the next one starts at.
    func points(_ request: Request, _ context: ServerContext) async throws -> Response {
        let name = try context.collection()
        var query = try QueryParameters(request)
        let limit = try query.wholeNumber("limit", in: 1...environment.limits.answers) ?? 60
        let start = try query.text("offset").map { text in
            guard let id = PointID(path: text) else {
                throw RequestError.invalid("offset", expected: "a point's name", actual: "\(text.utf8.count) bytes")
            }
            return id
        }
        let filter = try ImageSearch.filter(query.text("filter").map { Array($0.utf8) }, environment.limits)
        let payload = try query.truth("with_payload") ?? true
        try query.finish()
        let page = try await environment.page(
            ScrollQuery(
                limit: limit, filter: filter, start: start, fields: PointFields(payload: payload ? .all : .none)),
            in: name
        ) { point, _, bytes in JSONWriter.append(own: point, to: &bytes) }
        return Reply.ok(since: context.start) { bytes in
            JSONWriter.append(#"{"points":"#, to: &bytes)
            bytes += page.json
            JSONWriter.append(#","next":"#, to: &bytes)
            if let next = page.next {
                JSONWriter.append(next, to: &bytes)
            } else {
                JSONWriter.append("null", to: &bytes)
            }
            JSONWriter.append("}", to: &bytes)
        }
    }

    /// Answers `GET …/points/:id`.
    func point(_ request: Request, _ context: ServerContext) async throws -> Response {
        let (name, id) = (try context.collection(), try context.pointID())
        var query = try QueryParameters(request)
        let fields = PointFields(payload: .all, vector: try query.truth("with_vector") ?? false)
        try query.finish()
        guard let point = try await service.retrieve([id], fields, from: name).first else {
            throw StoreError.noPoint(id)
        }
        return Reply.ok(since: context.start) { JSONWriter.append(own: point, to: &$0) }
    }

    /// Answers `POST …/recall?sample=&ef=`.
    func recall(_ request: Request, _ context: ServerContext) async throws -> Response {
        let name = try context.collection()
        var query = try QueryParameters(request)
        let sample = try query.wholeNumber("sample", in: 1...environment.limits.searches) ?? Self.sample
        let ef = try query.wholeNumber("ef", in: 1...environment.limits.answers)
        try query.finish()
        let measured = try await RecallMeasurement.measure(name, in: service, sample: sample, efSearch: ef)
        images.recalls.note(measured, of: name)
        return Reply.ok(since: context.start, JSON(measured))
    }
}

extension EmbeddingSpace {
    /// As replies carry it.
    var json: JSON { .object(["id": .string(id), "name": .string(name)]) }
}
