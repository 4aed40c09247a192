/// The measurements behind an ``IndexComparison``.
package struct ComparisonTrial {
    private let candidates: [IndexComparison.Candidate]
    private let queries, base: Matrix<Float>
    private let truth: Matrix<Int32>
    private let classifier: KNNClassifier?
    private let labels: IndexComparison.Labels?
    private let options: IndexComparison.Options

    /// A setting that is timed several times.
    private struct Row {
        var candidate: Int
        var options: SearchOptions
        var recall: Double
        var seconds: [Double] = []
    }

    /// Settings within this factor of the best are timed again, since one pass is not much to judge by.
    private static let slack = 1.25

    init(
        candidates: [IndexComparison.Candidate], queries: Matrix<Float>, truth: Neighbors, base: Matrix<Float>,
        labels: IndexComparison.Labels?, options: IndexComparison.Options
    ) throws {
        self.candidates = candidates
        self.queries = queries
        self.base = base
        self.truth = try GroundTruth(truth).ids
        self.labels = labels
        self.options = options
        let metric = candidates.first?.index.metric ?? .l2
        classifier = try labels.map { labels in
            guard labels.base.count == base.rows else {
                throw ClassificationError.labelCountMismatch(
                    set: "stored", vectors: base.rows, labels: labels.base.count)
            }
            guard labels.queries.count == queries.rows else {
                throw ClassificationError.queryCountMismatch(queries: queries.rows, given: labels.queries.count)
            }
            return try KNNClassifier(classes: labels.base, classCount: labels.classCount, metric: metric)
        }
        for candidate in candidates where candidate.index.metric != metric {
            throw IndexError.incompatible("\(candidate.index.metric.rawValue) and \(metric.rawValue)")
        }
    }

    /// Share of queries that are given their class; `nil` without labels.
    func accuracy(of found: Neighbors) throws -> Double? {
        guard let classifier, let labels else { return nil }
        guard found.count > 0 else { return nil }
        let predictions = try classifier.predict(found, k: [options.k], vote: labels.vote, top: 1)[0]
        let right = (0..<found.count).count { predictions.best($0) == labels.queries[$0] }
        return Double(right) / Double(found.count)
    }

    func measure(monitor: ProgressMonitor) throws -> [IndexComparison.Entry] {
        var rows: [Row] = []
        for (i, candidate) in candidates.enumerated() {
            try monitor.update("sweeping", done: i, total: candidates.count)
            rows += try sweep(i, candidate.index, monitor)
        }
        let total = options.repeats * rows.count
        var details: [(accuracy: Double?, visited: Double)] = []
        for round in 0..<max(1, options.repeats) {
            // Every other round backwards, so that what comes after what is not always the same.
            for place in rows.indices {
                let i = round % 2 == 0 ? place : rows.count - 1 - place
                try monitor.update("timing", done: round * rows.count + place, total: total)
                let pass = try self.pass(rows[i].candidate, rows[i].options, monitor, keepsNeighbors: round == 0)
                rows[i].seconds.append(pass.seconds)
                guard round == 0 else { continue }
                let visited = Double(pass.visited) / Double(max(1, queries.rows))
                details.append((try accuracy(of: pass.neighbors), visited))
            }
        }
        try monitor.update("timing", done: total, total: total)
        return candidates.indices.map { i in
            entry(i, rows.indices.filter { rows[$0].candidate == i }.map { (rows[$0], details[$0]) })
        }
    }

    /// The settings of one index that are worth timing with care.
    private func sweep(_ number: Int, _ index: any VectorIndex, _ monitor: ProgressMonitor) throws -> [Row] {
        let knobs = (index as? any TunableIndex)?.knobs ?? []
        let shared = SearchOptions(threads: options.threads, monitor: monitor.quiet)
        let sweep = try SearchSweep(knobs, options: shared, k: options.k, longest: options.longestPass) { setting in
            let pass = try self.pass(number, setting, monitor, keepsNeighbors: true)
            let recall = try Recall.compute(
                found: pass.neighbors, truth: truth, base: base, queries: queries, metric: index.metric, k: options.k)
            return (recall.value, pass.seconds)
        }
        let trials = sweep.trials
        let near = ParetoFront.marks(of: trials.map { ($0.recall, 1 / max($0.seconds, 1e-9)) }, slack: Self.slack)
        return zip(trials, near).filter(\.1).map { trial, _ in
            Row(candidate: number, options: trial.options, recall: trial.recall)
        }
    }

    /// All queries once, after a few that are not timed and bring the index back into the caches.
    private func pass(
        _ candidate: Int, _ setting: SearchOptions, _ monitor: ProgressMonitor, keepsNeighbors: Bool
    ) throws -> SearchPass {
        let index = candidates[candidate].index
        var setting = setting
        setting.monitor = monitor.quiet
        _ = try index.search(queries.rows(0..<min(queries.rows, 20)), k: options.k, options: setting)
        return try SearchPass(
            index, queries, k: options.k, batch: options.batch, options: setting, keepsNeighbors: keepsNeighbors)
    }

    private func entry(
        _ number: Int, _ rows: [(row: Row, detail: (accuracy: Double?, visited: Double))]
    ) -> IndexComparison.Entry {
        let candidate = candidates[number]
        let speeds = rows.map { Double(queries.rows) / max(Self.median($0.row.seconds), 1e-9) }
        let best = ParetoFront.marks(of: zip(rows, speeds).map { ($0.row.recall, $1) })
        let points = rows.indices.map { i in
            IndexComparison.Point(
                setting: rows[i].row.options.settingText(of: candidate.index), recall: rows[i].row.recall,
                queriesPerSecond: speeds[i], visited: rows[i].detail.visited, accuracy: rows[i].detail.accuracy,
                isBest: best[i])
        }
        return .init(
            name: candidate.index.spec, trainSeconds: candidate.trainSeconds, addSeconds: candidate.addSeconds,
            bytes: candidate.index.byteCount, fileBytes: candidate.fileBytes,
            points: points.sorted { $0.queriesPerSecond > $1.queriesPerSecond })
    }

    /// The middle one; of an even number the lower of the two.
    package static func median(_ values: [Double]) -> Double {
        values.isEmpty ? 0 : values.sorted()[(values.count - 1) / 2]
    }
}
