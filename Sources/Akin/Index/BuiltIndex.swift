/// Any kind of index, built at once from vectors in memory.
package struct BuiltIndex {
    package var index: any VectorIndex
    /// Seconds that training took, and adding the vectors.
    package var training, adding: Double

    /// How to build what a spec names; each kind of index takes what concerns it.
    package struct Options: Sendable {
        /// Of k-means and codes.
        package var training: IVFIndex.TrainingOptions
        /// Of graphs; the seed is that of the training.
        package var construction: HNSWIndex.Construction
        /// Threads to use; `nil` means one per core.
        package var threads: Int? { training.threads }

        /// Chooses how to build.
        package init(
            training: IVFIndex.TrainingOptions = .init(), construction: HNSWIndex.Construction = .init()
        ) {
            self.training = training
            self.construction = construction
        }
    }

    /// Trains and fills an index.
    ///
    /// - Parameters:
    ///   - spec: what to build.
    ///   - vectors: `[n, dimension]`, finite.
    ///   - ids: one 64-bit id per row, different from each other; row numbers when `nil`.
    ///   - metric: how nearness is measured.
    ///   - space: the embedding space the vectors come from, if it is known.
    ///   - options: seeds, threads and what concerns some kinds.
    ///   - monitor: progress and cancellation.
    /// - Throws: ``IndexError``, ``IndexSpecError``, `CancellationError`.
    package init(
        _ spec: IndexSpec, _ vectors: Matrix<Float>, ids: [Int64]? = nil, metric: Metric, space: EmbeddingSpace?,
        options: Options = .init(), monitor: ProgressMonitor = .silent
    ) throws {
        let (seed, threads) = (options.training.seed, options.threads)
        switch spec.core {
        case .partitioned where spec == .flat:
            let (flat, seconds) = try timed {
                try FlatIndex(vectors, ids: ids, metric: metric, space: space, threads: threads)
            }
            self.init(index: flat, training: 0, adding: seconds)
        case .partitioned:
            var (index, training) = try timed {
                try IVFIndex(
                    training: vectors, spec: spec, metric: metric, space: space, options: options.training,
                    monitor: monitor)
            }
            let (_, adding) = try timed {
                try index.add(
                    vectors, ids: ids, threads: threads, device: options.training.device, monitor: monitor)
            }
            self.init(index: index, training: training, adding: adding)
        case .signs, .hyperplanes:
            try self.init(vectors, ids, threads, monitor) {
                try HashIndex(
                    training: vectors, spec: spec, metric: metric, space: space, seed: seed, threads: threads,
                    monitor: monitor)
            }
        case .kdTrees:
            try self.init(vectors, ids, threads, monitor) {
                try KDTreeIndex(
                    training: vectors, spec: spec, metric: metric, space: space, seed: seed, threads: threads,
                    monitor: monitor)
            }
        case .hashTables:
            try self.init(vectors, ids, threads, monitor) {
                try HashTableIndex(
                    training: vectors, spec: spec, metric: metric, space: space, seed: seed, threads: threads,
                    monitor: monitor)
            }
        case .hnsw:
            var construction = options.construction
            construction.seed = seed
            try self.init(vectors, ids, threads, monitor) { [construction] in
                try HNSWIndex(
                    training: vectors, spec: spec, metric: metric, space: space, construction: construction,
                    threads: threads, monitor: monitor)
            }
        }
    }

    /// Trains an index and adds the vectors to it.
    private init(
        _ vectors: Matrix<Float>, _ ids: [Int64]?, _ threads: Int?, _ monitor: ProgressMonitor,
        train: () throws -> some GrowingIndex
    ) throws {
        var (index, training) = try timed(train)
        let (_, adding) = try timed { try index.add(vectors, ids: ids, threads: threads, monitor: monitor) }
        self.init(index: index, training: training, adding: adding)
    }

    private init(index: any VectorIndex, training: Double, adding: Double) {
        self.index = index
        self.training = training
        self.adding = adding
    }
}

/// Runs `body` and says how long it took, in seconds.
private func timed<Result>(_ body: () throws -> Result) rethrows -> (result: Result, seconds: Double) {
    let start = ContinuousClock.now
    let result = try body()
    return (result, (ContinuousClock.now - start) / .seconds(1))
}
