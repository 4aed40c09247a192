internal import Akin
public import Foundation

extension VectorCollection {
    /// Looks points up by name.
    ///
    /// - Returns: those that there are, in the order of their names in `ids`.
    public func retrieve(_ ids: [PointID], fields: PointFields = .init(payload: .all)) throws -> [StoredPoint] {
        try reading {
            let rows = try catalog.rows(of: ids)
            return try points(ids.compactMap { rows[$0] }, fields)
        }
    }

    /// A page of the points that a filter lets pass, ascending by name.
    ///
    /// - Parameters:
    ///   - filter: which points.
    ///   - start: the first name that may be on the page; `nil` for the beginning.
    ///   - limit: points on the page, 1 or more.
    ///   - fields: what of them.
    /// - Returns: the points, and where the next page starts; `nil` behind the last.
    /// - Throws: ``StoreError``.
    public func scroll(
        _ filter: Filter = .init(), from start: PointID? = nil, limit: Int = 10,
        fields: PointFields = .init(payload: .all)
    ) throws -> (points: [StoredPoint], next: PointID?) {
        guard (1...Self.greatestLimit).contains(limit) else {
            throw StoreError.invalid(field: "limit", expected: "1 to \(Self.greatestLimit)", actual: "\(limit)")
        }
        return try reading {
            let (found, next) = try catalog.scroll(filter, from: start, limit: limit)
            return try points(found.map(\.row), fields).map { ($0, next) }
        }
    }

    /// How many points a filter lets pass.
    public func count(_ filter: Filter = .init()) throws -> Int {
        try checkOpen()
        do { return filter.isEmpty ? try catalog.count() : try catalog.matches(filter).count } catch {
            throw failure(error)
        }
    }

    /// The bytes of the image that came with a point; `nil` where it came with none.
    ///
    /// - Throws: ``StoreError/noPoint(_:)``, ``StoreError/storage(_:)``.
    public func image(_ id: PointID) throws -> Data? {
        try reading {
            guard let digest = try catalog.image(of: id) else {
                if try catalog.rows(of: [id]).isEmpty { throw StoreError.noPoint(id) }
                return .some(.none)
            }
            // It may have been replaced, and its file removed, meanwhile.
            return try images.read(digest).map { .some($0) }
        }
    }

    /// The collection as it is now.
    public func describe() throws -> CollectionDescription {
        try checkOpen()
        let state = state
        let segments = state.views.filter { $0.count > 0 }.map {
            CollectionDescription.Segment(
                name: $0.segment.name, spec: $0.segment.spec, count: $0.count, deletedCount: $0.dead.count)
        }
        var bytes = state.views.reduce(0) { $0 + $1.segment.byteCount } + log.byteCount + images.byteCount
        for suffix in ["", "-wal"] { bytes += FileSystem.byteCount(catalog.path + suffix) }
        let indexes: [FieldPath: PayloadIndexKind]
        let isIndexing: Bool
        do {
            indexes = try catalog.payloadIndexes()
            isIndexing = try maintenance.isBusy || waitsForIndexing(state)
        } catch { throw failure(error) }
        var damage = damage.withLock { $0 }
        if let failure = maintenance.failure { damage.append("cannot index: \(failure)") }
        return CollectionDescription(
            configuration: configuration, pointCount: state.livingCount,
            indexedCount: state.views.filter(\.segment.isIndexed).reduce(0) { $0 + $1.livingCount },
            segments: segments, payloadIndexes: indexes, isIndexing: isIndexing, byteCount: bytes,
            damage: damage, identity: identity)
    }

    /// Asks again while points go away between two looks.
    func reading<Value>(_ body: () throws -> Value?) throws -> Value {
        try checkOpen()
        do {
            for _ in 0..<16 {
                if let value = try body() { return value }
            }
        } catch { throw failure(error) }
        throw StoreError.unavailable("the points asked for are replaced faster than they can be read; ask again")
    }

    /// The points of some rows; `nil` where one of them has gone.
    func points(_ rows: [Int64], _ fields: PointFields) throws -> [StoredPoint]? {
        let known = try catalog.points(rows: rows, fields: fields)
        // Taken last: what the catalogue names has its vector in it, but where a file was damaged.
        let state = state
        var points: [StoredPoint] = []
        points.reserveCapacity(rows.count)
        for row in rows {
            guard var point = known[row] else { return nil }
            if fields.vector {
                point.vector = state.vector(of: row, dimension: configuration.dimension)
                // It was replaced, and its segment written anew without it, since the catalogue was read.
                if point.vector == nil, lostCount == 0 { return nil }
            }
            points.append(point)
        }
        return points
    }
}
