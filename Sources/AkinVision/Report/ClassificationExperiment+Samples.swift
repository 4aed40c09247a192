internal import Akin

extension ClassificationExperiment {
    /// Draws queries that were right and queries that were wrong, and searches their neighbours once more.
    func samples(
        of trial: Trial, in index: any VectorIndex, monitor: ProgressMonitor
    ) throws -> [ClassificationReport.Sample] {
        var random = SplitMix64(seed: options.seed)
        let answered = (0..<trial.set.count).filter { trial.predictions.best($0) != nil }.shuffled(using: &random)
        let right = answered.filter { trial.predictions.best($0) == trial.set.classes[$0] }
        let wrong = answered.filter { trial.predictions.best($0) != trial.set.classes[$0] }
        let chosen = Array(wrong.prefix(options.samples) + right.prefix(options.samples))
        return try describe(
            chosen, of: trial.set, predicted: { trial.predictions.best($0) }, k: trial.predictions.k,
            leavingOut: trial.scoring == .leaveOneOut, in: index, monitor: monitor)
    }

    /// Searches the neighbours of some rows once more, and says what they voted.
    func describe(
        _ chosen: [Int], of set: LabelledSet, predicted: (Int) -> Int?, k: Int, leavingOut leavesOut: Bool,
        in index: any VectorIndex, monitor: ProgressMonitor
    ) throws -> [ClassificationReport.Sample] {
        guard !chosen.isEmpty else { return [] }
        let vectors = set.embedded.vectors
        let queries = Matrix<Float>(chosen.map { vectors[$0] })
        let found = try index.search(
            queries, k: max(k, options.sampleNeighbors) + (leavesOut ? 1 : 0),
            options: searchOptions("sampling", at: 0, of: chosen.count, monitor))
        return try chosen.enumerated().compactMap { place, row in
            guard let predicted = predicted(row) else { return nil }
            let truth = set.classes[row]
            let others = found.neighbors[place].filter { !(leavesOut && $0.id == Int64(row)) }
            let nearest = try others.prefix(max(k, options.sampleNeighbors)).map { neighbor in
                guard let stored = Int(exactly: neighbor.id), train.classes.indices.contains(stored) else {
                    throw ClassificationError.unknownID(neighbor.id)
                }
                return ClassificationReport.SampleNeighbor(
                    row: stored, path: train.embedded.records[stored].path, label: train.classes[stored],
                    score: neighbor.score)
            }
            let voters = nearest.prefix(k)
            return .init(
                part: set.part, row: row, path: set.embedded.records[row].path, truth: truth,
                predicted: predicted, voters: voters.count, votersForTruth: voters.count { $0.label == truth },
                votersForPredicted: voters.count { $0.label == predicted },
                neighbors: Array(nearest.prefix(options.sampleNeighbors)))
        }
    }

    /// Reads the pictures that the samples need, each once, and makes them small.
    func readPictures(
        of samples: [ClassificationReport.Sample], with read: PictureReader, monitor: ProgressMonitor
    ) throws -> ReportPictures {
        var wanted: [ClassificationReport.Part: [String: Set<Int>]] = [:]
        for sample in samples {
            wanted[sample.part, default: [:]][sample.path, default: []].insert(sample.row)
            for neighbor in sample.neighbors {
                wanted[.train, default: [:]][neighbor.path, default: []].insert(neighbor.row)
            }
        }
        let total = wanted.values.reduce(0) { $0 + $1.count }
        var pictures = ReportPictures()
        for part in ClassificationReport.Part.allCases {
            guard let rows = wanted[part] else { continue }
            try read(part, Set(rows.keys)) { path, image in
                for row in rows[path] ?? [] {
                    // A page with a gap is better than no page: the figures do not depend on pictures.
                    try? pictures.add(image, for: .init(part: part, row: row))
                }
                try monitor.update("reading pictures", done: pictures.count, total: total)
            }
        }
        return pictures
    }
}
