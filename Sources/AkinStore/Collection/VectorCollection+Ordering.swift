extension VectorCollection {
    /// A page of the points that a filter lets pass, in the order of a member of their payloads that holds numbers or
    /// times and has a payload index of them.
    ///
    /// A point with several numbers comes once for each, one without any does not come.
    ///
    /// - Parameters:
    ///   - filter: which points.
    ///   - path: where the numbers or times are.
    ///   - isDescending: whether large numbers and late times come first.
    ///   - start: the first number that may come, or seconds since 1970; `nil` for the beginning.
    ///   - limit: points on the page, 1 or more.
    ///   - fields: what of them.
    /// - Returns: the points with the numbers by which they stand there.
    /// - Throws: ``StoreError/invalid(field:expected:actual:)`` where there is no such index.
    public func scroll(
        _ filter: Filter = .init(), orderedBy path: FieldPath, isDescending: Bool = false, from start: Double? = nil,
        limit: Int = 10, fields: PointFields = .init(payload: .all)
    ) throws -> [(point: StoredPoint, value: JSON)] {
        guard (1...Self.greatestLimit).contains(limit) else {
            throw StoreError.invalid(field: "limit", expected: "1 to \(Self.greatestLimit)", actual: "\(limit)")
        }
        return try reading {
            let found = try catalog.scroll(
                filter, orderedBy: path, isDescending: isDescending, from: start, limit: limit)
            return try points(found.map(\.row), fields).map { Array(zip($0, found.map(\.value))) }
        }
    }
}
