internal import CAkinKernels

/// Lists of product codes of 4 to 12 bits, compared through tables of floats.
///
/// A block holds 64 vectors: `m` rows of 64 numbers (bytes up to 8 bits, 16-bit words beyond), then 64 float terms. Where
/// the CPU permutes bytes across registers, numbers of up to 8 bits are looked up 64 at a time in tables rounded to
/// bytes, and only what these cannot exclude is summed in floats.
package struct PQCodec: ListCodec {
    package let quantizer: ProductQuantizer

    /// Lists coded by `quantizer`.
    package init(_ quantizer: ProductQuantizer) {
        self.quantizer = quantizer
    }

    /// Learns codebooks from some vectors, `[count, dimension]`.
    ///
    /// - Throws: ``IndexError`` when a number is out of range or the vectors do not fit; `CancellationError`.
    package static func train(
        m: Int, bits: Int, _ vectors: Matrix<Float>, seed: UInt64 = 1, threads: Int = 1,
        monitor: ProgressMonitor = .silent
    ) throws -> PQCodec {
        let parameters = ProductQuantizer.Parameters(dimension: vectors.columns, m: m, nbits: bits)
        return PQCodec(try .train(parameters, vectors, seed: seed, threads: threads, monitor: monitor))
    }

    /// Makes the codec again from what training found.
    ///
    /// - Throws: ``IndexError`` when a number is out of range or the tables have another shape.
    package init(m: Int, bits: Int, dimension: Int, tables: [Matrix<Float>]) throws(IndexError) {
        try checkRange("tables of the codec", tables.count, 1...1)
        quantizer = try ProductQuantizer(.init(dimension: dimension, m: m, nbits: bits), codebooks: tables[0])
    }

    package var specification: IndexSpec.Codec { .product(m: quantizer.m, bits: quantizer.nbits) }
    package var tables: [Matrix<Float>] { [quantizer.codebooks] }
    package var dimension: Int { quantizer.dimension }
    package var codeByteCount: Int { quantizer.codeByteCount }
    package var blockVectors: Int { AKIN_LARGE_BLOCK }
    package var blockByteCount: Int { termsOffset + blockVectors * 4 }
    package var queryByteCount: Int { quantizer.m * (4 * quantizer.ksub + (isWide ? 0 : 256)) }
    /// Bytes of the codebooks, in both orders.
    package var byteCount: Int { 2 * quantizer.codebooks.rows * quantizer.dsub * 4 }

    private var isWide: Bool { quantizer.nbits > 8 }
    private var termsOffset: Int { quantizer.m * blockVectors * (isWide ? 2 : 1) }

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
        let m = quantizer.m
        let numbers = Buffer<UInt16>(repeating: 0, count: m)
        let vector = Buffer<Float>(repeating: 0, count: dimension)
        for i in 0..<count {
            let code = codes + i * codeByteCount
            let (block, v) = (position + i).quotientAndRemainder(dividingBy: blockVectors)
            let bytes = UnsafeMutableRawPointer(blocks + block * blockByteCount)
            akin_pq_unpack(code, m, UInt32(quantizer.nbits), numbers.pointer)
            if isWide {
                for s in 0..<m { bytes.storeBytes(of: numbers[s], toByteOffset: 128 * s + 2 * v, as: UInt16.self) }
            } else {
                let column = akin_column(v)
                for s in 0..<m {
                    bytes.storeBytes(of: UInt8(numbers[s]), toByteOffset: 64 * s + column, as: UInt8.self)
                }
            }
            var term: Float = 0
            if metric == .l2 {
                quantizer.decode(code, count: 1, into: vector.pointer)
                term = akin_code_term(vector.pointer, centroid, dimension)
            }
            bytes.storeBytes(of: term, toByteOffset: termsOffset + 4 * v, as: Float.self)
        }
    }

    package func load(_ position: Int, in blocks: UnsafePointer<UInt8>, into code: UnsafeMutablePointer<UInt8>) {
        let (block, v) = position.quotientAndRemainder(dividingBy: blockVectors)
        let bytes = UnsafeRawPointer(blocks + block * blockByteCount)
        let m = quantizer.m
        withUnsafeTemporaryAllocation(of: UInt16.self, capacity: m) { numbers in
            guard let numbers = numbers.baseAddress else { return }
            if isWide {
                for s in 0..<m { numbers[s] = bytes.load(fromByteOffset: 128 * s + 2 * v, as: UInt16.self) }
            } else {
                let column = akin_column(v)
                for s in 0..<m { numbers[s] = UInt16(bytes.load(fromByteOffset: 64 * s + column, as: UInt8.self)) }
            }
            akin_pq_pack(numbers, m, UInt32(quantizer.nbits), code)
        }
    }

    package func scanner(
        _ queries: UnsafePointer<Float>, count: Int, metric: Metric, isBounded: Bool, kernels: Kernels
    ) -> any ListScanner {
        let m = quantizer.m, ksub = quantizer.ksub, codes = kernels.codes
        guard let kernel = isWide ? codes.scan_words : codes.scan_bytes else { fatalError("every level scans codes") }
        let usesBytes = !isWide && codes.has_byte_permute
        let scanner = PQScanner(
            self, queries: queries, count: count, metric: metric, isBounded: isBounded, kernels: kernels,
            kernel: kernel, rows: m, termsOffset: termsOffset, bytesPerQuery: usesBytes ? m * 256 : 0,
            floatsPerQuery: m * ksub, ksub: ksub)
        let tables = QueryTables(quantizer, metric: metric, kernels: kernels)
        for q in 0..<count {
            let floats = scanner.floats.pointer + q * m * ksub
            let (step, inverse) = tables.make(queries + q * dimension, into: floats)
            var query = tables.floatQuery
            query.scale = step.scale
            query.byte_bias = step.bias
            query.byte_slack = step.slack
            scanner.prepared[q] = query
            if usesBytes, inverse > 0 {
                tables.quantize(floats, inverse: inverse, into: scanner.bytes.pointer + q * m * 256, stride: 256)
            }
        }
        return scanner
    }
}
