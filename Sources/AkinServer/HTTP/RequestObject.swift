internal import AkinStore

/// An object of a request, whose members are taken one by one; one that nobody took is an error.
struct RequestObject {
    private var members: [(key: String, value: JSONReader)]

    init(_ value: JSONReader) throws {
        guard let members = value.members else {
            throw RequestError.invalid("", expected: "an object", actual: value.described)
        }
        self.members = members
    }

    /// A member, unless it is missing or null; the last where the key is given twice.
    mutating func take(_ key: String) -> JSONReader? {
        guard let place = members.lastIndex(where: { $0.key == key }) else { return nil }
        let value = members[place].value
        members.remove(at: place)
        if members.contains(where: { $0.key == key }) { members.removeAll { $0.key == key } }
        return value.kind == .null ? nil : value
    }

    /// Takes a member where it is there.
    mutating func optional<T>(_ key: String, _ read: (JSONReader) throws -> T) throws -> T? {
        guard let value = take(key) else { return nil }
        return try within(key) { try read(value) }
    }

    /// Takes a member that must be there.
    mutating func required<T>(_ key: String, _ expected: String, _ read: (JSONReader) throws -> T) throws -> T {
        guard let value = try optional(key, read) else {
            throw RequestError.invalid(key, expected: expected, actual: "nothing")
        }
        return value
    }

    /// Passes over members that change nothing in what is answered.
    mutating func ignore(_ keys: String...) {
        members.removeAll { keys.contains($0.key) }
    }

    /// Refuses members that would change what is answered in a way this server cannot.
    mutating func refuse(_ keys: String..., what: String, expected: String = "nothing here") throws {
        for key in keys where take(key).map({ !$0.isNothing }) ?? false {
            throw RequestError.unsupported(key, what, expected: expected)
        }
    }

    /// Whether there is a member that was not taken.
    func contains(_ key: String) -> Bool { members.contains { $0.key == key && $0.value.kind != .null } }

    /// Throws where a member was not taken.
    func finish() throws {
        guard let member = members.first(where: { $0.value.kind != .null }) else { return }
        throw RequestError.invalid(
            String(member.key.prefix(64)), expected: "no such field", actual: member.value.described)
    }
}

extension JSONReader {
    /// What it is, in words short enough for an error.
    var described: String {
        switch kind {
        case .null: "null"
        case .bool: bool == true ? "true" : "false"
        case .integer, .number:
            integer.map(String.init) ?? unsigned.map { String($0) } ?? double.map { "\($0)" } ?? "a number"
        case .string: "\"\(string?.prefix(64) ?? "")\""
        case .array: "an array"
        case .object: "an object"
        }
    }

    /// Whether it says nothing: null, or an array or object without members.
    fileprivate var isNothing: Bool {
        kind == .null || elements?.isEmpty ?? false || members?.isEmpty ?? false
    }

    func truth() throws -> Bool {
        guard let bool else { throw RequestError.invalid("", expected: "true or false", actual: described) }
        return bool
    }

    func text() throws -> String {
        guard let string else { throw RequestError.invalid("", expected: "a string", actual: described) }
        return string
    }

    func wholeNumber(in range: ClosedRange<Int>) throws -> Int {
        // Some clients write 10.0.
        let value = integer.flatMap { Int(exactly: $0) } ?? double.flatMap { Int(exactly: $0) }
        guard let value, range.contains(value) else {
            throw RequestError.invalid(
                "",
                expected: range.upperBound == .max
                    ? "a whole number of at least \(range.lowerBound)"
                    : "a whole number from \(range.lowerBound) to \(range.upperBound)", actual: described)
        }
        return value
    }

    func number() throws -> Double {
        guard let double else { throw RequestError.invalid("", expected: "a number", actual: described) }
        return double
    }

    func array(atMost limit: Int = .max) throws -> [JSONReader] {
        guard let elements else { throw RequestError.invalid("", expected: "an array", actual: described) }
        guard elements.count <= limit else {
            throw RequestError.invalid(
                "", expected: "at most \(limit) elements", actual: "\(elements.count)", status: .unprocessableContent)
        }
        return elements
    }

    /// Reads each element; errors name its place.
    func array<T>(atMost limit: Int = .max, of read: (JSONReader) throws -> T) throws -> [T] {
        let elements = try array(atMost: limit)
        var values: [T] = []
        values.reserveCapacity(elements.count)
        for (i, element) in elements.enumerated() { values.append(try within("[\(i)]") { try read(element) }) }
        return values
    }

    func pointID() throws -> PointID {
        if let unsigned { return .number(unsigned) }
        guard let string, let id = PointID(name: string) else {
            throw RequestError.invalid(
                "", expected: "an unsigned number or a string of 1 to \(PointID.greatestLength) bytes",
                actual: described)
        }
        return id
    }

    func path() throws -> FieldPath {
        guard let path = FieldPath(try text()) else {
            throw RequestError.invalid(
                "", expected: "names separated by points, at most 512 bytes", actual: described)
        }
        return path
    }

    func payload() throws -> Payload {
        guard case .object(let members) = json else {
            throw RequestError.invalid("", expected: "an object", actual: described)
        }
        return members
    }

    /// A vector of finite numbers.
    func vector() throws -> [Float] {
        guard let floats else {
            if let elements, let wrong = elements.firstIndex(where: { $0.double == nil }) {
                if elements[wrong].kind == .array {
                    throw RequestError.unsupported("", "a multivector", expected: "an array of numbers")
                }
                throw RequestError.invalid("[\(wrong)]", expected: "a number", actual: elements[wrong].described)
            }
            if let members {
                if members.contains(where: { $0.key == "indices" }) {
                    throw RequestError.unsupported("", "a sparse vector", expected: "an array of numbers")
                }
                if members.count == 1, members[0].key.isEmpty { return try members[0].value.vector() }
                throw RequestError.unsupported("", "a named vector", expected: "an array of numbers")
            }
            throw RequestError.invalid("", expected: "an array of numbers", actual: described)
        }
        if let wrong = floats.firstIndex(where: { !$0.isFinite }) {
            throw RequestError.invalid(
                "[\(wrong)]", expected: "a number that 32 bits hold", actual: elements?[wrong].described ?? "")
        }
        return floats
    }
}
