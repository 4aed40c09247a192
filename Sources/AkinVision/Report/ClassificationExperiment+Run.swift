public import Akin

extension ClassificationExperiment {
    /// Builds the index, searches, votes and scores.
    ///
    /// - Parameters:
    ///   - title: the report's headline.
    ///   - embedding: what is known of the time to embed; told as it is given.
    ///   - machine: the machine to name in the report.
    ///   - akinVersion: Akin's version, to be named in the report.
    ///   - buildIndex: makes the index; its time is measured.
    ///   - pictures: reads the pictures of samples for the HTML page; `nil` leaves them out.
    ///   - monitor: told of each block of queries, and asked whether to stop.
    /// - Returns: the report and its pictures.
    /// - Throws: ``IndexError`` from building and searching, ``ClassificationError`` for an index that does not
    ///   hold the training set, `CancellationError` when the monitor says stop, and what
    ///   `buildIndex` and `pictures` throw.
    public func run(
        title: String = "kNN classification", embedding: [ClassificationReport.EmbeddingPhase] = [],
        machine: MachineDescription? = .current(), akinVersion: String = "unreleased",
        buildIndex: IndexBuilder = { try FlatIndex($0, metric: $1, space: $2) },
        pictures: PictureReader? = nil, monitor: ProgressMonitor = .silent
    ) throws -> Outcome {
        let clock = ContinuousClock()
        try monitor.update("building", done: 0, total: train.count)
        let start = clock.now
        let index = try buildIndex(
            train.embedded.vectors, options.metric, train.embedded.space ?? validation?.embedded.space)
        let buildSeconds = start.duration(to: clock.now).inSeconds
        try monitor.update("building", done: train.count, total: train.count)
        guard index.count == train.count else {
            throw ClassificationError.labelCountMismatch(set: "training", vectors: index.count, labels: train.count)
        }
        guard index.dimension == train.embedded.vectors.columns else {
            throw IndexError.dimensionMismatch(expected: train.embedded.vectors.columns, actual: index.dimension)
        }
        let classifier = try KNNClassifier(
            classes: train.classes, classCount: classes.count, metric: index.metric)

        var trials: [Trial] = []
        var searches: [ClassificationReport.SearchPhase] = []
        var labelReview = try options.leavesOneOut && options.suspects > 0 ? startReview(index.metric) : nil
        let selfScorings: [ClassificationReport.Scoring] =
            (options.leavesOneOut ? [.leaveOneOut] : []) + (options.includesSelf ? [.selfIncluded] : [])
        for (set, scorings) in [(train, selfScorings)] + (validation.map { [($0, [.heldOut])] } ?? [])
        where !scorings.isEmpty {
            let (found, search) = try score(
                set, scorings, in: index, by: classifier, review: &labelReview, monitor: monitor)
            trials += found
            searches.append(search)
        }

        let shown = shownTrials(of: trials)
        let samples = try shown.last.map { try self.samples(of: $0, in: index, monitor: monitor) } ?? []
        let review = try labelReview.map { try self.review($0, in: index, monitor: monitor) }
        let shownSamples = samples + (review?.shown ?? [])
        let small =
            try pictures.map { try readPictures(of: shownSamples, with: $0, monitor: monitor) } ?? ReportPictures()
        let report = ClassificationReport(
            title: title,
            settings: .init(
                space: index.space, dimension: index.dimension, metric: index.metric, index: index.spec, k: options.k,
                votes: options.votes, threads: options.threads, seed: options.seed, akinVersion: akinVersion),
            machine: machine, embedding: embedding,
            build: .init(index: index.spec, count: index.count, seconds: buildSeconds, bytes: index.byteCount),
            searches: searches, accuracies: trials.map(\.accuracy), classes: classes.names,
            details: shown.map { trial in
                .init(
                    part: trial.set.part, scoring: trial.scoring, vote: trial.predictions.vote, k: trial.predictions.k,
                    scores: trial.scores, mostConfused: trial.scores.confusion.mostConfused(limit: options.pairs))
            },
            samples: samples, review: review, skipped: skipped())
        return Outcome(report: report, pictures: small)
    }

    /// One vote with one k on one set.
    struct Trial {
        let set: LabelledSet
        let scoring: ClassificationReport.Scoring
        let predictions: ClassPredictions
        let scores: ClassificationScores

        var accuracy: ClassificationReport.Accuracy {
            .init(
                part: set.part, scoring: scoring, vote: predictions.vote, k: predictions.k, queries: scores.queries,
                top1: scores.top1, top5: scores.top5, unseen: scores.unseen)
        }
    }

