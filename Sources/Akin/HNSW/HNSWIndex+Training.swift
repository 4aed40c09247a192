extension HNSWIndex {
    /// Learns transforms and codes from sample vectors; the index holds no vectors yet.
    ///
    /// - Parameters:
    ///   - sample: `[n, dimension]`, finite; for the inner product, with the longest vectors there will be.
    ///   - spec: what the index is made of.
    ///   - metric: how nearness is measured.
    ///   - space: the embedding space the vectors come from, if it is known.
    ///   - construction: how vectors that are added are linked.
    ///   - threads: threads to use, one per core where it is `nil`; the result does not depend on them.
    ///   - monitor: progress and cancellation.
    /// - Throws: ``IndexError`` for bad vectors or too few of them, ``IndexSpecError`` for a spec that cannot exist at
    ///   this dimension; `CancellationError` when the monitor says stop.
    public init(
        training sample: Matrix<Float>, spec: IndexSpec, metric: Metric = .l2, space: EmbeddingSpace? = nil,
        construction: Construction = .init(), threads: Int? = nil, monitor: ProgressMonitor = .silent
    ) throws {
        try spec.validate(dimension: sample.columns)
        guard case .hnsw(let m, let kind) = spec.core else { throw IndexError.unsupported("\(spec) as a graph") }
        guard construction.efConstruction >= 1 else {
            throw IndexError.outOfRange(
                name: "efConstruction", value: construction.efConstruction, allowed: 1...Self.maximumCount)
        }
        guard construction.alpha >= 1 else {
            throw IndexError.belowOne(name: "alpha", value: Double(construction.alpha))
        }
        guard sample.rows > 0 else { throw IndexError.empty }
        try VectorCheck.finite(sample)
        let threads = threads ?? availableCores()
        let seed = construction.seed

        let original = TransformChain.evenlySpaced(sample, atMost: 1 << 16)
        let comparable = metric == .cosine ? UnitVectors.make(original, threads: threads) : original
        let transforms = try TransformChain.train(
            spec.transforms, on: comparable, codeBits: kind.productBits ?? 8, seed: seed, threads: threads,
            monitor: monitor)
        var largest: Float = 0
        if metric == .innerProduct {
            for first in stride(from: 0, to: sample.rows, by: 1 << 16) {
                let block = sample.rows(first..<min(first + 1 << 16, sample.rows))
                largest = max(largest, GraphSpace.squares(try transforms.apply(block, threads: threads)).max() ?? 0)
            }
        }
        let points = GraphSpace(metric: metric, transforms: transforms, largestSquare: largest, parts: kind.parts)
        let codec = try GraphCodecs.train(
            kind, on: points.points(original, threads: threads), seed: seed, threads: threads, monitor: monitor)
        let refinement = try spec.refinement.map {
            try GraphRefinement.train($0, on: original, seed: seed, threads: threads, monitor: monitor)
        }
        self.init(
            spec, m: m, metric: metric, points: points, codec: codec, refinement: refinement,
            construction: construction, space: space)
    }
}
