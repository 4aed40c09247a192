internal import Akin

extension ClassificationExperiment {
    /// A review of the training set's labels, with the largest k that is tried.
    func startReview(_ metric: Metric) throws -> LabelReview {
        try LabelReview(
            classes: train.classes, classCount: classes.count, metric: metric, k: options.k.max() ?? 1)
    }

    /// Lists what a finished review found, with the neighbours of each.
    func review(
        _ found: LabelReview, in index: any VectorIndex, monitor: ProgressMonitor
    ) throws -> ClassificationReport.Review {
        let suspects = found.suspects(), outliers = found.outliers()
        func samples(_ rows: [Int], predicted: [Int: Int]) throws -> [ClassificationReport.Sample] {
            try describe(
                rows, of: train, predicted: { predicted[$0] ?? train.classes[$0] }, k: found.k, leavingOut: true,
                in: index, monitor: monitor)
        }
        let listed = suspects.prefix(options.suspects)
        let suspectSamples = try samples(
            listed.map(\.row),
            predicted: Dictionary(listed.map { ($0.row, $0.suggested) }, uniquingKeysWith: { first, _ in first }))
        let apart = outliers.prefix(options.suspects)
        let outlierSamples = try samples(apart.map(\.row), predicted: [:])
        return .init(
            k: found.k, suspectCount: suspects.count,
            suspects: zip(listed, suspectSamples).map { .init(disagreement: $0.disagreement, sample: $1) },
            outlierCount: outliers.count, deviation: LabelReview.standardDeviation,
            outliers: zip(apart, outlierSamples).map { outlier, sample in
                .init(
                    deviation: outlier.deviation, meanScore: index.metric.score(ofLength: outlier.meanLength),
                    sample: sample)
            })
    }
}
