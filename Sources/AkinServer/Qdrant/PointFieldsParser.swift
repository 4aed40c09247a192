internal import AkinStore

extension RequestObject {
    /// Takes `with_payload` and `with_vector`, under either of its names.
    mutating func takeFields(payload: Bool) throws -> PointFields {
        var fields = PointFields(payload: payload ? .all : .none)
        if let part = try optional("with_payload", Self.payloadPart) { fields.payload = part }
        for key in ["with_vector", "with_vectors"] {
            if let wanted = try optional(key, Self.wantsVector) { fields.vector = wanted }
        }
        return fields
    }

    private static func payloadPart(_ value: JSONReader) throws -> PointFields.PayloadPart {
        if let wanted = value.bool { return wanted ? .all : .none }
        if value.kind == .array { return .only(try value.array { try $0.path() }) }
        guard value.kind == .object else {
            throw RequestError.invalid(
                "", expected: "true, false, an array of paths, include or exclude", actual: value.described)
        }
        var object = try RequestObject(value)
        let included = try object.optional("include") { try $0.array { try $0.path() } }
        let excluded = try object.optional("exclude") { try $0.array { try $0.path() } }
        try object.finish()
        switch (included, excluded) {
        case (let paths?, nil): return .only(paths)
        case (nil, let paths?): return .except(paths)
        default: throw RequestError.invalid("", expected: "either include or exclude", actual: "both or none")
        }
    }

    private static func wantsVector(_ value: JSONReader) throws -> Bool {
        if let wanted = value.bool { return wanted }
        let names = try value.array { try $0.text() }
        if let named = names.first(where: { !$0.isEmpty }) {
            throw RequestError.unsupported("", "the named vector \"\(named.prefix(64))\"", expected: "true or false")
        }
        return !names.isEmpty
    }
}
