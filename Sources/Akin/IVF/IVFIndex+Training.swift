extension IVFIndex {
    /// How an index is trained.
    public struct TrainingOptions: Sendable {
        /// Chooses everything that is random.
        public var seed: UInt64
        /// Iterations of k-means for the centroids.
        public var iterations: Int
        /// Training vectors used for each centroid, at most.
        public var maxPointsPerCentroid: Int
        /// Threads to use, one per core where it is `nil`; the result does not depend on them.
        public var threads: Int?
        /// Where k-means for the centroids is done; the processor where it is `nil`.
        ///
        /// The result is the same.
        public var device: (any ClusteringDevice)?

        /// Chooses how to train.
        public init(
            seed: UInt64 = 1234, iterations: Int = 10, maxPointsPerCentroid: Int = 256, threads: Int? = nil,
            device: (any ClusteringDevice)? = nil
        ) {
            self.seed = seed
            self.iterations = iterations
            self.maxPointsPerCentroid = maxPointsPerCentroid
            self.threads = threads
            self.device = device
        }
    }

    /// Learns transforms, centroids and codebooks from sample vectors; the index holds no vectors yet.
    ///
    /// - Parameters:
    ///   - sample: `[n, dimension]`, finite; at least as many as there are centroids and codewords.
    ///   - spec: what the index is made of.
    ///   - metric: how nearness is measured.
    ///   - space: the embedding space the vectors come from, if it is known.
    ///   - options: seed, iterations, threads.
    ///   - monitor: progress and cancellation.
    /// - Throws: ``IndexError`` for bad vectors or too few of them, ``IndexSpecError`` for a spec that cannot exist at
    ///   this dimension; `CancellationError` when the monitor says stop.
    public init(
        training sample: Matrix<Float>, spec: IndexSpec, metric: Metric = .l2, space: EmbeddingSpace? = nil,
        options: TrainingOptions = .init(), monitor: ProgressMonitor = .silent
    ) throws {
        try spec.validate(dimension: sample.columns)
        guard case .partitioned(let partition, let kind) = spec.core else { throw IndexError.unsupported("\(spec)") }
        guard sample.rows > 0 else { throw IndexError.empty }
        try VectorCheck.finite(sample)
        let threads = options.threads ?? availableCores()
        let coded: Metric = metric == .l2 ? .l2 : .innerProduct
        let needed = max(partition?.nlist ?? 1, 1)
        guard sample.rows >= needed else {
            throw IndexError.tooFewVectors(needed: needed, given: sample.rows, purpose: "\(spec)")
        }

        // Enough for the centroids, and for codebooks of 65,536 vectors.
        let limit = max(needed * options.maxPointsPerCentroid, 1 << 16)
        var vectors = TransformChain.evenlySpaced(sample, atMost: limit)
        let original = vectors
        if metric == .cosine { vectors = UnitVectors.make(vectors, threads: threads) }
        let transforms = try TransformChain.train(
            spec.transforms, on: vectors, codeBits: kind.productBits ?? 8, seed: options.seed, threads: threads,
            monitor: monitor)
        vectors = try transforms.apply(vectors, threads: threads)

        var coarse: CoarseQuantizer?
        if let partition {
            var kmeans = KMeansOptions()
            kmeans.iterations = options.iterations
            kmeans.seed = options.seed
            kmeans.isSpherical = coded == .innerProduct
            kmeans.maxPointsPerCentroid = options.maxPointsPerCentroid
            kmeans.threads = threads
            kmeans.device = options.device
            let clustering = try KMeans.train(vectors, centroids: partition.nlist, options: kmeans, monitor: monitor)
            var graph: CoarseGraph?
            if case .hnsw(let m) = partition.coarse {
                graph = try CoarseGraph(
                    linking: clustering.centroids, m: m, metric: coded, seed: options.seed, threads: threads,
                    monitor: monitor)
            }
            coarse = try CoarseQuantizer(clustering.centroids, metric: coded, graph: graph)
        }
        let isResidual = coarse != nil && kind.takesResiduals
        var coding = TransformChain.evenlySpaced(vectors, atMost: 1 << 16)
        if isResidual, let coarse {
            let assigned = try coarse.assign(coding, threads: threads, monitor: monitor)
            coding = coding.less(coarse.centroids, assigned)
        }
        let codec = try ListCodecs.train(
            kind, on: coding, metric: coded, seed: options.seed, threads: threads, monitor: monitor)
        let refinement = try spec.refinement.map { refinement in
            let kind: IndexSpec.Codec = if case .codec(let codec) = refinement { codec } else { .flat }
            return Refinement(
                codec: try ListCodecs.train(
                    kind, on: TransformChain.evenlySpaced(original, atMost: 1 << 16), metric: .l2, seed: options.seed,
                    threads: threads, monitor: monitor))
        }
        self.init(
            spec, dimension: sample.columns, metric: metric, transforms: transforms, coarse: coarse,
            isResidual: isResidual,
            codec: codec, refinement: refinement, space: space)
    }
}

extension IndexSpec.Codec {
    /// Whether lists hold codes of vectors less their centroid; as in Faiss, so that files can be exchanged.
    var takesResiduals: Bool {
        switch self {
        case .flat: false
        case .fastScan(_, let residual): residual
        case .scalar, .product, .rabit: true
        }
    }
}

extension Matrix<Float> {
    /// Each row less the centroid it is assigned to.
    fileprivate func less(_ centroids: Matrix<Float>, _ assigned: [UInt32]) -> Matrix<Float> {
        Matrix(rows: rows, columns: columns) { target in
            withUnsafeElements { x in
                centroids.withUnsafeElements { c in
                    for row in 0..<rows {
                        let centroid = Int(assigned[row]) * columns
                        for i in 0..<columns { target[row * columns + i] = x[row * columns + i] - c[centroid + i] }
                    }
                }
            }
        }
    }
}
