package import AkinStore

/// Why a replica does not answer.
package enum ShardFailure: Error, Equatable, Sendable {
    /// The collection refuses what is asked, or cannot do it; another replica would most likely say the same.
    case store(StoreError)
    /// The replica has come up to this position, and not to the one asked for in time.
    case behind(UInt64)
    /// The worker has no replica of the shard, or none that answers yet.
    case notHere
    /// Too much is being asked; why.
    case overload(String)
    /// The replica misses writes that it cannot get; which.
    case gap(String)
}

extension ByteWriter {
    mutating func append(_ failure: ShardFailure) {
        switch failure {
        case .store(let error):
            append(UInt8(1))
            append(text: error.code)
            append(error.fields) { $0.append(text: $1) }
            append(text: error.description)
        case .behind(let position):
            append(UInt8(2))
            append(position)
        case .notHere: append(UInt8(3))
        case .overload(let reason):
            append(UInt8(4))
            append(text: reason)
        case .gap(let what):
            append(UInt8(5))
            append(text: what)
        }
    }
}

extension ByteReader {
    mutating func failure() throws(DecodingFailure) -> ShardFailure {
        switch try number(UInt8.self) {
        case 1:
            let code = try text(0...64)
            let fields = try array(ofSize: 4) { reader throws(DecodingFailure) in try reader.text() }
            let description = try text()
            // What a newer release refuses for a reason unknown here is still refused.
            return .store(StoreError(code: code, fields) ?? .storage(description))
        case 2: return .behind(try number())
        case 3: return .notHere
        case 4: return .overload(try text())
        case 5: return .gap(try text())
        case let kind: throw unknown("failure", kind)
        }
    }
}

extension StoreError {
    /// What it says beside its code.
    fileprivate var fields: [String] {
        switch self {
        case .noCollection(let name), .collectionExists(let name): [name]
        case .noPoint(.number(let number)): ["number", "\(number)"]
        case .noPoint(.name(let name)): ["name", name]
        case .invalid(let field, let expected, let actual): [field, expected, actual]
        case .spaceMismatch(let expected, let actual): [expected, actual]
        case .diskFull(let what), .storage(let what), .unavailable(let what), .snapshot(let what): [what]
        }
    }

    /// The error of a code; `nil` where there is none, or where it has other fields.
    fileprivate init?(code: String, _ fields: [String]) {
        switch (code, fields.count) {
        case ("no_collection", 1): self = .noCollection(fields[0])
        case ("collection_exists", 1): self = .collectionExists(fields[0])
        case ("no_point", 2):
            if fields[0] == "name" {
                self = .noPoint(.name(fields[1]))
            } else if let number = UInt64(fields[1]) {
                self = .noPoint(.number(number))
            } else {
                return nil
            }
        case ("invalid", 3): self = .invalid(field: fields[0], expected: fields[1], actual: fields[2])
        case ("space_mismatch", 2): self = .spaceMismatch(expected: fields[0], actual: fields[1])
        case ("disk_full", 1): self = .diskFull(fields[0])
        case ("storage", 1): self = .storage(fields[0])
        case ("unavailable", 1): self = .unavailable(fields[0])
        case ("snapshot", 1): self = .snapshot(fields[0])
        default: return nil
        }
    }
}
