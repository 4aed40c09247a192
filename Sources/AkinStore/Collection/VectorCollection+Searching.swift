internal import Akin
internal import Synchronization

extension VectorCollection {
    /// Neighbours that one query may ask for, those it leaves out included.
    public static let greatestLimit = 1 << 20

    /// Finds the points nearest to each query.
    ///
    /// Scores are those of the stored vectors, in double precision, rounded once; points come nearest first, ties by
    /// smaller name. Every write that was acknowledged before the call is seen. An answer is shorter than its query's
    /// limit only where fewer points pass filter and threshold.
    ///
    /// Each segment is searched through its index, or exactly where it has none. Under a filter the points that pass are
    /// either compared one by one, where they are few, or looked for in the indexes; ``SearchAnswer/plan`` says which.
    ///
    /// - Parameter queries: answered in parallel where there are several.
    /// - Returns: one answer for each.
    /// - Throws: ``StoreError``.
    public func search(_ queries: [SearchQuery]) throws -> [SearchAnswer] {
        try checkOpen()
        for query in queries { try check(query) }
        do {
            if queries.count == 1 { return [try answer(queries[0], nil)] }
            var matches: [Int: RowSet] = [:]
            var filters: [Filter] = []
            // Queries that come together often share a filter, whose rows are then found once.
            var filterOf: [Int] = []
            for query in queries {
                let known = filters.firstIndex(of: query.filter)
                if known == nil { filters.append(query.filter) }
                filterOf.append(known ?? filters.count - 1)
            }
            if filters.count < queries.count {
                for (number, filter) in filters.enumerated() where !filter.isEmpty {
                    matches[number] = try catalog.matches(filter)
                }
            }
            let answers = Answers(count: queries.count)
            let threads = settings.searchThreads ?? availableCores()
            try parallelFor(threads: threads, count: queries.count) { [matches, filterOf] number in
                answers.set(try answer(queries[number], matches[filterOf[number]]), number)
            }
            return answers.all
        } catch { throw failure(error) }
    }

    private func check(_ query: SearchQuery) throws(StoreError) {
        guard query.vector.count == configuration.dimension else {
            throw .invalid(
                field: "vector", expected: "\(configuration.dimension) numbers", actual: "\(query.vector.count)")
        }
        try check(query.vector) { _ in "the query" }
        guard query.limit >= 1, query.limit <= Self.greatestLimit else {
            throw .invalid(field: "limit", expected: "1 to \(Self.greatestLimit)", actual: "\(query.limit)")
        }
        guard query.offset >= 0, query.offset <= Self.greatestLimit - query.limit else {
            throw .invalid(
                field: "offset", expected: "0 to \(Self.greatestLimit), limit included", actual: "\(query.offset)")
        }
        if let ef = query.efSearch, !(1...Self.greatestLimit).contains(ef) {
            throw .invalid(field: "efSearch", expected: "1 to \(Self.greatestLimit)", actual: "\(ef)")
        }
        if let threshold = query.threshold, threshold.isNaN {
            throw .invalid(field: "threshold", expected: "a number", actual: "NaN")
        }
    }

    /// Answers one query; `matches` are the rows its filter lets pass, where they are known.
    private func answer(_ query: SearchQuery, _ matches: RowSet?) throws -> SearchAnswer {
        // Copied at once: the initialiser for rows takes value by value, which costs more than searching a few points.
        let vector = Matrix<Float>(rows: 1, columns: query.vector.count) {
            _ = $0.update(fromContentsOf: query.vector)
        }
        var matches = matches
        // A point may be replaced between looking in two places. It was there all the time, so look again.
        for attempt in 0... {
            let isLast = attempt == 8
            let search: SegmentSearch
            var plan = SearchAnswer.Plan.unfiltered
            if query.filter.isEmpty {
                search = makeSearch(query, vector, nil)
                search.run()
            } else {
                let rows = try matches ?? catalog.matches(query.filter)
                matches = nil
                search = makeSearch(query, vector, rows)
                if query.isExact || isFew(rows.count) {
                    plan = .matchesFirst
                    if search.compare(rows.rows) > lostCount, !isLast { continue }
                } else {
                    plan = .whileSearching
                    search.run()
                }
            }
            if let hits = try hits(search, query, isLast: isLast) {
                return SearchAnswer(hits: hits, isExact: search.isExact, plan: plan)
            }
        }
        preconditionFailure("the last attempt gives an answer")
    }

    private func makeSearch(_ query: SearchQuery, _ vector: Matrix<Float>, _ rows: RowSet?) -> SegmentSearch {
        // Taken after the rows were found: whatever the catalogue named then is in it.
        SegmentSearch(
            vector, limit: query.limit + query.offset, metric: configuration.metric, views: state.views, rows: rows,
            mustBeExact: query.isExact, options: SearchOptions(threads: 1, efSearch: query.efSearch))
    }

    /// Whether comparing so many points one by one costs less than searching an index for them.
    ///
    /// A walk through a graph under a filter compares a few thousand vectors, or more as fewer pass; one by one they are
    /// compared faster, because they lie in order.
    private func isFew(_ count: Int) -> Bool {
        let all = state.livingCount
        return count <= max(4096, min(32_768, all / 32))
    }

    /// What the answer carries; `nil` where a point went away while it was looked up.
    private func hits(_ search: SegmentSearch, _ query: SearchQuery, isLast: Bool) throws -> [SearchAnswer.Hit]? {
        let metric = configuration.metric
        var candidates = search.nearest.sorted.dropFirst(query.offset)
        if let threshold = query.threshold {
            candidates = candidates.prefix { !metric.isNearer(threshold, than: metric.score(ofKey: $0.key)) }
        }
        let views = search.views
        var known: [Int64: StoredPoint]?
        if query.fields.payload != .none {
            let rows = candidates.map { views[$0.view].segment.row(at: $0.position) }
            known = try catalog.points(rows: rows, fields: query.fields)
            if let known, known.count < rows.count, !isLast { return nil }
        }
        return candidates.compactMap { candidate in
            let segment = views[candidate.view].segment
            var point: StoredPoint
            if let known {
                guard let found = known[segment.row(at: candidate.position)] else { return nil }
                point = found
            } else {
                point = StoredPoint(
                    id: segment.id(at: candidate.position), hasImage: segment.hasImage(at: candidate.position))
            }
            if query.fields.vector {
                point.vector = segment.withVector(at: candidate.position) {
                    Array(UnsafeBufferPointer(start: $0, count: configuration.dimension))
                }
            }
            return SearchAnswer.Hit(point: point, score: metric.score(ofKey: candidate.key))
        }
    }
}

extension Metric {
    /// The score of a key that is smaller the nearer.
    func score(ofKey key: Float) -> Float { isSimilarity ? 0 - key : key }
}

/// The answers to a batch; each is written by one thread.
private final class Answers: Sendable {
    private let slots: Mutex<[SearchAnswer?]>

    init(count: Int) { slots = Mutex(Array(repeating: nil, count: count)) }

    func set(_ answer: SearchAnswer, _ number: Int) { slots.withLock { $0[number] = answer } }
    var all: [SearchAnswer] { slots.withLock { $0.compactMap(\.self) } }
}
