internal import CAkinKernels

/// Components in 256 equal steps: the codec of `HNSW32,SQ8`.
///
/// Queries are coded too, so that keys are whole numbers; where precision counts more, they stay floats.
struct ByteGraphCodec: GraphRowCodec {
    private let grid: GraphGrid
    private let kind: GraphRowKind
    private let isPrecise: Bool

    init(_ grid: GraphGrid, isPrecise: Bool) {
        self.grid = grid
        self.isPrecise = isPrecise
        kind = GraphRowKind(isPrecise ? AKIN_ROWS_U8F : AKIN_ROWS_U8, count: grid.dimension, bits: 8)
    }

    var specification: IndexSpec.Codec { .scalar(.bits8) }
    var tables: [Matrix<Float>] { grid.tables }
    var dimension: Int { grid.dimension }
    var rowByteCount: Int { kind.width }
    var queryByteCount: Int { roundedUp(kind.width * (isPrecise ? 4 : 1), to: 64) }
    var unit: Float { grid.step * grid.step }
    var rowKind: GraphRowKind { kind }

    func encode(_ vectors: UnsafePointer<Float>, count: Int, into rows: UnsafeMutableRawPointer) {
        withUnsafeTemporaryAllocation(of: Int16.self, capacity: dimension) { numbers in
            guard let numbers = numbers.baseAddress else { return }
            for i in 0..<count {
                let row = (rows + i * rowByteCount).assumingMemoryBound(to: UInt8.self)
                grid.numbers(of: vectors + i * dimension, fine: 1, least: 0, most: 255, into: numbers)
                for d in 0..<dimension { row[d] = UInt8(truncatingIfNeeded: numbers[d]) }
                for d in dimension..<rowByteCount { row[d] = 0 }
            }
        }
    }

    func decode(_ rows: UnsafeRawPointer, count: Int, into vectors: UnsafeMutablePointer<Float>) {
        for i in 0..<count {
            let row = (rows + i * rowByteCount).assumingMemoryBound(to: UInt8.self)
            for d in 0..<dimension { vectors[i * dimension + d] = grid.value(row[d], d) }
        }
    }

    func prepare(_ vector: UnsafePointer<Float>, into query: UnsafeMutableRawPointer) {
        guard isPrecise else { return encode(vector, count: 1, into: query) }
        grid.places(of: vector, into: query.assumingMemoryBound(to: Float.self))
        clearPrecise(query)
    }

    func prepare(row: UnsafeRawPointer, into query: UnsafeMutableRawPointer) {
        guard isPrecise else { return query.copyMemory(from: row, byteCount: rowByteCount) }
        let (numbers, places) = (row.assumingMemoryBound(to: UInt8.self), query.assumingMemoryBound(to: Float.self))
        for d in 0..<dimension { places[d] = Float(numbers[d]) }
        clearPrecise(query)
    }

    private func clearPrecise(_ query: UnsafeMutableRawPointer) {
        let places = query.assumingMemoryBound(to: Float.self)
        for d in dimension..<rowByteCount { places[d] = 0 }
    }

    func keys(
        _ query: UnsafeRawPointer, _ rows: UnsafeRawPointer, _ which: UnsafePointer<UInt32>, count: Int,
        kernels: Kernels, into keys: UnsafeMutablePointer<Float>
    ) {
        kind.keys(query, rows, which, count: count, kernels: kernels, into: keys)
    }
}
