import Akin

/// Any kind of index, built at once from vectors in memory.
struct BuiltIndex {
    var index: any VectorIndex
    /// Seconds that training took, and adding the vectors.
    var training, adding: Double

    /// Trains and fills an index.
    init(
        _ spec: IndexSpec, _ vectors: Matrix<Float>, metric: Metric, space: EmbeddingSpace?,
        options: IVFIndex.TrainingOptions = .init(), monitor: ProgressMonitor
    ) throws {
        switch spec.core {
        case _ where spec == .flat:
            (index, adding) = try timed {
                try FlatIndex(vectors, metric: metric, space: space, threads: options.threads)
            }
            training = 0
        case .kdTrees, .signs, .hyperplanes, .hashTables: throw IndexError.unsupported("\(spec)")
        case .partitioned, .hnsw:
            var (lists, seconds) = try timed {
                try IVFIndex(
                    training: vectors, spec: spec, metric: metric, space: space, options: options, monitor: monitor)
            }
            (_, adding) = try timed { try lists.add(vectors, threads: options.threads, monitor: monitor) }
            index = lists
            training = seconds
        }
    }
}
