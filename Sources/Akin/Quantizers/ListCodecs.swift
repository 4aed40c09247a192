/// Makes the codecs that specs name.
enum ListCodecs {
    /// Learns a codec from sample vectors.
    ///
    /// - Parameters:
    ///   - codec: what the spec says.
    ///   - sample: `[n, dimension]`: vectors, or residuals, as they will be coded.
    ///   - metric: L2 or inner product.
    /// - Throws: ``IndexError`` for too few vectors.
    static func train(
        _ codec: IndexSpec.Codec, on sample: Matrix<Float>, metric: Metric, seed: UInt64, threads: Int,
        monitor: ProgressMonitor
    ) throws -> any ListCodec {
        switch codec {
        case .flat: return FlatCodec(dimension: sample.columns, metric: metric)
        default: throw IndexError.unsupported("\(codec)")
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
        default: throw IndexError.unsupported("\(codec)")
        }
    }
}
