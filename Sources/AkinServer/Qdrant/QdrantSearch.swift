internal import Akin
internal import AkinStore

/// A search as one of Qdrant's requests describes it.
struct QdrantSearch {
    /// What is near what.
    enum Target {
        case vector([Float])
        case point(PointID)
        /// The mean of the positive ones, moved away from the mean of the negative ones.
        case examples(positive: [Target], negative: [Target])
        /// Nothing in particular: points in the order of their names.
        case any
    }

    var target: Target
    var query: SearchQuery
    /// As it was asked for, in Qdrant's scores.
    var threshold: Float?

    /// Names that stand for vectors.
    var ids: [PointID] {
        switch target {
        case .point(let id): [id]
        case .examples(let positive, let negative):
            (positive + negative).compactMap { if case .point(let id) = $0 { id } else { nil } }
        case .vector, .any: []
        }
    }

    /// Whether the vector is found and the reply is written quickly, however large the points are.
    var hasShortReply: Bool {
        query.fields == PointFields() && query.limit + query.offset <= 256 && ids.count <= 16
    }

    /// Points that come with all that the reply shows of them, also those that the reply leaves out.
    var loadedCount: Int {
        switch target {
        case .vector: query.limit
        case .any: query.offset + query.limit
        case .point, .examples: ids.isEmpty ? query.limit : query.offset + query.limit + Set(ids).count
        }
    }

    /// Takes what all of Qdrant's searches have in common.
    private init(_ target: Target, _ object: inout RequestObject, _ limits: ServerLimits, limit: Int?) throws {
        self.target = target
        query = SearchQuery(vector: [], limit: 10)
        let given = try object.optional("limit") { try $0.wholeNumber(in: 1...limits.answers) }
        guard let limit = given ?? limit else {
            throw RequestError.invalid("limit", expected: "a whole number", actual: "nothing")
        }
        query.limit = limit
        query.offset = try object.optional("offset") { try $0.wholeNumber(in: 0...limits.answers) } ?? 0
        guard query.limit + query.offset <= limits.answers else {
            throw RequestError.invalid(
                "limit", expected: "limit and offset together at most \(limits.answers)",
                actual: "\(query.limit + query.offset)", status: .unprocessableContent)
        }
        if let filter = try object.optional("filter", { try FilterParser.filter($0, limits) }) { query.filter = filter }
        threshold = try object.optional("score_threshold") { value in
            let threshold = Float(try value.number())
            guard threshold.isFinite else {
                throw RequestError.invalid("", expected: "a number that 32 bits hold", actual: value.described)
            }
            return threshold
        }
        query.fields = try object.takeFields(payload: false)
        _ = try object.optional("params") { value in
            var params = try RequestObject(value)
            query.isExact = try params.optional("exact") { try $0.truth() } ?? false
            query.efSearch = try params.optional("hnsw_ef") { try $0.wholeNumber(in: 1...100_000) }
            // How points are kept in memory, and how filters are followed, is the index's own affair.
            params.ignore("quantization", "acorn", "indexed_only", "idf")
            try params.finish()
        }
        try object.refuseNamed()
        try object.refuse("lookup_from", what: "examples from another collection")
        object.ignore("shard_key")
        try object.finish()
    }

    /// Reads the body of `search`.
    init(search value: JSONReader, _ limits: ServerLimits) throws {
        var object = try RequestObject(value)
        let vector = try object.required("vector", "an array of numbers") { value in
            if value.kind == .object {
                var named = try RequestObject(value)
                try named.refuseNamed("name")
                return try named.required("vector", "an array of numbers") { try $0.vector() }
            }
            return try value.vector()
        }
        try self.init(.vector(vector), &object, limits, limit: nil)
    }

    /// Reads the body of `recommend`.
    init(recommend value: JSONReader, _ limits: ServerLimits) throws {
        var object = try RequestObject(value)
        let target = try Self.examples(&object, limits)
        try self.init(target, &object, limits, limit: nil)
    }

    /// Reads the body of `query`.
    init(query value: JSONReader, _ limits: ServerLimits) throws {
        var object = try RequestObject(value)
        try object.refuse("prefetch", what: "a search within a search", expected: "one query")
        let target = try object.optional("query") { try Self.target($0, limits) }
        try self.init(target ?? .any, &object, limits, limit: 10)
    }

    private static func target(_ value: JSONReader, _ limits: ServerLimits) throws -> Target {
        guard value.kind == .object else { return try example(value) }
        var object = try RequestObject(value)
        if object.contains("nearest") {
            let target = try object.required("nearest", "a vector or an id", Self.example)
            try object.refuse("mmr", what: "an answer that avoids likeness")
            try object.finish()
            return target
        }
        if object.contains("recommend") {
            let target = try object.required("recommend", "examples") { value in
                var inner = try RequestObject(value)
                let target = try examples(&inner, limits)
                try inner.finish()
                return target
            }
            try object.finish()
            return target
        }
        if let member = value.members?.first {
            throw RequestError.unsupported(
                String(member.key.prefix(64)), "this query", expected: "a vector, an id, nearest or recommend")
        }
        throw RequestError.invalid("", expected: "a vector, an id, nearest or recommend", actual: "an empty object")
    }

    /// A vector, or the name of a point that has one.
    private static func example(_ value: JSONReader) throws -> Target {
        switch value.kind {
        case .array, .object: .vector(try value.vector())
        default: .point(try value.pointID())
        }
    }

    private static func examples(_ object: inout RequestObject, _ limits: ServerLimits) throws -> Target {
        let positive = try object.optional("positive") { try $0.array(atMost: limits.searches, of: Self.example) }
        let negative = try object.optional("negative") { try $0.array(atMost: limits.searches, of: Self.example) }
        if let strategy = try object.optional("strategy", { try $0.text() }), strategy != "average_vector" {
            throw RequestError.unsupported(
                "strategy", "\"\(strategy.prefix(64))\"", expected: "average_vector")
        }
        guard let positive, !positive.isEmpty else {
            throw RequestError.invalid("positive", expected: "at least one vector or id", actual: "none")
        }
        return .examples(positive: positive, negative: negative ?? [])
    }
}

extension RequestObject {
    /// Refuses the name of a vector: collections have one, which has none.
    mutating func refuseNamed(_ key: String = "using") throws {
        if let name = try optional(key, { try $0.text() }), !name.isEmpty {
            throw RequestError.unsupported(
                key, "the named vector \"\(name.prefix(64))\"", expected: "no name: a collection has one vector")
        }
    }
}
