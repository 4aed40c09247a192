/// A filter made ready to be asked about many points.
///
/// What a condition means is written here and nowhere else; indexes may only answer what this would.
package struct FilterEvaluator: Sendable {
    private let root: Group

    /// Makes a filter ready.
    package init(_ filter: Filter) { root = Group(filter) }

    /// Whether the filter lets a point pass.
    package func matches(id: PointID, payload: Payload) -> Bool { matches(id: id, root: JSON.object(payload)) }

    /// Whether the filter lets a point pass; `root` is the object of its payload, `nil` where there is none.
    func matches<View: JSONView>(id: PointID, root view: View?) -> Bool { root.holds(id, view) }

    private struct Group: Sendable {
        var must, should, mustNot, some: [Condition]
        var least: Int

        init(_ filter: Filter) {
            must = filter.must.map(Condition.init)
            should = filter.should.map(Condition.init)
            mustNot = filter.mustNot.map(Condition.init)
            some = filter.atLeast?.conditions.map(Condition.init) ?? []
            least = filter.atLeast?.count ?? 0
        }

        func holds<View: JSONView>(_ id: PointID, _ view: View?) -> Bool {
            must.allSatisfy { $0.holds(id, view) } && !mustNot.contains { $0.holds(id, view) }
                && (should.isEmpty || should.contains { $0.holds(id, view) }) && isLeastReached(id, view)
        }

        private func isLeastReached<View: JSONView>(_ id: PointID, _ view: View?) -> Bool {
            var missing = least
            for condition in some where missing > 0 {
                if condition.holds(id, view) { missing -= 1 }
            }
            return missing <= 0
        }
    }

    private indirect enum Condition: Sendable {
        case any([FieldPath.Step], ScalarSet)
        case except([FieldPath.Step], ScalarSet)
        case range([FieldPath.Step], Filter.NumberRange)
        case time([FieldPath.Step], Filter.NumberRange)
        case isEmpty([FieldPath.Step])
        case isNull([FieldPath.Step])
        case count([FieldPath.Step], Filter.NumberRange)
        case hasID(Set<PointID>)
        case nested([FieldPath.Step], Group)
        case group(Group)

        init(_ condition: Filter.Condition) {
            self =
                switch condition {
                case .match(let path, let value): .any(path.steps, ScalarSet([value]))
                case .any(let path, let values): .any(path.steps, ScalarSet(values))
                case .except(let path, let values): .except(path.steps, ScalarSet(values))
                case .range(let path, let range): .range(path.steps, range)
                case .time(let path, let range): .time(path.steps, range)
                case .isEmpty(let path): .isEmpty(path.steps)
                case .isNull(let path): .isNull(path.steps)
                case .count(let path, let range): .count(path.steps, range)
                case .hasID(let ids): .hasID(ids)
                case .nested(let path, let filter):
                    .nested(path.steps.last == .each ? path.steps : path.steps + [.each], Group(filter))
                case .filter(let filter): .group(Group(filter))
                }
        }

        func holds<View: JSONView>(_ id: PointID, _ view: View?) -> Bool {
            switch self {
            case .any(let steps, let values): Self.someValue(steps, view) { values.contains($0) }
            case .except(let steps, let values):
                Self.someValue(steps, view) { $0.kind != .null && !values.contains($0) }
            case .range(let steps, let range): Self.someValue(steps, view) { $0.double.map(range.contains) ?? false }
            case .time(let steps, let range):
                Self.someValue(steps, view) {
                    guard let text = $0.string, let time = Timestamp(rfc3339: text) else { return false }
                    return range.contains(time.secondsSince1970)
                }
            case .isEmpty(let steps):
                !(view?.contains(at: steps[...]) { $0.kind != .null && $0.elements?.isEmpty != true } ?? false)
            case .isNull(let steps): view?.contains(at: steps[...]) { $0.kind == .null } ?? false
            case .count(let steps, let range): Self.hasCount(steps, range, view)
            case .hasID(let ids): ids.contains(id)
            case .nested(let steps, let group):
                view?.contains(at: steps[...]) { $0.kind == .object && group.holds(id, $0) } ?? false
            case .group(let group): group.holds(id, view)
            }
        }

        /// Whether a value on the way is wanted, or one of the elements where the value is an array.
        private static func someValue<View: JSONView>(
            _ steps: [FieldPath.Step], _ view: View?, _ isWanted: (View) -> Bool
        ) -> Bool {
            view?.contains(at: steps[...]) { found in
                if found.kind == .array { found.elements?.contains(where: isWanted) ?? false } else { isWanted(found) }
            } ?? false
        }

        private static func hasCount<View: JSONView>(
            _ steps: [FieldPath.Step], _ range: Filter.NumberRange, _ view: View?
        ) -> Bool {
            var isThere = false
            let holds =
                view?.contains(at: steps[...]) { found in
                    isThere = true
                    let count = found.kind == .null ? 0 : found.elements?.count ?? 1
                    return range.contains(Double(count))
                } ?? false
            return holds || !isThere && range.contains(0)
        }
    }
}

/// The strings, whole numbers and truth values of a list; other values equal nothing.
struct ScalarSet: Sendable {
    private(set) var texts: Set<ByteText> = []
    private(set) var integers: Set<Int64> = []
    private(set) var bools: Set<Bool> = []

    init(_ values: [JSON]) {
        for value in values {
            switch value {
            case .string(let text): texts.insert(ByteText(text))
            case .integer(let integer): integers.insert(integer)
            case .bool(let bool): bools.insert(bool)
            default: break
            }
        }
    }

    func contains(_ value: some JSONView) -> Bool {
        switch value.kind {
        case .string: !texts.isEmpty && value.string.map { texts.contains(ByteText($0)) } ?? false
        case .integer: value.integer.map(integers.contains) ?? false
        case .bool: value.bool.map(bools.contains) ?? false
        default: false
        }
    }
}
