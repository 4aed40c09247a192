internal import CAkinKernels

/// Lists of product codes of 4 bits, compared through tables of bytes that stay in registers.
///
/// The idea is that of [Quick ADC (André et al. 2017)][qadc].
///
/// A block holds 32 vectors: rows of `[32][4]` bytes, eight parts a row, of which byte t has part t in its lower and part
/// t + 4 in its upper half; then 32 float terms. Parts are padded to a multiple of 8 with tables of zeros. A query's
/// tables are rounded to bytes with one step for all of them, chosen so that no sum exceeds 16 bits.
///
/// [qadc]: https://doi.org/10.1145/3078971.3078992
package struct FastScanCodec: ListCodec {
    package let quantizer: ProductQuantizer
    /// Whether differences to centroids are coded; only the spec tells.
    package let isResidual: Bool

    /// Lists coded by `quantizer`.
    ///
    /// - Throws: ``IndexError`` when its codes do not have 4 bits, or there are more than 1024 of them.
    package init(_ quantizer: ProductQuantizer, isResidual: Bool = false) throws(IndexError) {
        try checkRange("nbits", quantizer.nbits, 4...4)
        try checkRange("m", quantizer.m, 1...1024)
        self.quantizer = quantizer
        self.isResidual = isResidual
    }

    /// Learns codebooks from some vectors, `[count, dimension]`.
    ///
    /// - Throws: ``IndexError`` when a number is out of range or the vectors do not fit; `CancellationError`.
    package static func train(
        m: Int, isResidual: Bool, _ vectors: Matrix<Float>, seed: UInt64 = 1, threads: Int = 1,
        monitor: ProgressMonitor = .silent
    ) throws -> FastScanCodec {
        let parameters = ProductQuantizer.Parameters(dimension: vectors.columns, m: m, nbits: 4)
        return try FastScanCodec(
            .train(parameters, vectors, seed: seed, threads: threads, monitor: monitor), isResidual: isResidual)
    }

    /// Makes the codec again from what training found.
    ///
    /// - Throws: ``IndexError`` when a number is out of range or the tables have another shape.
    package init(m: Int, isResidual: Bool, dimension: Int, tables: [Matrix<Float>]) throws(IndexError) {
        try checkRange("tables of the codec", tables.count, 1...1)
        try self.init(
            ProductQuantizer(.init(dimension: dimension, m: m, nbits: 4), codebooks: tables[0]),
            isResidual: isResidual)
    }

    package var specification: IndexSpec.Codec { .fastScan(m: quantizer.m, residual: isResidual) }
    package var tables: [Matrix<Float>] { [quantizer.codebooks] }
    package var dimension: Int { quantizer.dimension }
    package var codeByteCount: Int { quantizer.codeByteCount }
    package var blockVectors: Int { AKIN_SMALL_BLOCK }
    package var blockByteCount: Int { termsOffset + blockVectors * 4 }
    package var queryByteCount: Int { 128 * rows }
    /// Bytes of the codebooks, in both orders.
    package var byteCount: Int { 2 * quantizer.codebooks.rows * quantizer.dsub * 4 }

    private var rows: Int { (quantizer.m + 7) / 8 }
    private var termsOffset: Int { rows * 128 }

    package func encode(_ vectors: UnsafePointer<Float>, count: Int, into codes: UnsafeMutablePointer<UInt8>) {
        quantizer.encode(vectors, count: count, into: codes)
    }

    package func decode(_ codes: UnsafePointer<UInt8>, count: Int, into vectors: UnsafeMutablePointer<Float>) {
        quantizer.decode(codes, count: count, into: vectors)
    }

    package func store(
        _ codes: UnsafePointer<UInt8>, count: Int, at position: Int, in blocks: UnsafeMutablePointer<UInt8>,
        centroid: UnsafePointer<Float>?, metric: Metric
    ) {
        let numbers = Buffer<UInt8>(repeating: 0, count: 8 * rows)
        let vector = Buffer<Float>(repeating: 0, count: dimension)
        for i in 0..<count {
            let code = codes + i * codeByteCount
            let (block, v) = (position + i).quotientAndRemainder(dividingBy: blockVectors)
            let bytes = blocks + block * blockByteCount
            akin_sq_unpack(4, code, quantizer.m, numbers.pointer)
            akin_sq_put(4, numbers.pointer, 8 * rows, v, bytes)
            var term: Float = 0
            if metric == .l2 {
                quantizer.decode(code, count: 1, into: vector.pointer)
                term = akin_code_term(vector.pointer, centroid, dimension)
            }
            UnsafeMutableRawPointer(bytes + termsOffset).storeBytes(of: term, toByteOffset: 4 * v, as: Float.self)
        }
    }

    package func load(_ position: Int, in blocks: UnsafePointer<UInt8>, into code: UnsafeMutablePointer<UInt8>) {
        let (block, v) = position.quotientAndRemainder(dividingBy: blockVectors)
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 8 * rows) { numbers in
            guard let numbers = numbers.baseAddress else { return }
            akin_sq_take(4, blocks + block * blockByteCount, 8 * rows, v, numbers)
            akin_sq_pack(4, numbers, quantizer.m, code)
        }
    }

    package func scanner(
        _ queries: UnsafePointer<Float>, count: Int, metric: Metric, isBounded: Bool, kernels: Kernels
    ) -> any ListScanner {
        guard let kernel = kernels.codes.scan_nibbles else { fatalError("every level scans codes") }
        let tableBytes = rows * 128
        let scanner = FastScanScanner(
            self, queries: queries, count: count, metric: metric, isBounded: isBounded, kernels: kernels,
            kernel: kernel, rows: rows, termsOffset: termsOffset, bytesPerQuery: tableBytes)
        let tables = QueryTables(quantizer, metric: metric, kernels: kernels)
        let floats = Buffer<Float>(repeating: 0, count: quantizer.m * quantizer.ksub)
        for q in 0..<count {
            let (query, inverse) = tables.make(queries + q * dimension, into: floats.pointer)
            scanner.prepared[q] = query
            guard inverse > 0 else { continue }
            tables.quantize(
                floats.pointer, inverse: inverse, into: scanner.bytes.pointer + q * tableBytes, stride: quantizer.ksub)
        }
        return scanner
    }
}