    /// Searches a set once, block by block, and scores every way of voting on it.
    private func score(
        _ set: LabelledSet, _ scorings: [ClassificationReport.Scoring], in index: any VectorIndex,
        by classifier: KNNClassifier, review: inout LabelReview?, monitor: ProgressMonitor
    ) throws -> ([Trial], ClassificationReport.SearchPhase) {
        let clock = ContinuousClock()
        let maxK = (options.k.max() ?? 1) + (scorings.contains(.leaveOneOut) ? 1 : 0)
        // Neighbours of one block at a time: at most a few hundred megabytes however large k is.
        let blockSize = max(256, min(16_384, (1 << 24) / maxK))
        let ways = scorings.flatMap { scoring in options.votes.map { (scoring: scoring, vote: $0) } }
        var predictions: [[ClassPredictions]] = Array(repeating: [], count: ways.count)
        var searching = Duration.zero, voting = Duration.zero
        var isExact = true
        for first in stride(from: 0, to: set.count, by: blockSize) {
            let block = first..<min(first + blockSize, set.count)
            let start = clock.now
            let result = try index.search(
                set.embedded.vectors.rows(block), k: maxK,
                options: searchOptions("searching \(ReportFormat.name(set.part))", at: first, of: set.count, monitor))
            let found = clock.now
            for (way, (scoring, vote)) in ways.enumerated() {
                let part = try classifier.predict(
                    result.neighbors, k: options.k, vote: vote,
                    leavingOut: scoring == .leaveOneOut ? block.map(Int64.init) : nil)
                if predictions[way].isEmpty {
                    predictions[way] = part
                } else {
                    for i in part.indices { predictions[way][i].append(contentsOf: part[i]) }
                }
            }
            searching += start.duration(to: found)
            voting += found.duration(to: clock.now)
            if scorings.contains(.leaveOneOut) { try review?.add(result.neighbors, rows: block) }
            isExact = isExact && result.isExact
            try monitor.update("searching \(ReportFormat.name(set.part))", done: block.upperBound, total: set.count)
        }
        var trials: [Trial] = []
        for (way, (scoring, _)) in ways.enumerated() {
            for predicted in predictions[way] {
                let scores = try ClassificationScores(
                    predicted, truth: set.classes, trainingCounts: classifier.trainingCounts,
                    leavingOneOut: scoring == .leaveOneOut)
                trials.append(Trial(set: set, scoring: scoring, predictions: predicted, scores: scores))
            }
        }
        return (
            trials,
            .init(
                part: set.part, queries: set.count, k: maxK, seconds: searching.inSeconds,
                voteSeconds: voting.inSeconds, isExact: isExact)
        )
    }

    /// Options of a search inside a longer phase: it can be stopped, and its own progress is not told.
    func searchOptions(
        _ phase: String, at done: Int, of total: Int, _ monitor: ProgressMonitor
    ) -> SearchOptions {
        SearchOptions(
            threads: options.threads,
            monitor: ProgressMonitor(shouldStop: {
                do {
                    try monitor.update(phase, done: done, total: total)
                    return false
                } catch { return true }
            }))
    }

    /// The trials shown in detail, the validation set's last.
    private func shownTrials(of trials: [Trial]) -> [Trial] {
        let chosen: (vote: NeighborVote, k: Int)
        if let detailed = options.detailed {
            chosen = detailed
        } else {
            let candidates = trials.filter { $0.scoring == .leaveOneOut }
            // The first of the best, so that a tie takes the caller's order.
            let best = candidates.max { $0.scores.top1Count < $1.scores.top1Count }
            let first = candidates.first { $0.scores.top1Count == best?.scores.top1Count } ?? trials.first
            chosen = (first?.predictions.vote ?? .majority, first?.predictions.k ?? 1)
        }
        var shown: [Trial] = []
        for part in ClassificationReport.Part.allCases {
            let fits = trials.first {
                $0.set.part == part && $0.predictions.vote == chosen.vote && $0.predictions.k == chosen.k
            }
            if let fits { shown.append(fits) }
        }
        return shown
    }

    private func skipped() -> [ClassificationReport.Skipped] {
        [train, validation].compactMap { $0 }.flatMap { labelled in
            labelled.embedded.skipped.map {
                .init(part: labelled.part, path: $0.path, reason: $0.error ?? "unreadable")
            }
        }
    }
}

extension Duration {
    /// The duration as a number of seconds.
    var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}
