internal import CAkinKernels

/// Lists of scalar codes.
///
/// A block holds 32 vectors, four components of each together, `[dimension / 4][32][4]` for 8 bits. With 4 bits, a byte
/// has two components four apart; with 6 bits, three bytes have four components eight apart. Then come 32 float terms
/// and, for 16-bit floats (`[dimension][32]`), 32 norms. The query is rounded to 16-bit integers, so scanning adds
/// products of integers; what rounding may change is part of the intervals.
package struct ScalarCodec: ListCodec {
    package let quantizer: ScalarQuantizer

    /// Lists coded by `quantizer`.
    package init(_ quantizer: ScalarQuantizer) {
        self.quantizer = quantizer
    }

    /// Learns the ranges of some vectors, `[count, dimension]`.
    ///
    /// - Throws: ``IndexError`` when there is no vector, or one is not finite.
    package static func train(
        _ kind: IndexSpec.ScalarType, _ vectors: Matrix<Float>
    ) throws(IndexError) -> ScalarCodec {
        ScalarCodec(try .train(kind, vectors))
    }

    /// Makes the codec again from what training found.
    ///
    /// - Throws: ``IndexError`` when the tables have another shape or bad values.
    package init(_ kind: IndexSpec.ScalarType, dimension: Int, tables: [Matrix<Float>]) throws(IndexError) {
        try checkRange("tables of the codec", tables.count, kind.isFloat ? 0...0 : 1...1)
        let ranges = tables.first ?? Matrix(rows: 0, columns: dimension) { _ in }
        quantizer = try ScalarQuantizer(kind, dimension: dimension, ranges: ranges)
    }

    package var specification: IndexSpec.Codec { .scalar(quantizer.kind) }
    package var tables: [Matrix<Float>] { quantizer.kind.isFloat ? [] : [quantizer.ranges] }
    package var dimension: Int { quantizer.dimension }
    package var codeByteCount: Int { quantizer.codeByteCount }
    package var blockVectors: Int { AKIN_SMALL_BLOCK }
    package var blockByteCount: Int { termsOffset + blockVectors * 4 * (quantizer.kind.isFloat ? 2 : 1) }
    package var queryByteCount: Int { quantizer.kind.isFloat ? 4 * dimension : 2 * padded }
    /// Bytes of the ranges.
    package var byteCount: Int { quantizer.ranges.rows * dimension * 4 }

    /// Components, padded to whole rows.
    private var padded: Int {
        switch quantizer.kind {
        case .bits8: (dimension + 3) / 4 * 4
        case .bits4: (dimension + 7) / 8 * 8
        case .bits6: (dimension + 15) / 16 * 16
        case .float16, .bfloat16: dimension
        }
    }
    private var rows: Int { quantizer.kind.isFloat ? dimension : padded * quantizer.kind.bits / 32 }
    private var termsOffset: Int { quantizer.kind.isFloat ? rows * 64 : rows * 128 }
    private var bits: Int32 { Int32(quantizer.kind.bits) }

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
        let numbers = Buffer<UInt8>(repeating: 0, count: padded)
        let vector = Buffer<Float>(repeating: 0, count: dimension)
        for i in 0..<count {
            let code = codes + i * codeByteCount
            let (block, v) = (position + i).quotientAndRemainder(dividingBy: blockVectors)
            let bytes = blocks + block * blockByteCount
            quantizer.decode(code, count: 1, into: vector.pointer)
            var term = metric == .l2 ? akin_code_term(vector.pointer, centroid, dimension) : 0
            let terms = UnsafeMutableRawPointer(bytes + termsOffset)
            if quantizer.kind.isFloat {
                for d in 0..<dimension {
                    bytes[64 * d + 2 * v] = code[2 * d]
                    bytes[64 * d + 2 * v + 1] = code[2 * d + 1]
                }
                let norm = akin_code_norm(vector.pointer, dimension)
                if norm.isNaN { term = .nan }
                terms.storeBytes(of: norm, toByteOffset: 4 * (blockVectors + v), as: Float.self)
            } else {
                akin_sq_unpack(bits, code, dimension, numbers.pointer)
                akin_sq_put(bits, numbers.pointer, padded, v, bytes)
            }
            terms.storeBytes(of: term, toByteOffset: 4 * v, as: Float.self)
        }
    }

    package func load(_ position: Int, in blocks: UnsafePointer<UInt8>, into code: UnsafeMutablePointer<UInt8>) {
        let (block, v) = position.quotientAndRemainder(dividingBy: blockVectors)
        let bytes = blocks + block * blockByteCount
        if quantizer.kind.isFloat {
            for d in 0..<dimension {
                code[2 * d] = bytes[64 * d + 2 * v]
                code[2 * d + 1] = bytes[64 * d + 2 * v + 1]
            }
            return
        }
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: padded) { numbers in
            guard let numbers = numbers.baseAddress else { return }
            akin_sq_take(bits, bytes, padded, v, numbers)
            akin_sq_pack(bits, numbers, dimension, code)
        }
    }

    package func scanner(
        _ queries: UnsafePointer<Float>, count: Int, metric: Metric, isBounded: Bool, kernels: Kernels
    ) -> any ListScanner {
        let codes = kernels.codes
        let kernel: ListKernel? =
            switch quantizer.kind {
            case .bits8: codes.scan_sq8
            case .bits6: codes.scan_sq6
            case .bits4: codes.scan_sq4
            case .float16: codes.scan_fp16
            case .bfloat16: codes.scan_bf16
            }
        guard let kernel else { fatalError("every level scans scalar codes") }
        let isFloat = quantizer.kind.isFloat
        let scanner = CodeScanner(
            self, queries: queries, count: count, metric: metric, isBounded: isBounded, kernels: kernels,
            kernel: kernel, rows: rows, termsOffset: termsOffset, bytesPerQuery: isFloat ? 0 : 2 * padded,
            floatsPerQuery: isFloat ? dimension : 0)
        let factor = productFactor(metric)
        if isFloat {
            for q in 0..<count {
                scanner.prepared[q] = akin_half_query(
                    queries + q * dimension, dimension, factor, scanner.floats.pointer + q * dimension)
            }
        } else {
            scanner.bytes.pointer.withMemoryRebound(to: Int8.self, capacity: count * 2 * padded) { bytes in
                quantizer.withRanges { least, range in
                    for q in 0..<count {
                        scanner.prepared[q] = akin_sq_query(
                            bits, queries + q * dimension, least, range, dimension, Double(factor),
                            bytes + q * 2 * padded)
                    }
                }
            }
        }
        return scanner
    }
}
