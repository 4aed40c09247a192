extension FieldPath {
    /// A step on the way to a place in a payload.
    enum Step: Hashable, Sendable {
        /// To a member of an object.
        case member(String)
        /// To each element of an array.
        case each
        /// To one element of an array, counted from 0.
        case element(Int)
    }

    /// The way to the place: `a.b[]` is member a, member b, each.
    ///
    /// A name that has points or brackets of its own stands between quotation marks.
    var steps: [Step] {
        var steps: [Step] = []
        var rest = Substring(description)
        while !rest.isEmpty {
            if rest.first == "\"", let end = rest.dropFirst().firstIndex(of: "\"") {
                steps.append(.member(String(rest[rest.index(after: rest.startIndex)..<end])))
                rest = rest[rest.index(after: end)...]
                let brackets = rest.prefix { $0 != "." }
                steps += Self.brackets(brackets) ?? []
                rest = rest.dropFirst(brackets.count)
            } else {
                let part = rest.prefix { $0 != "." }
                rest = rest.dropFirst(part.count)
                let name = part.prefix { $0 != "[" }
                if let brackets = Self.brackets(part.dropFirst(name.count)) {
                    if !name.isEmpty { steps.append(.member(String(name))) }
                    steps += brackets
                } else {
                    steps.append(.member(String(part)))
                }
            }
            rest = rest.dropFirst()
        }
        return steps
    }

    /// The steps of `[]`, `[3]` and several of them; `nil` for other text.
    private static func brackets(_ text: Substring) -> [Step]? {
        var steps: [Step] = []
        var rest = text
        while !rest.isEmpty {
            guard rest.first == "[", let end = rest.firstIndex(of: "]") else { return nil }
            let inside = rest[rest.index(after: rest.startIndex)..<end]
            if inside.isEmpty {
                steps.append(.each)
            } else if inside.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
                let place = Int(inside)
            {
                steps.append(.element(place))
            } else {
                return nil
            }
            rest = rest[rest.index(after: end)...]
        }
        return steps
    }
}
