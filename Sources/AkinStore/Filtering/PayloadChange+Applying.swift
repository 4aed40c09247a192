extension PayloadChange {
    /// A payload after the change.
    func applied(to payload: Payload) -> Payload {
        switch self {
        case .clear: return [:]
        case .replace(let new): return new
        case .set(let members, nil): return payload.merged(with: members)
        case .set(let members, let path?):
            guard case .object(let changed) = JSON.object(payload).setting(members, at: path.steps[...]) else {
                return payload
            }
            return changed
        case .delete(let paths):
            var value = JSON.object(payload)
            for path in paths { value = value.removing(path.steps[...]) }
            guard case .object(let changed) = value else { return payload }
            return changed
        }
    }
}

extension Payload {
    /// The members of both; those of the other count, and where it has `null` the member is forgotten.
    fileprivate func merged(with other: Payload) -> Payload {
        merging(other) { $1 }.filter { other[$0.key] != .null }
    }
}

extension JSON {
    /// Sets members of the objects at a place.
    ///
    /// What stands in the way and is no object, or no array where one is
    /// needed, makes way for one; elements that are not there stay away.
    fileprivate func setting(_ new: Payload, at steps: ArraySlice<FieldPath.Step>) -> JSON {
        guard let step = steps.first else {
            guard case .object(let members) = self else { return .object([:].merged(with: new)) }
            return .object(members.merged(with: new))
        }
        let rest = steps.dropFirst()
        switch step {
        case .member(let name):
            var members: Payload = if case .object(let members) = self { members } else { [:] }
            members[name] = (members[name] ?? .null).setting(new, at: rest)
            return .object(members)
        case .each:
            guard case .array(let elements) = self else { return .array([]) }
            return .array(elements.map { $0.setting(new, at: rest) })
        case .element(let place):
            guard case .array(var elements) = self else { return .array([]) }
            if elements.indices.contains(place) { elements[place] = elements[place].setting(new, at: rest) }
            return .array(elements)
        }
    }

    /// Forgets what is at a place: a member, or all elements of an array.
    ///
    /// Single elements stay, because the others would change their places.
    fileprivate func removing(_ steps: ArraySlice<FieldPath.Step>) -> JSON {
        guard let step = steps.first else { return self }
        let rest = steps.dropFirst()
        switch (step, self) {
        case (.member(let name), .object(var members)):
            members[name] = rest.isEmpty ? nil : members[name]?.removing(rest)
            return .object(members)
        case (.each, .array(let elements)):
            return .array(rest.isEmpty ? [] : elements.map { $0.removing(rest) })
        case (.element(let place), .array(var elements)):
            if !rest.isEmpty, elements.indices.contains(place) { elements[place] = elements[place].removing(rest) }
            return .array(elements)
        default: return self
        }
    }
}
