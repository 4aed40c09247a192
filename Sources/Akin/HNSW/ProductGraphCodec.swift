internal import CAkinKernels

/// Product codes of 8 or 4 bits: the codec of `HNSW32,PQ16`.
///
/// A query is a table of the squared distances of its parts to all codewords; a key adds `m` of them up.
struct ProductGraphCodec: GraphCodec {
    private let quantizer: ProductQuantizer

    /// - Throws: ``IndexError/unsupported(_:)`` for numbers of other than 8 or 4 bits.
    init(_ quantizer: ProductQuantizer) throws(IndexError) {
        guard quantizer.nbits == 8 || quantizer.nbits == 4 else {
            throw .unsupported("a graph over product codes of \(quantizer.nbits) bits; expected 8 or 4")
        }
        self.quantizer = quantizer
    }

    /// Learns codebooks from sample vectors.
    static func train(
        m: Int, bits: Int, _ sample: Matrix<Float>, seed: UInt64, threads: Int, monitor: ProgressMonitor
    ) throws -> ProductGraphCodec {
        guard bits == 8 || bits == 4 else {
            throw IndexError.unsupported("a graph over product codes of \(bits) bits; expected 8 or 4")
        }
        let parameters = ProductQuantizer.Parameters(dimension: sample.columns, m: m, nbits: bits)
        return try ProductGraphCodec(
            try .train(parameters, sample, seed: seed, threads: threads, monitor: monitor))
    }

    /// Makes the codec again from what training found.
    init(m: Int, bits: Int, dimension: Int, tables: [Matrix<Float>]) throws(IndexError) {
        try checkRange("tables of the codec", tables.count, 1...1)
        try self.init(ProductQuantizer(.init(dimension: dimension, m: m, nbits: bits), codebooks: tables[0]))
    }

    var specification: IndexSpec.Codec { .product(m: quantizer.m, bits: quantizer.nbits) }
    var tables: [Matrix<Float>] { [quantizer.codebooks] }
    var dimension: Int { quantizer.dimension }
    var rowByteCount: Int {
        let bytes = quantizer.codeByteCount
        return bytes <= 8 ? 8 : bytes <= 16 ? 16 : roundedUp(bytes, to: 32)
    }
    var queryByteCount: Int { roundedUp(4 * quantizer.m * quantizer.ksub, to: 64) }

    var unit: Float { 1 }

    func encode(_ vectors: UnsafePointer<Float>, count: Int, into rows: UnsafeMutableRawPointer) {
        for i in 0..<count {
            let row = (rows + i * rowByteCount).assumingMemoryBound(to: UInt8.self)
            quantizer.encode(vectors + i * dimension, count: 1, into: row)
            for j in quantizer.codeByteCount..<rowByteCount { row[j] = 0 }
        }
    }

    func decode(_ rows: UnsafeRawPointer, count: Int, into vectors: UnsafeMutablePointer<Float>) {
        for i in 0..<count {
            let row = (rows + i * rowByteCount).assumingMemoryBound(to: UInt8.self)
            quantizer.decode(row, count: 1, into: vectors + i * dimension)
        }
    }

    func prepare(_ vector: UnsafePointer<Float>, into query: UnsafeMutableRawPointer) {
        quantizer.codebooks.withUnsafeElements { words in
            akin_graph_table_pq(
                vector, words.baseAddress, quantizer.m, quantizer.ksub, quantizer.dsub,
                query.assumingMemoryBound(to: Float.self))
        }
    }

    func prepare(row: UnsafeRawPointer, into query: UnsafeMutableRawPointer) {
        withUnsafeTemporaryAllocation(of: Float.self, capacity: dimension) { vector in
            guard let vector = vector.baseAddress else { return }
            decode(row, count: 1, into: vector)
            prepare(vector, into: query)
        }
    }

    func keys(
        _ query: UnsafeRawPointer, _ rows: UnsafeRawPointer, _ which: UnsafePointer<UInt32>, count: Int,
        kernels: Kernels, into keys: UnsafeMutablePointer<Float>
    ) {
        var described = akin_graph_rows(
            rows: rows.assumingMemoryBound(to: UInt8.self), stride: rowByteCount, width: quantizer.codeByteCount)
        akin_graph_keys_pq(
            query.assumingMemoryBound(to: Float.self), quantizer.m, UInt32(quantizer.nbits), &described, which, count,
            keys)
    }
}
