/// Makes the codecs that a graph's spec can name.
package enum GraphCodecs {
    /// Learns what a codec needs from sample vectors, `[n, dimension]`, finite.
    ///
    /// A precise codec compares queries that are not rounded, at some cost in speed.
    ///
    /// - Throws: ``IndexError/unsupported(_:)`` for codes that graphs do not hold; ``IndexError`` for too few vectors.
    package static func train(
        _ kind: IndexSpec.Codec, on sample: Matrix<Float>, seed: UInt64, threads: Int,
        isPrecise: Bool = false, monitor: ProgressMonitor = .silent
    ) throws -> any GraphCodec {
        switch kind {
        case .scalar(.bits8): return ByteGraphCodec(try .covering(sample), isPrecise: isPrecise)
        case .scalar(.bits4): return NibbleGraphCodec(try .closest(sample))
        case .product(let m, let bits):
            return try ProductGraphCodec.train(
                m: m, bits: bits, sample, seed: seed, threads: threads, monitor: monitor)
        case .flat, .scalar, .fastScan, .rabit: return try restore(kind, dimension: sample.columns, tables: [])
        }
    }

    /// Makes a codec again from what training found.
    ///
    /// - Throws: ``IndexError`` for codes that graphs do not hold, and tables that do not fit.
    package static func restore(
        _ kind: IndexSpec.Codec, dimension: Int, tables: [Matrix<Float>], isPrecise: Bool = false
    ) throws(IndexError) -> any GraphCodec {
        switch kind {
        case .flat: return FlatGraphCodec(dimension: dimension)
        case .scalar(.bits8):
            return ByteGraphCodec(try GraphGrid(dimension: dimension, tables: tables), isPrecise: isPrecise)
        case .scalar(.bits4): return NibbleGraphCodec(try GraphGrid(dimension: dimension, tables: tables))
        case .scalar(let type) where type.isFloat: return try HalfGraphCodec(type, dimension: dimension)
        case .product(let m, let bits):
            return try ProductGraphCodec(m: m, bits: bits, dimension: dimension, tables: tables)
        case .scalar, .fastScan, .rabit: throw .unsupported("a graph over \(kind) codes")
        }
    }
}
