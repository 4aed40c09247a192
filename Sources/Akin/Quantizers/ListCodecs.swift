/// Makes the codecs that specs name.
enum ListCodecs {
    /// Learns a codec from sample vectors.
    ///
    /// - Parameters:
    ///   - codec: what the spec says.
    ///   - sample: `[n, dimension]`: vectors, or residuals, as they will be coded.
    ///   - metric: L2 or inner product.
    ///   - seed: of samples and starts.
    ///   - threads: to use.
    ///   - monitor: told of what is done; stops it.
    /// - Returns: the codec.
    /// - Throws: ``IndexError`` for too few vectors.
    static func train(
        _ codec: IndexSpec.Codec, on sample: Matrix<Float>, metric: Metric, seed: UInt64, threads: Int,
        monitor: ProgressMonitor
    ) throws -> any ListCodec {
        switch codec {
        case .flat: return FlatCodec(dimension: sample.columns, metric: metric)
        case .scalar(let type): return try ScalarCodec.train(type, sample)
        case .product(let m, let bits):
            return try PQCodec.train(m: m, bits: bits, sample, seed: seed, threads: threads, monitor: monitor)
        case .fastScan(let m, let isResidual):
            return try FastScanCodec.train(
                m: m, isResidual: isResidual, sample, seed: seed, threads: threads, monitor: monitor)
        case .rabit(let bits): return try RaBitQCodec(bits: bits, dimension: sample.columns)
        }
    }

    /// Makes a codec again from what its training found.
    ///
    /// - Throws: ``IndexError`` where the tables do not fit the codec.
    static func restore(
        _ codec: IndexSpec.Codec, dimension: Int, metric: Metric, tables: [Matrix<Float>]
    ) throws -> any ListCodec {
        switch codec {
        case .flat: return FlatCodec(dimension: dimension, metric: metric)
        case .scalar(let type): return try ScalarCodec(type, dimension: dimension, tables: tables)
        case .product(let m, let bits): return try PQCodec(m: m, bits: bits, dimension: dimension, tables: tables)
        case .fastScan(let m, let isResidual):
            return try FastScanCodec(m: m, isResidual: isResidual, dimension: dimension, tables: tables)
        case .rabit(let bits): return try RaBitQCodec(bits: bits, dimension: dimension, tables: tables)
        }
    }
}
