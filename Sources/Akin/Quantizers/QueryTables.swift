internal import CAkinKernels

/// Makes the tables of products of queries with the codewords of a product quantizer.
final class QueryTables {
    private let quantizer: ProductQuantizer
    private let codes: akin_code_table
    private let factor: Float
    private let least, greatest: Buffer<Float>
    /// Bounds the absolute products that the tables of the query at hand add up.
    private var magnitude = 0.0

    init(_ quantizer: ProductQuantizer, metric: Metric, kernels: Kernels) {
        self.quantizer = quantizer
        codes = kernels.codes
        factor = productFactor(metric)
        least = Buffer(repeating: 0, count: quantizer.m)
        greatest = Buffer(repeating: 0, count: quantizer.m)
    }

    /// Writes the tables of a query, `[m][ksub]`, and gives what belongs to their rounding to bytes.
    ///
    /// - Returns: the prepared query of tables of bytes, and one over their step, 0 when they are constant.
    func make(_ x: UnsafePointer<Float>, into tables: UnsafeMutablePointer<Float>) -> (akin_code_query, Float) {
        var books = quantizer.table.books
        codes.pq_tables?(&books, x, factor, tables, least.pointer, greatest.pointer)
        magnitude = Double(abs(factor)) * akin_code_length(x, quantizer.dimension) * quantizer.table.radius
        var inverse: Float = 0
        let query = akin_quantize_step(
            least.pointer, greatest.pointer, quantizer.m, magnitude, Double(quantizer.dsub + 4) * 0x1p-23, &inverse)
        return (query, inverse)
    }

    /// The last query prepared for its tables of floats.
    var floatQuery: akin_code_query {
        let relative = Double(quantizer.dsub + quantizer.m + 4) * 0x1p-23 + 0x1p-20
        // Beyond this, sums may leave the range of floats and say nothing.
        let isUsable = magnitude < 1e37
        return akin_code_query(
            bias: isUsable ? 0 : .nan, scale: 0, slack: isUsable ? Float(magnitude * relative) : 0,
            reach: isUsable ? Float(magnitude) : .infinity, norm: 0, byte_bias: .nan, byte_slack: 0)
    }

    /// Rounds the tables of the last query to bytes, `stride` bytes a table.
    func quantize(
        _ tables: UnsafePointer<Float>, inverse: Float, into bytes: UnsafeMutablePointer<UInt8>, stride: Int
    ) {
        let m = quantizer.m, ksub = quantizer.ksub
        if stride == ksub {
            codes.pq_quantize?(tables, least.pointer, m, ksub, inverse, bytes)
        } else {
            for s in 0..<m {
                codes.pq_quantize?(tables + s * ksub, least.pointer + s, 1, ksub, inverse, bytes + s * stride)
            }
        }
    }
}
