/// Vectors as they are, 32-bit floats: the codec of `HNSW32`.
struct FlatGraphCodec: GraphCodec {
    let dimension: Int

    var specification: IndexSpec.Codec { .flat }
    var tables: [Matrix<Float>] { [] }
    /// Components with padding: whole registers, so that no row needs a remainder.
    private var padded: Int { (dimension + 15) / 16 * 16 }
    var rowByteCount: Int { 4 * padded }
    var queryByteCount: Int { 4 * padded }

    func encode(_ vectors: UnsafePointer<Float>, count: Int, into rows: UnsafeMutableRawPointer) {
        for i in 0..<count {
            let row = (rows + i * rowByteCount).assumingMemoryBound(to: Float.self)
            row.update(from: vectors + i * dimension, count: dimension)
            for j in dimension..<padded { row[j] = 0 }
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
        let x = query.assumingMemoryBound(to: Float.self)
        for i in 0..<count {
            let y = (rows + Int(which[i]) * rowByteCount).assumingMemoryBound(to: Float.self)
            var sum: Float = 0
            for j in 0..<padded { sum += (x[j] - y[j]) * (x[j] - y[j]) }
            keys[i] = sum
        }
    }
}
