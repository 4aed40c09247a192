extension Filter {
    /// About how many bytes of memory it takes.
    var byteCount: Int {
        let conditions = must + should + mustNot + (atLeast?.conditions ?? [])
        return conditions.reduce(64) { $0 + $1.byteCount }
    }
}

extension Filter.Condition {
    /// The same of one condition.
    fileprivate var byteCount: Int {
        switch self {
        case .match(let path, let value): path.byteCount + value.byteCount
        case .any(let path, let values), .except(let path, let values):
            values.reduce(path.byteCount) { $0 + $1.byteCount }
        case .range(let path, _), .time(let path, _), .isEmpty(let path), .isNull(let path), .count(let path, _):
            path.byteCount
        case .hasID(let ids): ids.reduce(0) { $0 + $1.byteCount }
        case .nested(let path, let filter): path.byteCount + filter.byteCount
        case .filter(let filter): filter.byteCount
        }
    }
}

extension FieldPath {
    fileprivate var byteCount: Int { 96 + description.utf8.count }
}

extension PointID {
    fileprivate var byteCount: Int {
        if case .name(let name) = self { 48 + name.utf8.count } else { 48 }
    }
}

extension JSON {
    fileprivate var byteCount: Int {
        switch self {
        case .null, .bool, .integer, .number: 32
        case .string(let text): 32 + text.utf8.count
        case .array(let elements): elements.reduce(32) { $0 + $1.byteCount }
        case .object(let members): members.reduce(32) { $0 + $1.key.utf8.count + $1.value.byteCount }
        }
    }
}
