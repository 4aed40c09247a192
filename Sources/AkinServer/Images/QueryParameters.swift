internal import AkinStore
internal import Hummingbird

/// The parameters behind `?`, taken one by one; one that nobody took is an error.
struct QueryParameters {
    private var values: [String: String] = [:]

    init(_ request: Request) throws {
        for (key, value) in request.uri.queryParameters {
            let name = String(key)
            guard values.updateValue(String(value), forKey: name) == nil else {
                throw RequestError.invalid(String(name.prefix(64)), expected: "one value", actual: "several")
            }
        }
    }

    /// Takes a parameter as it is.
    mutating func text(_ name: String) -> String? { values.removeValue(forKey: name) }

    /// Takes a whole number.
    mutating func wholeNumber(_ name: String, in range: ClosedRange<Int>) throws -> Int? {
        guard let text = text(name) else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw RequestError.invalid(
                name, expected: "a whole number from \(range.lowerBound) to \(range.upperBound)",
                actual: "\"\(text.prefix(64))\"")
        }
        return number
    }

    /// Takes a truth value.
    mutating func truth(_ name: String) throws -> Bool? {
        switch text(name) {
        case nil: return nil
        case "true", "1": return true
        case "false", "0": return false
        case let other?:
            throw RequestError.invalid(name, expected: "true or false", actual: "\"\(other.prefix(64))\"")
        }
    }

    /// Throws where a parameter was not taken.
    func finish() throws {
        guard let (name, value) = values.min(by: { $0.key < $1.key }) else { return }
        throw RequestError.invalid(
            String(name.prefix(64)), expected: "no such parameter", actual: "\"\(value.prefix(64))\"")
    }
}
