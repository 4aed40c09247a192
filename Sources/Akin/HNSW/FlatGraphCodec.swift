internal import CAkinKernels

/// Vectors as they are, 32-bit floats: the codec of `HNSW32`.
struct FlatGraphCodec: GraphRowCodec {
    let dimension: Int
    private let kind: GraphRowKind

    init(dimension: Int) {
        self.dimension = dimension
        kind = GraphRowKind(AKIN_ROWS_F32, count: dimension, bits: 32)
    }

    var specification: IndexSpec.Codec { .flat }
    var tables: [Matrix<Float>] { [] }
    var rowByteCount: Int { kind.width }
    var queryByteCount: Int { roundedUp(kind.width, to: 64) }
    var rowKind: GraphRowKind { kind }
    var unit: Float { 1 }

    func encode(_ vectors: UnsafePointer<Float>, count: Int, into rows: UnsafeMutableRawPointer) {
        for i in 0..<count {
            let row = (rows + i * rowByteCount).assumingMemoryBound(to: Float.self)
            row.update(from: vectors + i * dimension, count: dimension)
            for j in dimension..<rowByteCount / 4 { row[j] = 0 }
        }
    }

    func decode(_ rows: UnsafeRawPointer, count: Int, into vectors: UnsafeMutablePointer<Float>) {
        for i in 0..<count {
            let row = (rows + i * rowByteCount).assumingMemoryBound(to: Float.self)
            (vectors + i * dimension).update(from: row, count: dimension)
        }
    }

    func prepare(_ vector: UnsafePointer<Float>, into query: UnsafeMutableRawPointer) {
        encode(vector, count: 1, into: query)
    }

    func prepare(row: UnsafeRawPointer, into query: UnsafeMutableRawPointer) {
        query.copyMemory(from: row, byteCount: rowByteCount)
    }

    func keys(
        _ query: UnsafeRawPointer, _ rows: UnsafeRawPointer, _ which: UnsafePointer<UInt32>, count: Int,
        kernels: Kernels, into keys: UnsafeMutablePointer<Float>
    ) {
        kind.keys(query, rows, which, count: count, kernels: kernels, into: keys)
    }
}
