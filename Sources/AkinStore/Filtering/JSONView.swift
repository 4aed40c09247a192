/// A JSON value to look at, whether it has been read into memory or stands in a document.
protocol JSONView {
    var kind: JSONReader.Kind { get }
    var bool: Bool? { get }
    var integer: Int64? { get }
    var double: Double? { get }
    var string: String? { get }
    var elements: [Self]? { get }
    /// A member of an object, by the bytes of its name.
    func member(_ name: String) -> Self?
}

extension JSONView {
    /// Calls `body` for what is found on a way; nothing where there is nothing.
    func forEach(at steps: ArraySlice<FieldPath.Step>, _ body: (Self) -> Void) {
        _ = contains(at: steps) {
            body($0)
            return false
        }
    }

    /// Whether `isWanted` holds for something that is found on a way; not asked again once it does.
    func contains(at steps: ArraySlice<FieldPath.Step>, _ isWanted: (Self) -> Bool) -> Bool {
        guard let step = steps.first else { return isWanted(self) }
        switch step {
        case .member(let name): return member(name)?.contains(at: steps.dropFirst(), isWanted) ?? false
        case .each: return elements?.contains { $0.contains(at: steps.dropFirst(), isWanted) } ?? false
        case .element(let place):
            guard let elements, elements.indices.contains(place) else { return false }
            return elements[place].contains(at: steps.dropFirst(), isWanted)
        }
    }
}

extension JSONReader: JSONView {
    func member(_ name: String) -> JSONReader? { self[name] }
}

extension JSON: JSONView {
    var kind: JSONReader.Kind {
        switch self {
        case .null: .null
        case .bool: .bool
        case .integer: .integer
        case .number: .number
        case .string: .string
        case .array: .array
        case .object: .object
        }
    }

    var bool: Bool? { if case .bool(let value) = self { value } else { nil } }

    var integer: Int64? { if case .integer(let value) = self { value } else { nil } }

    var string: String? { if case .string(let value) = self { value } else { nil } }

    var elements: [JSON]? { if case .array(let elements) = self { elements } else { nil } }

    func member(_ name: String) -> JSON? {
        guard case .object(let members) = self, let place = members.index(forKey: name) else { return nil }
        return members[place].key.utf8.elementsEqual(name.utf8) ? members[place].value : nil
    }
}
