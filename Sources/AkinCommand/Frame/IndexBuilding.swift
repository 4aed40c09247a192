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
        switch spec.core {
        case .partitioned where spec == .flat:
            (index, adding) = try timed {
                try FlatIndex(vectors, metric: metric, space: space, threads: options.threads)
            }
            training = 0
        case .partitioned:
            var (lists, training) = try timed {
                try IVFIndex(
                    training: vectors, spec: spec, metric: metric, space: space, options: options.training,
                    monitor: monitor)
            }
            (_, adding) = try timed { try lists.add(vectors, threads: options.threads, monitor: monitor) }
            index = lists
            self.training = training
        case .signs, .hyperplanes:
            var (codes, training) = try timed {
                try HashIndex(
                    training: vectors, spec: spec, metric: metric, space: space, seed: options.training.seed,
                    threads: options.threads, monitor: monitor)
            }
            (_, adding) = try timed { try codes.add(vectors, threads: options.threads, monitor: monitor) }
            index = codes
            self.training = training
        case .kdTrees:
            var (trees, training) = try timed {
                try KDTreeIndex(
                    training: vectors, spec: spec, metric: metric, space: space, seed: options.training.seed,
                    threads: options.threads, monitor: monitor)
            }
            (_, adding) = try timed { try trees.add(vectors, threads: options.threads, monitor: monitor) }
            index = trees
            self.training = training
        case .hashTables:
            var (tables, training) = try timed {
                try HashTableIndex(
                    training: vectors, spec: spec, metric: metric, space: space, seed: options.training.seed,
                    threads: options.threads, monitor: monitor)
            }
            (_, adding) = try timed { try tables.add(vectors, threads: options.threads, monitor: monitor) }
            index = tables
            self.training = training
        case .hnsw:
            var construction = options.construction
            construction.seed = options.training.seed
            var (graph, training) = try timed {
                try HNSWIndex(
                    training: vectors, spec: spec, metric: metric, space: space, construction: construction,
                    threads: options.threads, monitor: monitor)
            }
            (_, adding) = try timed { try graph.add(vectors, threads: options.threads, monitor: monitor) }
            index = graph
            self.training = training
        }
    }
}
