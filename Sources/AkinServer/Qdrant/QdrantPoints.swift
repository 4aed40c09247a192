internal import AkinStore
internal import Hummingbird

extension Routes {
    /// Qdrant's paths for points and their payloads.
    public mutating func addQdrantPoints(_ environment: ServerEnvironment) {
        let service = environment.service
        let limits = environment.limits
        on(.put, "/collections/:collection/points", .write) { request, context in
            let name = try context.collection()
            let points = try QdrantPoints.points(try await environment.json(of: request, context), limits)
            try await environment.upsert(points, into: name)
            return Reply.completed(since: context.start)
        }
        on(.post, "/collections/:collection/points/delete", .write) { request, context in
            let name = try context.collection()
            var object = try RequestObject(try await environment.json(of: request, context))
            let selection = try object.takeSelection(limits)
            try object.finish()
            try await service.delete(selection, from: name)
            return Reply.completed(since: context.start)
        }
        let changes: [(HTTPRequest.Method, String, @Sendable (inout RequestObject) throws -> PayloadChange)] = [
            (.post, "payload", QdrantPoints.set), (.put, "payload", QdrantPoints.replace),
            (.post, "payload/delete", QdrantPoints.delete), (.post, "payload/clear", { _ in .clear }),
        ]
        for (method, path, read) in changes {
            on(method, "/collections/:collection/points/" + path, .write) { request, context in
                let name = try context.collection()
                var object = try RequestObject(try await environment.json(of: request, context))
                let change = try read(&object)
                let selection = try object.takeSelection(limits)
                try object.finish()
                try await service.change(change, of: selection, in: name)
                return Reply.completed(since: context.start)
            }
        }
        on(.post, "/collections/:collection/points/batch", .write) { request, context in
            let name = try context.collection()
            let body = try await environment.json(of: request, context)
            let operations = try QdrantPoints.operations(body, limits)
            for operation in operations { try await environment.apply(operation, to: name) }
            return Reply.ok(since: context.start) { bytes in
                JSONWriter.append(each: operations, to: &bytes) { _, bytes in
                    JSONWriter.append(#"{"operation_id":0,"status":"completed"}"#, to: &bytes)
                }
            }
        }
        addQdrantReading(environment)
    }

    private mutating func addQdrantReading(_ environment: ServerEnvironment) {
        let service = environment.service
        let limits = environment.limits
        on(.get, "/collections/:collection/points/:id", .read) { _, context in
            let id = try context.pointID()
            let found = try await service.retrieve(
                [id], PointFields(payload: .all, vector: true), from: try context.collection())
            guard let point = found.first else { throw StoreError.noPoint(id) }
            return Reply.ok(since: context.start) { JSONWriter.append(record: point, to: &$0) }
        }
        on(.post, "/collections/:collection/points", .read) { request, context in
            let name = try context.collection()
            var object = try RequestObject(try await environment.json(of: request, context))
            let ids = try object.required("ids", "an array of ids") {
                try $0.array(atMost: limits.points) { try $0.pointID() }
            }
            let fields = try object.takeFields(payload: true)
            object.ignore("shard_key")
            try object.finish()
            let dimension = try await service.configuration(of: name).dimension
            try environment.checkReply(ids.count, fields, dimension: dimension)
            let points = try await environment.points(ids, fields, from: name) {
                JSONWriter.append(record: $0, to: &$1)
            }
            return Reply.ok(since: context.start) { $0 += points }
        }
        on(.post, "/collections/:collection/points/scroll", .read) { request, context in
            let name = try context.collection()
            let body = try await environment.json(of: request, context, isOptional: true)
            let query = try QdrantPoints.scroll(body, limits)
            let dimension = try await service.configuration(of: name).dimension
            try environment.checkReply(query.limit, query.fields, dimension: dimension)
            let page = try await environment.page(query, in: name) {
                JSONWriter.append(record: $0, order: $1, to: &$2)
            }
            return Reply.ok(since: context.start) { bytes in
                JSONWriter.append(#"{"points":"#, to: &bytes)
                bytes += page.json
                JSONWriter.append(#","next_page_offset":"#, to: &bytes)
                if let next = page.next {
                    JSONWriter.append(next, to: &bytes)
                } else {
                    JSONWriter.append("null", to: &bytes)
                }
                bytes.append(UInt8(ascii: "}"))
            }
        }
        on(.post, "/collections/:collection/points/count", .read) { request, context in
            let name = try context.collection()
            var object = try RequestObject(try await environment.json(of: request, context, isOptional: true))
            let filter = try object.optional("filter") { try FilterParser.filter($0, limits) }
            // Counts here are always exact.
            object.ignore("exact", "shard_key")
            try object.finish()
            let count = try await service.count(filter ?? Filter(), in: name)
            return Reply.ok(since: context.start, .object(["count": .integer(Int64(count))]))
        }
    }
}

extension ServerEnvironment {
    /// Stores points, each of which must have the collection's dimension.
    func upsert(_ points: [Point], into collection: String) async throws {
        let dimension = try await service.configuration(of: collection).dimension
        if let wrong = points.firstIndex(where: { $0.vector.count != dimension }) {
            throw RequestError.invalid(
                "points[\(wrong)].vector", expected: "\(dimension) numbers",
                actual: "\(points[wrong].vector.count)")
        }
        if !points.isEmpty { try await service.upsert(points, into: collection) }
    }

    fileprivate func apply(_ operation: QdrantPoints.Operation, to collection: String) async throws {
        switch operation {
        case .upsert(let points): try await upsert(points, into: collection)
        case .delete(let selection): try await service.delete(selection, from: collection)
        case .change(let change, let selection):
            try await service.change(change, of: selection, in: collection)
        }
    }
}

/// Points in Qdrant's words.
enum QdrantPoints {
    /// One of several writes in one request.
    enum Operation {
        case upsert([Point])
        case delete(PointSelection)
        case change(PayloadChange, PointSelection)
    }

    /// Reads `points`, or `batch` of ids, vectors and payloads.
    static func points(_ body: JSONReader, _ limits: ServerLimits) throws -> [Point] {
        var object = try RequestObject(body)
        let points: [Point]
        if object.contains("batch") {
            points = try object.required("batch", "points") { try batch($0, limits) }
        } else {
            points = try object.required("points", "an array of points") {
                try $0.array(atMost: limits.points, of: point)
            }
        }
        object.ignore("shard_key")
        if let mode = try object.optional("update_mode", { try $0.text() }), mode != "upsert" {
            throw RequestError.unsupported("update_mode", "\"\(mode.prefix(64))\"", expected: "upsert")
        }
        try object.refuse("update_filter", what: "a write with a condition")
        try object.finish()
        return points
    }

    private static func point(_ value: JSONReader) throws -> Point {
        var object = try RequestObject(value)
        let id = try object.required("id", "a number or a string") { try $0.pointID() }
        let vector = try object.required("vector", "an array of numbers") { try $0.vector() }
        let payload = try object.optional("payload") { try $0.payload() } ?? [:]
        try object.finish()
        return Point(id: id, vector: vector, payload: payload)
    }

    private static func batch(_ value: JSONReader, _ limits: ServerLimits) throws -> [Point] {
        var object = try RequestObject(value)
        let ids = try object.required("ids", "an array of ids") {
            try $0.array(atMost: limits.points) { try $0.pointID() }
        }
        let vectors = try object.required("vectors", "an array of vectors") { value in
            if value.kind == .object {
                throw RequestError.unsupported("", "a named vector", expected: "an array of vectors")
            }
            return try value.array { try $0.vector() }
        }
        let payloads = try object.optional("payloads") { value in
            try value.array { try $0.kind == .null ? [:] : $0.payload() }
        }
        try object.finish()
        guard vectors.count == ids.count else {
            throw RequestError.invalid("vectors", expected: "\(ids.count), one per id", actual: "\(vectors.count)")
        }
        guard payloads?.count ?? ids.count == ids.count else {
            throw RequestError.invalid(
                "payloads", expected: "\(ids.count), one per id", actual: "\(payloads?.count ?? 0)")
        }
        return ids.indices.map { Point(id: ids[$0], vector: vectors[$0], payload: payloads?[$0] ?? [:]) }
    }

    @Sendable static func set(_ object: inout RequestObject) throws -> PayloadChange {
        let payload = try object.required("payload", "an object") { try $0.payload() }
        return .set(payload, at: try object.optional("key") { try $0.path() })
    }

    @Sendable static func replace(_ object: inout RequestObject) throws -> PayloadChange {
        try object.refuse("key", what: "to replace a part of the payload", expected: "nothing: it is replaced whole")
        return .replace(try object.required("payload", "an object") { try $0.payload() })
    }

    @Sendable static func delete(_ object: inout RequestObject) throws -> PayloadChange {
        .delete(try object.required("keys", "an array of paths") { try $0.array(atMost: 1_000) { try $0.path() } })
    }

    /// Reads the body of `points/batch`.
    static func operations(_ body: JSONReader, _ limits: ServerLimits) throws -> [Operation] {
        var object = try RequestObject(body)
        let operations = try object.required("operations", "an array of operations") {
            try $0.array(atMost: limits.searches) { try operation($0, limits) }
        }
        try object.finish()
        return operations
    }

    private static func operation(_ value: JSONReader, _ limits: ServerLimits) throws -> Operation {
        guard let members = value.members, members.count == 1 else {
            throw RequestError.invalid("", expected: "an object with one operation", actual: value.described)
        }
        let (name, body) = members[0]
        return try within(String(name.prefix(64))) {
            if name == "upsert" { return .upsert(try points(body, limits)) }
            var object = try RequestObject(body)
            let change: PayloadChange?
            switch name {
            case "delete": change = nil
            case "set_payload": change = try set(&object)
            case "overwrite_payload": change = try replace(&object)
            case "delete_payload": change = try delete(&object)
            case "clear_payload": change = .clear
            default:
                throw RequestError.unsupported(
                    "", "this operation",
                    expected: "upsert, delete, set_payload, overwrite_payload, delete_payload or clear_payload")
            }
            let selection = try object.takeSelection(limits)
            try object.finish()
            return change.map { .change($0, selection) } ?? .delete(selection)
        }
    }

    /// Reads the body of `scroll`.
    static func scroll(_ body: JSONReader, _ limits: ServerLimits) throws -> ScrollQuery {
        var object = try RequestObject(body)
        var query = ScrollQuery()
        query.limit = try object.optional("limit") { try $0.wholeNumber(in: 1...limits.answers) } ?? 10
        query.filter = try object.optional("filter") { try FilterParser.filter($0, limits) } ?? Filter()
        query.start = try object.optional("offset") { try $0.pointID() }
        query.fields = try object.takeFields(payload: true)
        query.order = try object.optional("order_by", order)
        object.ignore("shard_key")
        try object.finish()
        if query.order != nil, query.start != nil {
            throw RequestError.invalid("offset", expected: "none beside order_by", actual: "one")
        }
        return query
    }

    private static func order(_ value: JSONReader) throws -> ScrollQuery.Order {
        if value.kind == .string { return .init(path: try value.path()) }
        var object = try RequestObject(value)
        var order = ScrollQuery.Order(path: try object.required("key", "a path") { try $0.path() })
        if let direction = try object.optional("direction", { try $0.text() }) {
            guard direction == "asc" || direction == "desc" else {
                throw RequestError.invalid(
                    "direction", expected: "asc or desc", actual: "\"\(direction.prefix(64))\"")
            }
            order.isDescending = direction == "desc"
        }
        order.start = try object.optional("start_from") { value in
            try value.kind == .string ? FilterParser.time(value) : value.number()
        }
        try object.finish()
        return order
    }
}

extension RequestObject {
    /// Takes `points` or `filter`.
    mutating func takeSelection(_ limits: ServerLimits) throws -> PointSelection {
        ignore("shard_key")
        let ids = try optional("points") { try $0.array(atMost: limits.points) { try $0.pointID() } }
        let filter = try optional("filter") { try FilterParser.filter($0, limits) }
        switch (ids, filter) {
        case (let ids?, nil): return .ids(ids)
        case (nil, let filter?): return .matching(filter)
        default:
            throw RequestError.invalid(
                "points", expected: "either points or filter", actual: ids == nil ? "none" : "both")
        }
    }
}
