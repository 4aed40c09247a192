import AkinStore
import AkinTestSupport

/// Payloads and filters that meet often: few names, few values, all kinds of them.
struct RandomFilters {
    var random: SeededRandom

    init(seed: UInt64) { random = SeededRandom(seed: seed) }

    static let paths = ["a", "b", "c.d", "e", "e[]", "e[].k", "e[0]", "a[]", "c"].compactMap { FieldPath($0) }

    private static let long = String(repeating: "long ", count: 60)

    mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[Int.random(in: 0..<elements.count, using: &random)]
    }

    mutating func chance(_ share: Double) -> Bool { Double.random(in: 0..<1, using: &random) < share }

    // MARK: Payloads

    mutating func payload() -> Payload {
        if chance(0.05) { return [:] }
        var payload: Payload = [:]
        for name in ["a", "b"] where chance(0.8) { payload[name] = value() }
        if chance(0.6) { payload["c"] = chance(0.9) ? .object(chance(0.9) ? ["d": value()] : [:]) : value() }
        if chance(0.6) {
            let elements: [JSON] = (0..<Int.random(in: 0...3, using: &random)).map { _ in element() }
            payload["e"] = chance(0.9) ? .array(elements) : value()
        }
        return payload
    }

    private mutating func element() -> JSON {
        if chance(0.2) { return value() }
        var members: Payload = [:]
        for name in ["k", "a"] where chance(0.8) { members[name] = value() }
        return .object(members)
    }

    private mutating func value() -> JSON {
        if chance(0.8) { return scalar() }
        return .array((0..<Int.random(in: 0...3, using: &random)).map { _ in scalar() })
    }

    mutating func scalar() -> JSON {
        switch Int.random(in: 0..<20, using: &random) {
        case 0: .null
        case 1: .bool(chance(0.5))
        case 2: .array([.integer(1)])
        case 3: .object(["k": .integer(1)])
        case 4...8: .integer(pick([0, 1, 2, 3, -1, .max, .min, 1 << 53, 1 << 53 + 1]))
        case 9...11: .number(pick([0, -0.0, 1, 1.5, 2.5, -1e300, 0x1p53, 0x1p63]))
        case 12...13: .string(pick(["2024-01-01", "2024-01-01T00:00:00Z", "2024-01-01T01:00:00+01:00", "2025-06-01"]))
        default: .string(pick(["x", "y", "z", "", "\u{e9}", "e\u{301}", "1", Self.long + "1", Self.long + "2"]))
        }
    }

    // MARK: Filters

    mutating func filter(depth: Int = 0) -> Filter {
        var filter = Filter()
        filter.must = conditions(atMost: 3, depth)
        if chance(0.4) { filter.should = conditions(atMost: 3, depth) }
        if chance(0.3) { filter.mustNot = conditions(atMost: 2, depth) }
        if chance(0.2) {
            let some = conditions(atMost: 4, depth)
            filter.atLeast = .init(Int.random(in: 0...(some.count + 1), using: &random), of: some)
        }
        return filter
    }

    private mutating func conditions(atMost limit: Int, _ depth: Int) -> [Filter.Condition] {
        (0..<Int.random(in: 0...limit, using: &random)).map { _ in condition(depth) }
    }

    mutating func condition(_ depth: Int = 0) -> Filter.Condition {
        let path = pick(Self.paths)
        return switch Int.random(in: 0..<(depth > 1 ? 17 : 20), using: &random) {
        case 0...3: .match(path, scalar())
        case 4...5: .any(path, (0..<Int.random(in: 0...4, using: &random)).map { _ in scalar() })
        case 6...7: .except(path, (0..<Int.random(in: 0...3, using: &random)).map { _ in scalar() })
        case 8...10: .range(path, range([-1, 0, 1, 1.5, 2, 0x1p53, 0x1p63, .infinity]))
        case 11...12: .time(path, range([1_704_067_200, 1_704_067_199.5, 1_748_736_000, 0]))
        case 13: .isEmpty(path)
        case 14: .isNull(path)
        case 15: .count(path, range([0, 1, 2]))
        case 16: .hasID(Set((0..<Int.random(in: 0...40, using: &random)).map { _ in id(below: 400) }))
        case 17: .nested(pick(Self.paths), filter(depth: depth + 1))
        default: .filter(filter(depth: depth + 1))
        }
    }

    private mutating func range(_ bounds: [Double]) -> Filter.NumberRange {
        var range = Filter.NumberRange()
        if chance(0.4) { range.above = pick(bounds) }
        if chance(0.4) { range.atLeast = pick(bounds) }
        if chance(0.3) { range.below = pick(bounds) }
        if chance(0.3) { range.atMost = pick(bounds) }
        return range
    }

    mutating func id(below bound: Int) -> PointID {
        let number = Int.random(in: 0..<bound, using: &random)
        return number % 2 == 0 ? .number(UInt64(number)) : .name("n\(number)")
    }
}
