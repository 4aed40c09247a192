internal import CAkinKernels

/// Components in 16 equal steps, two a byte: the codec of `HNSW32,SQ4`.
///
/// A query is rounded to an eighth of a step and not to a whole one, so that only the rows lose to the coarse grid.
struct NibbleGraphCodec: GraphRowCodec {
    private let grid: GraphGrid
    private let kind: GraphRowKind

    init(_ grid: GraphGrid) {
        self.grid = grid
        kind = GraphRowKind(AKIN_ROWS_U4, count: grid.dimension, bits: 4)
    }

    var specification: IndexSpec.Codec { .scalar(.bits4) }
    var tables: [Matrix<Float>] { grid.tables }
    var dimension: Int { grid.dimension }
    var rowByteCount: Int { kind.width }
    var queryByteCount: Int { 2 * kind.width }
    var unit: Float { grid.step * grid.step / 64 }
    var rowKind: GraphRowKind { kind }

    func encode(_ vectors: UnsafePointer<Float>, count: Int, into rows: UnsafeMutableRawPointer) {
        withUnsafeTemporaryAllocation(of: Int16.self, capacity: dimension) { numbers in
            withUnsafeTemporaryAllocation(of: UInt8.self, capacity: dimension) { bytes in
                guard let numbers = numbers.baseAddress, let bytes = bytes.baseAddress else { return }
                for i in 0..<count {
                    grid.numbers(of: vectors + i * dimension, fine: 1, least: 0, most: 15, into: numbers)
                    for d in 0..<dimension { bytes[d] = UInt8(truncatingIfNeeded: numbers[d]) }
                    akin_graph_pack_u4(bytes, dimension, kind.width, rows + i * rowByteCount)
                }
            }
        }
    }

    func decode(_ rows: UnsafeRawPointer, count: Int, into vectors: UnsafeMutablePointer<Float>) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: dimension) { numbers in
            guard let numbers = numbers.baseAddress else { return }
            for i in 0..<count {
                akin_graph_unpack_u4(rows + i * rowByteCount, dimension, kind.width, numbers)
                for d in 0..<dimension { vectors[i * dimension + d] = grid.value(numbers[d], d) }
            }
        }
    }

    func prepare(_ vector: UnsafePointer<Float>, into query: UnsafeMutableRawPointer) {
        withUnsafeTemporaryAllocation(of: Int16.self, capacity: dimension) { numbers in
            guard let numbers = numbers.baseAddress else { return }
            grid.numbers(of: vector, fine: 8, least: -7, most: 127, into: numbers)
            let bytes = query.assumingMemoryBound(to: Int8.self)
            for d in 0..<dimension { bytes[d] = Int8(truncatingIfNeeded: numbers[d]) }
            for d in dimension..<queryByteCount { bytes[d] = 0 }
        }
    }

    func prepare(row: UnsafeRawPointer, into query: UnsafeMutableRawPointer) {
        akin_graph_widen_u4(row, kind.width, query)
    }

    func keys(
        _ query: UnsafeRawPointer, _ rows: UnsafeRawPointer, _ which: UnsafePointer<UInt32>, count: Int,
        kernels: Kernels, into keys: UnsafeMutablePointer<Float>
    ) {
        kind.keys(query, rows, which, count: count, kernels: kernels, into: keys)
    }
}
