/// The members of payloads that a reply carries, made ready to be picked from many.
struct PayloadSelection {
    private enum Rule {
        case all
        case only([ArraySlice<FieldPath.Step>])
        case except([ArraySlice<FieldPath.Step>])
    }

    private let rule: Rule

    init(_ part: PointFields.PayloadPart) {
        rule =
            switch part {
            case .none: .only([])
            case .all: .all
            case .only(let paths): .only(paths.map { $0.steps[...] })
            case .except(let paths): .except(paths.map { $0.steps[...] })
            }
    }

    func applied(to payload: Payload) -> Payload {
        switch rule {
        case .all: payload
        case .only(let paths): Self.members(payload, at: paths)
        case .except(let paths): Self.members(payload, without: paths)
        }
    }

    /// The paths that go on through a step, behind it.
    private static func behind(_ step: FieldPath.Step, _ paths: [ArraySlice<FieldPath.Step>])
        -> [ArraySlice<FieldPath.Step>]
    {
        paths.filter { $0.first == step }.map { $0.dropFirst() }
    }

    // MARK: Only

    private static func members(_ members: Payload, at paths: [ArraySlice<FieldPath.Step>]) -> Payload {
        var kept: Payload = [:]
        for (name, value) in members { kept[name] = Self.value(value, at: behind(.member(name), paths)) }
        return kept
    }

    /// What of a value stands at the paths, objects and arrays on the way included; `nil` where nothing does.
    private static func value(_ value: JSON, at paths: [ArraySlice<FieldPath.Step>]) -> JSON? {
        if paths.isEmpty { return nil }
        if paths.contains(where: \.isEmpty) { return value }
        switch value {
        case .object(let members): return .object(Self.members(members, at: paths))
        case .array(let elements):
            let each = behind(.each, paths)
            return .array(
                elements.enumerated().compactMap { i, element in
                    Self.value(element, at: each + behind(.element(i), paths))
                })
        default: return nil
        }
    }

    // MARK: Except

    private static func members(_ members: Payload, without paths: [ArraySlice<FieldPath.Step>]) -> Payload {
        var kept: Payload = [:]
        for (name, value) in members { kept[name] = Self.value(value, without: behind(.member(name), paths)) }
        return kept
    }

    /// A value without what stands at the paths; `nil` where nothing is left of it.
    private static func value(_ value: JSON, without paths: [ArraySlice<FieldPath.Step>]) -> JSON? {
        if paths.isEmpty { return value }
        if paths.contains(where: \.isEmpty) { return nil }
        switch value {
        case .object(let members): return .object(Self.members(members, without: paths))
        case .array(let elements):
            let each = behind(.each, paths)
            return .array(
                elements.enumerated().compactMap { i, element in
                    Self.value(element, without: each + behind(.element(i), paths))
                })
        default: return value
        }
    }
}
