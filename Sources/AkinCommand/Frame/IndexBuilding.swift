import Akin

/// Any kind of index, built at once from vectors in memory.
struct BuiltIndex {
    var index: any VectorIndex
    /// Seconds that training took, and adding the vectors.
    var training, adding: Double

    /// How to build what a spec names; each kind of index takes what concerns it.
    struct Options {
        /// Of k-means and codes.
        var training = IVFIndex.TrainingOptions()
        /// Of graphs; the seed is that of the training.
        var construction = HNSWIndex.Construction()
        /// Threads to use; `nil` means one per core.
        var threads: Int? { training.threads }
    }

    /// Trains and fills an index.
    init(
        _ spec: IndexSpec, _ vectors: Matrix<Float>, metric: Metric, space: EmbeddingSpace?,
        options: Options = .init(), monitor: ProgressMonitor
    ) throws {
        let (seed, threads) = (options.training.seed, options.threads)
        switch spec.core {
        case .partitioned where spec == .flat:
            let (flat, seconds) = try timed {
                try FlatIndex(vectors, metric: metric, space: space, threads: threads)
            }
            self.init(index: flat, training: 0, adding: seconds)
        case .partitioned:
            var (index, training) = try timed {
                try IVFIndex(
                    training: vectors, spec: spec, metric: metric, space: space, options: options.training,
                    monitor: monitor)
            }
            let (_, adding) = try timed {
                try index.add(vectors, threads: threads, device: options.training.device, monitor: monitor)
            }
            self.init(index: index, training: training, adding: adding)
        case .signs, .hyperplanes:
            try self.init(vectors, threads, monitor) {
                try HashIndex(
                    training: vectors, spec: spec, metric: metric, space: space, seed: seed, threads: threads,
                    monitor: monitor)
            }
        case .kdTrees:
            try self.init(vectors, threads, monitor) {
                try KDTreeIndex(
                    training: vectors, spec: spec, metric: metric, space: space, seed: seed, threads: threads,
                    monitor: monitor)
            }
        case .hashTables:
            try self.init(vectors, threads, monitor) {
                try HashTableIndex(
                    training: vectors, spec: spec, metric: metric, space: space, seed: seed, threads: threads,
                    monitor: monitor)
            }
        case .hnsw:
            var construction = options.construction
            construction.seed = seed
            try self.init(vectors, threads, monitor) { [construction] in
                try HNSWIndex(
                    training: vectors, spec: spec, metric: metric, space: space, construction: construction,
                    threads: threads, monitor: monitor)
            }
        }
    }

    /// Trains an index and adds the vectors to it.
    private init(
        _ vectors: Matrix<Float>, _ threads: Int?, _ monitor: ProgressMonitor, train: () throws -> some GrowingIndex
    ) throws {
        var (index, training) = try timed(train)
        let (_, adding) = try timed { try index.add(vectors, ids: nil, threads: threads, monitor: monitor) }
        self.init(index: index, training: training, adding: adding)
    }

    private init(index: any VectorIndex, training: Double, adding: Double) {
        self.index = index
        self.training = training
        self.adding = adding
    }
}
