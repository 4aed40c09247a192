internal import AkinStore

extension ByteWriter {
    mutating func append(_ filter: Filter) {
        append(filter.must) { $0.append($1) }
        append(filter.should) { $0.append($1) }
        append(filter.mustNot) { $0.append($1) }
        append(optional: filter.atLeast) { writer, some in
            writer.append(some.count)
            writer.append(some.conditions) { $0.append($1) }
        }
    }

    private mutating func append(_ condition: Filter.Condition) {
        func append(_ kind: UInt8, _ path: FieldPath) {
            self.append(kind)
            self.append(path)
        }
        switch condition {
        case .match(let path, let value):
            append(1, path)
            self.append(json: value)
        case .any(let path, let values):
            append(2, path)
            self.append(values) { $0.append(json: $1) }
        case .except(let path, let values):
            append(3, path)
            self.append(values) { $0.append(json: $1) }
        case .range(let path, let range):
            append(4, path)
            self.append(range)
        case .time(let path, let range):
            append(5, path)
            self.append(range)
        case .isEmpty(let path): append(6, path)
        case .isNull(let path): append(7, path)
        case .count(let path, let range):
            append(8, path)
            self.append(range)
        case .hasID(let ids):
            self.append(UInt8(9))
            // In order, so that the same filter is the same bytes.
            self.append(ids.sorted()) { $0.append($1) }
        case .nested(let path, let filter):
            append(10, path)
            self.append(filter)
        case .filter(let filter):
            self.append(UInt8(11))
            self.append(filter)
        }
    }

    private mutating func append(_ range: Filter.NumberRange) {
        for bound in [range.above, range.atLeast, range.below, range.atMost] {
            append(optional: bound) { $0.append($1) }
        }
    }
}

extension ByteReader {
    mutating func filter(depth: Int = 1) throws(DecodingFailure) -> Filter {
        guard depth <= MessageFormat.greatestDepth else {
            throw DecodingFailure(description: "filters stand in one another more than \(depth - 1) deep")
        }
        var filter = Filter()
        filter.must = try conditions(depth)
        filter.should = try conditions(depth)
        filter.mustNot = try conditions(depth)
        if try flag() {
            let count = try int()
            filter.atLeast = Filter.AtLeast(count, of: try conditions(depth))
        }
        return filter
    }

    private mutating func conditions(_ depth: Int) throws(DecodingFailure) -> [Filter.Condition] {
        // The shortest: no names of points.
        try array(ofSize: 5) { reader throws(DecodingFailure) in try reader.condition(depth) }
    }

    private mutating func condition(_ depth: Int) throws(DecodingFailure) -> Filter.Condition {
        let kind = try number(UInt8.self)
        switch kind {
        case 9:
            return .hasID(Set(try array(ofSize: 6) { reader throws(DecodingFailure) in try reader.id() }))
        case 11: return .filter(try filter(depth: depth + 1))
        case 1...8, 10: break
        default: throw unknown("condition", kind)
        }
        let path = try path()
        switch kind {
        case 1: return .match(path, try json())
        case 2: return .any(path, try array(ofSize: 5) { reader throws(DecodingFailure) in try reader.json() })
        case 3: return .except(path, try array(ofSize: 5) { reader throws(DecodingFailure) in try reader.json() })
        case 4: return .range(path, try range())
        case 5: return .time(path, try range())
        case 6: return .isEmpty(path)
        case 7: return .isNull(path)
        case 8: return .count(path, try range())
        default: return .nested(path, try filter(depth: depth + 1))
        }
    }

    private mutating func range() throws(DecodingFailure) -> Filter.NumberRange {
        var bounds: [Double?] = []
        for _ in 0..<4 {
            bounds.append(try optional { reader throws(DecodingFailure) in try reader.double() })
        }
        return Filter.NumberRange(above: bounds[0], atLeast: bounds[1], below: bounds[2], atMost: bounds[3])
    }
}
