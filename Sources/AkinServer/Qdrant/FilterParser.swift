internal import AkinStore

/// Reads filters in Qdrant's words.
struct FilterParser {
    /// Conditions that may still come.
    private var left: Int
    private let limit: Int

    /// - Parameter limit: conditions that one filter may have.
    init(limit: Int) {
        self.limit = limit
        left = limit
    }

    /// Reads a filter.
    static func filter(_ value: JSONReader, _ limits: ServerLimits) throws -> Filter {
        var parser = FilterParser(limit: limits.conditions)
        return try parser.filter(value)
    }

    private mutating func filter(_ value: JSONReader, isNested: Bool = false) throws -> Filter {
        var object = try RequestObject(value)
        let filter = try self.filter(&object, isNested)
        try object.finish()
        return filter
    }

    private mutating func filter(_ object: inout RequestObject, _ isNested: Bool) throws -> Filter {
        var filter = Filter()
        filter.must = try conditions("must", &object, isNested)
        filter.should = try conditions("should", &object, isNested)
        filter.mustNot = try conditions("must_not", &object, isNested)
        if let value = object.take("min_should") {
            filter.atLeast = try within("min_should") {
                var some = try RequestObject(value)
                let conditions = try self.conditions("conditions", &some, isNested)
                let count = try some.required("min_count", "a whole number") { try $0.wholeNumber(in: 0...Int.max) }
                try some.finish()
                return Filter.AtLeast(count, of: conditions)
            }
        }
        return filter
    }

    /// Several conditions, or one without brackets.
    private mutating func conditions(
        _ key: String, _ object: inout RequestObject, _ isNested: Bool
    ) throws -> [Filter.Condition] {
        guard let value = object.take(key) else { return [] }
        return try within(key) {
            guard let elements = value.elements else { return [try condition(value, isNested)] }
            var conditions: [Filter.Condition] = []
            for (i, element) in elements.enumerated() {
                conditions.append(try within("[\(i)]") { try self.condition(element, isNested) })
            }
            return conditions
        }
    }

    private mutating func condition(_ value: JSONReader, _ isNested: Bool) throws -> Filter.Condition {
        left -= 1
        guard left >= 0 else {
            throw RequestError.invalid(
                "", expected: "at most \(limit) conditions in a filter", actual: "more", status: .unprocessableContent)
        }
        var object = try RequestObject(value)
        let condition = try self.condition(&object, isNested)
        try object.finish()
        return condition
    }

    private mutating func condition(_ object: inout RequestObject, _ isNested: Bool) throws -> Filter.Condition {
        if object.contains("key") { return try fieldCondition(&object) }
        if let path = try object.optional("is_empty", Self.payloadField) { return .isEmpty(path) }
        if let path = try object.optional("is_null", Self.payloadField) { return .isNull(path) }
        if object.contains("has_id") {
            if isNested {
                throw RequestError.unsupported("has_id", "has_id inside nested", expected: "it outside of nested")
            }
            let ids = try object.required("has_id", "an array of ids") { try $0.array { try $0.pointID() } }
            return .hasID(Set(ids))
        }
        if let nested = object.take("nested") {
            return try within("nested") {
                var inner = try RequestObject(nested)
                let path = try inner.required("key", "a path") { try $0.path() }
                guard let value = inner.take("filter") else {
                    throw RequestError.invalid("filter", expected: "a filter", actual: "nothing")
                }
                let inside = try within("filter") { try self.filter(value, isNested: true) }
                try inner.finish()
                return .nested(path, inside)
            }
        }
        try object.refuse("has_vector", "slice", "text", what: "this condition", expected: Self.known)
        let filter = try self.filter(&object, isNested)
        return .filter(filter)
    }

    private static let known = "key, is_empty, is_null, has_id, nested, must, should, must_not or min_should"

    private static func payloadField(_ value: JSONReader) throws -> FieldPath {
        var object = try RequestObject(value)
        let path = try object.required("key", "a path") { try $0.path() }
        try object.finish()
        return path
    }
}

extension FilterParser {
    /// What a condition asks of a member.
    private func fieldCondition(_ object: inout RequestObject) throws -> Filter.Condition {
        let path = try object.required("key", "a path") { try $0.path() }
        try object.refuse(
            "geo_bounding_box", "geo_radius", "geo_polygon", what: "a place on the map",
            expected: "match, range, values_count, is_empty or is_null")
        var conditions: [Filter.Condition] = []
        if let match = try object.optional("match", { try Self.match(path, $0) }) { conditions.append(match) }
        if let range = try object.optional("range", { try Self.range(path, $0) }) { conditions.append(range) }
        if let count = try object.optional("values_count", { try Self.bounds($0) }) {
            conditions.append(.count(path, count))
        }
        if let wanted = try object.optional("is_empty", { try $0.truth() }) {
            conditions.append(Self.when(wanted, .isEmpty(path)))
        }
        if let wanted = try object.optional("is_null", { try $0.truth() }) {
            conditions.append(Self.when(wanted, .isNull(path)))
        }
        guard conditions.count == 1 else {
            throw RequestError.invalid(
                "key", expected: "one of match, range, values_count, is_empty and is_null beside it",
                actual: conditions.isEmpty ? "none" : "\(conditions.count)")
        }
        return conditions[0]
    }

    private static func when(_ wanted: Bool, _ condition: Filter.Condition) -> Filter.Condition {
        wanted ? condition : .filter(Filter(mustNot: [condition]))
    }

    private static func match(_ path: FieldPath, _ value: JSONReader) throws -> Filter.Condition {
        var object = try RequestObject(value)
        try object.refuse(
            "text", "text_any", "phrase", "prefix", "substring", what: "a search for words",
            expected: "value, any or except")
        let condition: Filter.Condition
        if object.contains("value") {
            condition = .match(path, try object.required("value", "a value", Self.keyword))
        } else if object.contains("any") {
            condition = .any(path, try object.required("any", "values") { try $0.array(of: Self.keyword) })
        } else {
            condition = .except(
                path, try object.required("except", "value, any or except") { try $0.array(of: Self.keyword) })
        }
        try object.finish()
        return condition
    }

    private static func keyword(_ value: JSONReader) throws -> JSON {
        switch value.json {
        case .string(let text): .string(text)
        case .integer(let number): .integer(number)
        case .bool(let truth): .bool(truth)
        default:
            throw RequestError.invalid(
                "", expected: "a string, a whole number of 64 bits, true or false", actual: value.described)
        }
    }

    /// Bounds that are numbers, or times.
    private static func range(_ path: FieldPath, _ value: JSONReader) throws -> Filter.Condition {
        let isTime = value.members?.contains { $0.value.kind == .string } ?? false
        return isTime ? .time(path, try bounds(value, Self.time)) : .range(path, try bounds(value))
    }

    private static func bounds(
        _ value: JSONReader, _ read: (JSONReader) throws -> Double = { try $0.number() }
    ) throws -> Filter.NumberRange {
        var object = try RequestObject(value)
        let range = Filter.NumberRange(
            above: try object.optional("gt", read), atLeast: try object.optional("gte", read),
            below: try object.optional("lt", read), atMost: try object.optional("lte", read))
        try object.finish()
        return range
    }

    /// Seconds since 1970.
    static func time(_ value: JSONReader) throws -> Double {
        guard let text = value.string, let time = Timestamp(rfc3339: text) else {
            throw RequestError.invalid("", expected: "a time as RFC 3339 writes it", actual: value.described)
        }
        return time.secondsSince1970
    }
}
