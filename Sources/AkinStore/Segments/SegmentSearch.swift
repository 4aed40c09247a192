internal import Akin

/// One query on its way through the segments: what it wants and what was found.
///
/// Belongs to one thread.
final class SegmentSearch {
    let metric: Metric
    /// `[1, dimension]`.
    let query: Matrix<Float>
    let options: SearchOptions
    /// Rows that may be answers, all alive; `nil` where all that are alive may.
    let rows: RowSet?
    /// Whether indexes that may miss something are passed over.
    let mustBeExact: Bool
    fileprivate(set) var nearest: NearestPoints
    /// Whether everything was compared, or what compared it is exact.
    fileprivate(set) var isExact = true

    /// What is searched.
    let views: [SegmentView]
    private let scores: ExactScores
    /// The view that is searched now.
    fileprivate var current = 0

    /// Searches views for the `limit` nearest.
    ///
    /// Where rows are given, the views' segments are searched for them whatever the views show of those.
    init(
        _ query: Matrix<Float>, limit: Int, metric: Metric, views: [SegmentView], rows: RowSet?, mustBeExact: Bool,
        options: SearchOptions
    ) {
        self.query = query
        self.metric = metric
        let views =
            rows == nil ? views : views.map { SegmentView(segment: $0.segment, count: $0.segment.count) }
        self.views = views
        self.rows = rows
        self.mustBeExact = mustBeExact
        self.options = options
        nearest = NearestPoints(limit: limit, of: views)
        scores = query.withUnsafeElements { elements in
            // The matrix lives as long as this object, and does not move.
            ExactScores(
                metric, query: elements.baseAddress ?? UnsafePointer(bitPattern: 64).unsafelyUnwrapped,
                dimension: query.columns)
        }
    }

    /// Searches all views, large ones first, so that what follows has a bound.
    func run() {
        for number in views.indices.sorted(by: { views[$0].count > views[$1].count }) where views[number].count > 0 {
            current = number
            views[number].segment.search(self)
        }
        withExtendedLifetime(query) {}
    }

    /// The view that is searched now.
    var view: SegmentView { views[current] }

    /// Compares some rows, wherever they are; gives how many of them no segment has.
    func compare(_ wanted: some Sequence<Int64>) -> Int {
        var missing = 0
        let order = views.indices.filter { views[$0].segment.count > 0 }
        var at = 0
        for row in wanted {
            // Rows ascend, and so do segments.
            while at < order.count, views[order[at]].segment.lastRow < row { at += 1 }
            guard at < order.count, let position = views[order[at]].segment.position(of: row) else {
                missing += 1
                continue
            }
            current = order[at]
            offer(position)
        }
        return missing
    }

    /// Compares those positions of the current view's segment that are alive, or among the wanted rows.
    func scan(_ range: Range<Int>) {
        let (segment, dead) = (view.segment, view.dead)
        if let rows {
            for position in range where rows.contains(segment.row(at: position)) { offer(position) }
            return
        }
        let (limit, dimension) = (min(range.upperBound, view.count), query.columns)
        guard range.lowerBound < limit else { return }
        segment.forEachRun(of: range.lowerBound..<limit) { first, vectors, count in
            for i in 0..<count where dead.count == 0 || !dead.contains(first + i) {
                let key = self.key(vectors + i * dimension)
                if key <= nearest.bound { nearest.offer(.init(key: key, view: current, position: first + i)) }
            }
        }
    }

    private func key(_ vector: UnsafePointer<Float>) -> Float {
        let score = scores.score(vector)
        return metric.isSimilarity ? 0 - score : score
    }

    fileprivate func offer(_ position: Int) {
        let key = view.segment.withVector(at: position) { self.key($0) }
        if key <= nearest.bound { nearest.offer(.init(key: key, view: current, position: position)) }
    }
}

extension SegmentSearch {
    /// Asks an index over a part of the current view's segment, and asks for more while dead points or ties may hide
    /// what belongs into the answer.
    ///
    /// - Parameters:
    ///   - index: over rows of `range`, with the rows as ids; those it leaves out are dead.
    ///   - range: positions.
    ///   - isExact: whether its answers are the true ones.
    ///   - scoresAreExact: whether its scores are those of the stored vectors.
    func ask(_ index: any VectorIndex, _ range: Range<Int>, isExact: Bool, scoresAreExact: Bool) {
        // An exact index would gather the rows that pass and measure them; comparing them here is the same work.
        guard isExact ? rows == nil : !mustBeExact else { return scan(range) }
        if !isExact { self.isExact = false }
        var options = options
        options.threads = 1
        options.filter = rows?.idFilter
        let margin = rows == nil ? Int((Double(nearest.limit) * view.deadShare * 1.5).rounded(.up)) : 0
        var wanted = min(index.count, nearest.limit + margin + (isExact || margin > 0 ? 1 : 0))
        // What was found before more was asked for.
        var offered = Set<Int64>()
        let segment = view.segment
        while wanted > 0 {
            guard let found = try? index.search(query, k: wanted, options: options).neighbors[0] else { break }
            var alive = 0, last = -Float.infinity
            for neighbor in found {
                guard let position = segment.position(of: neighbor.id), mayAnswer(position, neighbor.id) else {
                    continue
                }
                alive += 1
                guard offered.isEmpty || !offered.contains(neighbor.id) else { continue }
                if scoresAreExact {
                    nearest.offer(.init(key: key(of: neighbor), view: current, position: position))
                } else {
                    offer(position)
                }
            }
            if let farthest = found.last { last = key(of: farthest) }
            // Nothing is behind what was found,
            if found.count >= index.count { return }
            if isExact {
                // or it is farther than all that can be told; where it ties, names decide.
                if nearest.isFull, last > nearest.bound { return }
            } else if alive >= min(nearest.limit, rows?.count ?? view.livingCount) {
                // or the dead have hidden nothing that an index without them would have found.
                return
            }
            offered.formUnion(found.lazy.map(\.id))
            // An index that gave less than it was asked for has no more to give, and asking for most of it is no search.
            guard found.count >= wanted, wanted < index.count / 4, wanted < 64 * nearest.limit + 64 else { break }
            wanted = min(index.count, 2 * wanted + 8)
        }
        for position in range where !offered.contains(segment.row(at: position)) {
            if mayAnswer(position, segment.row(at: position)) { offer(position) }
        }
    }

    private func key(of neighbor: Neighbor) -> Float {
        metric.isSimilarity ? 0 - neighbor.score : neighbor.score
    }

    /// Whether a position of the current view may be an answer.
    private func mayAnswer(_ position: Int, _ row: Int64) -> Bool {
        if let rows { return rows.contains(row) }
        return position < view.count && !view.dead.contains(position)
    }
}
