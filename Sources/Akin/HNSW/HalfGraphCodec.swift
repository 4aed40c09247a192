internal import CAkinKernels

/// Vectors of 16-bit floats: the codec of `HNSW32,SQfp16` and `HNSW32,SQbf16`.
///
/// The query stays in 32 bits, so only the rows are rounded.
struct HalfGraphCodec: GraphRowCodec {
    private let quantizer: ScalarQuantizer
    private let kind: GraphRowKind

    /// - Throws: ``IndexError`` for a dimension out of range.
    init(_ type: IndexSpec.ScalarType, dimension: Int) throws(IndexError) {
        quantizer = try ScalarQuantizer(
            type, dimension: dimension, ranges: Matrix(rows: 0, columns: dimension) { _ in })
        kind = GraphRowKind(type == .float16 ? AKIN_ROWS_FP16 : AKIN_ROWS_BF16, count: dimension, bits: 16)
    }

    var specification: IndexSpec.Codec { .scalar(quantizer.kind) }
    var tables: [Matrix<Float>] { [] }
    var dimension: Int { quantizer.dimension }
    var rowByteCount: Int { kind.width }
    var queryByteCount: Int { roundedUp(2 * kind.width, to: 64) }
    var rowKind: GraphRowKind { kind }
    var unit: Float { 1 }

    func encode(_ vectors: UnsafePointer<Float>, count: Int, into rows: UnsafeMutableRawPointer) {
        for i in 0..<count {
            let row = (rows + i * rowByteCount).assumingMemoryBound(to: UInt8.self)
            quantizer.encode(vectors + i * dimension, count: 1, into: row)
            for j in 2 * dimension..<rowByteCount { row[j] = 0 }
        }
    }

    func decode(_ rows: UnsafeRawPointer, count: Int, into vectors: UnsafeMutablePointer<Float>) {
        for i in 0..<count {
            let row = (rows + i * rowByteCount).assumingMemoryBound(to: UInt8.self)
            quantizer.decode(row, count: 1, into: vectors + i * dimension)
        }
    }

    func prepare(_ vector: UnsafePointer<Float>, into query: UnsafeMutableRawPointer) {
        let x = query.assumingMemoryBound(to: Float.self)
        x.update(from: vector, count: dimension)
        for j in dimension..<queryByteCount / 4 { x[j] = 0 }
    }

    func prepare(row: UnsafeRawPointer, into query: UnsafeMutableRawPointer) {
        let x = query.assumingMemoryBound(to: Float.self)
        decode(row, count: 1, into: x)
        for j in dimension..<queryByteCount / 4 { x[j] = 0 }
    }

    func keys(
        _ query: UnsafeRawPointer, _ rows: UnsafeRawPointer, _ which: UnsafePointer<UInt32>, count: Int,
        kernels: Kernels, into keys: UnsafeMutablePointer<Float>
    ) {
        kind.keys(query, rows, which, count: count, kernels: kernels, into: keys)
    }
}
