internal import Akin

/// What collections refuse, for those who want to know it before they ask one.
extension CollectionConfiguration {
    /// Sees that a collection can be made so.
    package func check() throws(StoreError) {
        guard (1...65_536).contains(dimension) else {
            throw .invalid(field: "dimension", expected: "1 to 65,536", actual: "\(dimension)")
        }
        do {
            _ = try IndexSpec(parsing: spec, dimension: dimension)
        } catch {
            throw .invalid(
                field: "spec", expected: "an index in Faiss's factory language, such as HNSW16", actual: "\(error)")
        }
    }

    /// Sees that points can be stored.
    package func check(_ points: [Point]) throws(StoreError) {
        for point in points {
            guard point.vector.count == dimension else {
                throw .invalid(
                    field: "vector", expected: "\(dimension) numbers",
                    actual: "\(point.vector.count) in point \(point.id)")
            }
            try check(point.vector) { "point \(point.id)" }
            try check(point.payload)
        }
    }

    /// Sees that payloads can be read again after a change.
    package func check(_ change: PayloadChange) throws(StoreError) {
        switch change {
        case .set(let members, let path): try check(members, at: path)
        case .replace(let payload): try check(payload)
        case .delete, .clear: break
        }
    }

    /// Sees that a payload can be read again: text is parsed up to ``JSONDocument/greatestDepth``.
    ///
    /// Members at a path stand below as many others as it has steps, whatever was there before.
    func check(_ payload: Payload, at path: FieldPath? = nil) throws(StoreError) {
        let depth = JSON.object(payload).depth + (path?.steps.count ?? 0)
        guard depth < JSONDocument.greatestDepth else {
            throw .invalid(
                field: "payload",
                expected: "fewer than \(JSONDocument.greatestDepth) arrays and objects in one another",
                actual: "\(depth)")
        }
    }

    /// Sees that a query can be answered.
    package func check(_ query: SearchQuery) throws(StoreError) {
        guard query.vector.count == dimension else {
            throw .invalid(field: "vector", expected: "\(dimension) numbers", actual: "\(query.vector.count)")
        }
        try check(query.vector) { "the query" }
        let greatest = VectorCollection.greatestLimit
        guard query.limit >= 1, query.limit <= greatest else {
            throw .invalid(field: "limit", expected: "1 to \(greatest)", actual: "\(query.limit)")
        }
        guard query.offset >= 0, query.offset <= greatest - query.limit else {
            throw .invalid(
                field: "offset", expected: "0 to \(greatest), limit included", actual: "\(query.offset)")
        }
        if let ef = query.efSearch, !(1...greatest).contains(ef) {
            throw .invalid(field: "efSearch", expected: "1 to \(greatest)", actual: "\(ef)")
        }
        if let threshold = query.threshold, threshold.isNaN {
            throw .invalid(field: "threshold", expected: "a number", actual: "NaN")
        }
    }

    /// Sees that numbers are finite, and so small that floats hold their squares.
    private func check(_ vector: [Float], _ name: () -> String) throws(StoreError) {
        // What `VectorCheck` of the engine allows.
        guard let place = vector.firstIndex(where: { !($0.magnitude <= 0x1p45) }) else { return }
        throw .invalid(
            field: "vector", expected: "finite numbers of a magnitude up to 2^45",
            actual: "\(vector[place]) as component \(place) of \(name())")
    }
}
