internal import CAkinKernels

/// Lists of signs of randomly rotated vectors, with or without finer bits.
///
/// This is RaBitQ ([Gao, Long 2024]), and with finer bits its extension ([Gao et al. 2025]). A vector r is rotated to u;
/// its code is the signs of u and, with more than one bit, the numbers of a uniform grid around zero whose highest bit
/// is the sign. With n what the numbers stand for, |r|^2 <n, v> / <n, u> is an unbiased
/// estimate of <u, v> over the choice of rotations. Its error exceeds 1.9 |r| |v| sqrt((|n|^2 |r|^2 / <n, u>^2 - 1) /
/// (dimension - 1)) for about one vector in twenty: intervals around true keys are probable, not certain. For L2, v is
/// the query less the centroid, so errors shrink with the distance to it.
///
/// A block holds 32 vectors: the signs of four components a number, laid out as ``FastScanCodec`` does, then float terms,
/// factors and squared norms; with more than one bit finer terms, finer factors and the lower bits of each vector, which
/// are read only where the signs cannot exclude it. By the error bound of the signs, that too is probable.
///
/// The rotation follows from the dimension alone, so nothing is trained.
///
/// [Gao, Long 2024]: https://doi.org/10.1145/3654970
/// [Gao et al. 2025]: https://doi.org/10.1145/3725413
package struct RaBitQCodec: ListCodec {
    package let dimension: Int
    /// Bits of a component, 1...9.
    package let bits: Int
    /// Standard errors that intervals of true keys span to either side.
    package static let confidence = 1.9

    private let rotation: HadamardRotation
    private let back: HadamardRotation
    /// For every four components, the 16 combinations of signs.
    private let signs: CodewordTable

    /// Makes the codec: it needs no training.
    ///
    /// - Throws: ``IndexError`` when a number is out of range, or there are tables.
    package init(bits: Int, dimension: Int, tables: [Matrix<Float>] = []) throws(IndexError) {
        try checkRange("bits", bits, 1...9)
        try checkRange("dimension", dimension, 1...65_536)
        try checkRange("tables of the codec", tables.count, 0...0)
        self.bits = bits
        self.dimension = dimension
        rotation = HadamardRotation(dimension: dimension, seed: 0x5261_4269_7451)
        back = rotation.reversed
        let parts = (dimension + 31) / 32 * 8
        signs = CodewordTable(
            Matrix(rows: 16 * parts, columns: 4) { out in
                for i in out.indices { out[i] = (i / 4) >> (i % 4) & 1 == 1 ? 1 : -1 }
            }, m: parts)
    }

    package var specification: IndexSpec.Codec { .rabit(bits: bits) }
    package var tables: [Matrix<Float>] { [] }
    package var boundsTrueKeys: Bool { true }
    /// The signs, the lower bits, and two or three floats.
    package var codeByteCount: Int { (dimension + 7) / 8 + fineByteCount + (bits > 1 ? 12 : 8) }
    package var blockVectors: Int { AKIN_SMALL_BLOCK }
    package var blockByteCount: Int { termsOffset + blockVectors * (bits > 1 ? 20 + fineByteCount : 12) }
    package var queryByteCount: Int { rows * 128 + 4 * dimension }

    private var rows: Int { signs.m / 8 }
    private var termsOffset: Int { rows * 128 }
    private var fineBits: Int { bits - 1 }
    private var fineByteCount: Int { (fineBits * dimension + 7) / 8 }

    // MARK: - Codes

    package func encode(_ vectors: UnsafePointer<Float>, count: Int, into codes: UnsafeMutablePointer<UInt8>) {
        let batch = 64
        let rotated = Buffer<Float>(repeating: 0, count: min(batch, count) * dimension)
        let numbers = Buffer<UInt16>(repeating: 0, count: dimension)
        for first in stride(from: 0, to: count, by: batch) {
            let some = min(batch, count - first)
            rotation.apply(vectors + first * dimension, count: some, into: rotated.pointer, kernels: .best)
            for i in 0..<some {
                let code = akin_rabitq_encode(rotated.pointer + i * dimension, dimension, UInt32(bits), numbers.pointer)
                pack(numbers.pointer, code, into: codes + (first + i) * codeByteCount)
            }
        }
    }

    private func pack(
        _ numbers: UnsafeMutablePointer<UInt16>, _ code: akin_rabitq_code, into bytes: UnsafeMutablePointer<UInt8>
    ) {
        let signBytes = (dimension + 7) / 8
        withUnsafeTemporaryAllocation(of: UInt16.self, capacity: dimension) { part in
            guard let part = part.baseAddress else { return }
            for d in 0..<dimension { part[d] = numbers[d] >> UInt16(fineBits) }
            akin_pq_pack(part, dimension, 1, bytes)
            guard bits > 1 else { return }
            let mask = UInt16(1) << UInt16(fineBits) - 1
            for d in 0..<dimension { part[d] = numbers[d] & mask }
            akin_pq_pack(part, dimension, UInt32(fineBits), bytes + signBytes)
        }
        let floats = UnsafeMutableRawPointer(bytes + signBytes + fineByteCount)
        floats.storeBytes(of: code.norm2, toByteOffset: 0, as: Float.self)
        floats.storeBytes(of: code.factor, toByteOffset: 4, as: Float.self)
        if bits > 1 { floats.storeBytes(of: code.fine_factor, toByteOffset: 8, as: Float.self) }
    }

    /// The factors of a packed code, and what its numbers stand for.
    private func unpack(
        _ code: UnsafePointer<UInt8>, signs: UnsafeMutablePointer<Float>, fine: UnsafeMutablePointer<Float>
    ) -> akin_rabitq_code {
        let signBytes = (dimension + 7) / 8
        withUnsafeTemporaryAllocation(of: UInt16.self, capacity: dimension) { numbers in
            guard let numbers = numbers.baseAddress else { return }
            akin_pq_unpack(code, dimension, 1, numbers)
            for d in 0..<dimension { signs[d] = numbers[d] == 1 ? 1 : -1 }
            guard bits > 1 else { return }
            akin_pq_unpack(code + signBytes, dimension, UInt32(fineBits), numbers)
            let half = Float(1 << fineBits)
            for d in 0..<dimension { fine[d] = Float(numbers[d]) + (signs[d] > 0 ? half : 0) - half + 0.5 }
        }
        let floats = UnsafeRawPointer(code + signBytes + fineByteCount)
        return akin_rabitq_code(
            norm2: floats.loadUnaligned(fromByteOffset: 0, as: Float.self),
            factor: floats.loadUnaligned(fromByteOffset: 4, as: Float.self),
            fine_factor: bits > 1 ? floats.loadUnaligned(fromByteOffset: 8, as: Float.self) : 0)
    }

    /// The vectors in the direction of the numbers that are nearest to what was coded.
    package func decode(_ codes: UnsafePointer<UInt8>, count: Int, into vectors: UnsafeMutablePointer<Float>) {
        let signs = Buffer<Float>(repeating: 0, count: dimension)
        let fine = Buffer<Float>(repeating: 0, count: dimension)
        for i in 0..<count {
            let code = unpack(codes + i * codeByteCount, signs: signs.pointer, fine: fine.pointer)
            let numbers = bits > 1 ? fine.pointer : signs.pointer
            let factor = Double(bits > 1 ? code.fine_factor : code.factor)
            var square = 0.0
            for d in 0..<dimension { square += Double(numbers[d]) * Double(numbers[d]) }
            let scale = factor > 0 ? Float(Double(code.norm2) / factor / square) : 0
            for d in 0..<dimension { numbers[d] *= scale }
            back.apply(numbers, count: 1, into: vectors + i * dimension, kernels: .best)
        }
    }

    // MARK: - Blocks

    package func store(
        _ codes: UnsafePointer<UInt8>, count: Int, at position: Int, in blocks: UnsafeMutablePointer<UInt8>,
        centroid: UnsafePointer<Float>?, metric: Metric
    ) {
        let signs = Buffer<Float>(repeating: 0, count: dimension)
        let fine = Buffer<Float>(repeating: 0, count: dimension)
        let center = Buffer<Float>(repeating: 0, count: dimension)
        let nibbles = Buffer<UInt8>(repeating: 0, count: 8 * rows)
        if let centroid { rotation.apply(centroid, count: 1, into: center.pointer, kernels: .best) }
        func product(_ numbers: Buffer<Float>) -> Double {
            var sum = 0.0
            for d in 0..<dimension { sum += Double(numbers[d]) * Double(center[d]) }
            return sum
        }
        func term(_ norm2: Float, _ factor: Float, _ numbers: Buffer<Float>) -> Float {
            guard norm2 < 1e34 else { return .nan }
            guard metric == .l2 else { return 0 }
            let term = Double(norm2) + (centroid == nil ? 0 : 2 * Double(factor) * product(numbers))
            return abs(term) < 1e37 ? Float(term) : .nan
        }
        for i in 0..<count {
            let packed = codes + i * codeByteCount
            let (block, v) = (position + i).quotientAndRemainder(dividingBy: blockVectors)
            let bytes = blocks + block * blockByteCount
            let code = unpack(packed, signs: signs.pointer, fine: fine.pointer)
            akin_sq_unpack(4, packed, (dimension + 3) / 4, nibbles.pointer)
            akin_sq_put(4, nibbles.pointer, 8 * rows, v, bytes)
            let floats = UnsafeMutableRawPointer(bytes + termsOffset).assumingMemoryBound(to: Float.self)
            floats[v] = term(code.norm2, code.factor, signs)
            floats[32 + v] = code.factor
            floats[64 + v] = code.norm2
            guard bits > 1 else { continue }
            floats[96 + v] = term(code.norm2, code.fine_factor, fine)
            floats[128 + v] = code.fine_factor
            let lower = UnsafeMutableRawPointer(floats + 160).assumingMemoryBound(to: UInt8.self)
            (lower + v * fineByteCount).update(from: packed + (dimension + 7) / 8, count: fineByteCount)
        }
    }

    package func load(_ position: Int, in blocks: UnsafePointer<UInt8>, into code: UnsafeMutablePointer<UInt8>) {
        let (block, v) = position.quotientAndRemainder(dividingBy: blockVectors)
        let bytes = blocks + block * blockByteCount
        let signBytes = (dimension + 7) / 8
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 8 * rows) { nibbles in
            guard let nibbles = nibbles.baseAddress else { return }
            akin_sq_take(4, bytes, 8 * rows, v, nibbles)
            akin_sq_pack(4, nibbles, 2 * signBytes, code)
        }
        let floats = UnsafeRawPointer(bytes + termsOffset).assumingMemoryBound(to: Float.self)
        let tail = UnsafeMutableRawPointer(code + signBytes + fineByteCount)
        tail.storeBytes(of: floats[64 + v], toByteOffset: 0, as: Float.self)
        tail.storeBytes(of: floats[32 + v], toByteOffset: 4, as: Float.self)
        guard bits > 1 else { return }
        tail.storeBytes(of: floats[128 + v], toByteOffset: 8, as: Float.self)
        let lower = UnsafeRawPointer(floats + 160).assumingMemoryBound(to: UInt8.self)
        (code + signBytes).update(from: lower + v * fineByteCount, count: fineByteCount)
    }

    // MARK: - Queries

    package func scanner(
        _ queries: UnsafePointer<Float>, count: Int, metric: Metric, isBounded: Bool, kernels: Kernels
    ) -> any ListScanner {
        makeScanner(
            queries, count: count, metric: metric, isBounded: isBounded, boundsTrueKeys: false, kernels: kernels)
    }

    package func trueKeyScanner(
        _ queries: UnsafePointer<Float>, count: Int, metric: Metric, kernels: Kernels
    ) -> any ListScanner {
        makeScanner(queries, count: count, metric: metric, isBounded: true, boundsTrueKeys: true, kernels: kernels)
    }

    private func makeScanner(
        _ queries: UnsafePointer<Float>, count: Int, metric: Metric, isBounded: Bool, boundsTrueKeys: Bool,
        kernels: Kernels
    ) -> any ListScanner {
        let codes = kernels.codes
        guard let kernel = codes.scan_signs else { fatalError("every level scans signs") }
        let scanner = RaBitQScanner(
            self, queries: queries, count: count, metric: metric, isBounded: isBounded, kernels: kernels,
            kernel: kernel, rows: rows, termsOffset: termsOffset, bytesPerQuery: rows * 128,
            floatsPerQuery: dimension)
        scanner.shape.pointee.bits = UInt32(bits)
        scanner.shape.pointee.dimension = dimension
        scanner.shape.pointee.fine_bytes = fineByteCount
        scanner.shape.pointee.epsilon = Float(Self.confidence / Double(max(dimension - 1, 1)).squareRoot())
        scanner.shape.pointee.bounds_true = boundsTrueKeys
        scanner.shape.pointee.is_l2 = metric == .l2
        let m = signs.m, factor = productFactor(metric)
        let tables = Buffer<Float>(repeating: 0, count: 16 * m)
        let least = Buffer<Float>(repeating: 0, count: m), greatest = Buffer<Float>(repeating: 0, count: m)
        let padded = Buffer<Float>(repeating: 0, count: 4 * m)
        var books = signs.books
        for q in 0..<count {
            let x = scanner.floats.pointer + q * dimension
            rotation.apply(queries + q * dimension, count: 1, into: padded.pointer, kernels: kernels)
            var magnitude = 0.0
            for d in 0..<dimension {
                x[d] = factor * padded[d]
                magnitude += Double(abs(x[d]))
            }
            codes.pq_tables?(&books, padded.pointer, factor, tables.pointer, least.pointer, greatest.pointer)
            var inverse: Float = 0
            var query = akin_quantize_step(least.pointer, greatest.pointer, m, magnitude, 0x1p-20, &inverse)
            if !(magnitude < 1e17) { query.bias = .nan }
            // Half again of a millionth covers the rounding of the rotation.
            query.norm = Float(akin_code_length(queries + q * dimension, dimension)) * (1 + 0x1p-20)
            query.byte_slack = Float(akin_code_length(x, dimension) * Double(dimension + 64) * 0x1p-22)
            scanner.prepared[q] = query
            guard inverse > 0 else { continue }
            codes.pq_quantize?(
                tables.pointer, least.pointer, m, 16, inverse, scanner.bytes.pointer + q * rows * 128)
        }
        return scanner
    }

    /// Scales a product with the numbers of a place to what the key adds for it.
    fileprivate func parts(
        _ position: Int, in blocks: UnsafePointer<UInt8>, numbers: UnsafeMutablePointer<Float>
    ) -> (term: Double, factor: Double) {
        let (block, v) = position.quotientAndRemainder(dividingBy: blockVectors)
        let floats = UnsafeRawPointer(blocks + block * blockByteCount + termsOffset)
            .assumingMemoryBound(to: Float.self)
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: codeByteCount) { code in
            withUnsafeTemporaryAllocation(of: Float.self, capacity: dimension) { other in
                guard let code = code.baseAddress, let other = other.baseAddress else { return }
                load(position, in: blocks, into: code)
                _ =
                    bits > 1
                    ? unpack(code, signs: other, fine: numbers) : unpack(code, signs: numbers, fine: other)
            }
        }
        return bits > 1
            ? (Double(floats[96 + v]), Double(floats[128 + v])) : (Double(floats[v]), Double(floats[32 + v]))
    }
}

/// Queries prepared for signs; the key that decides is the estimate by all bits, in doubles.
private final class RaBitQScanner: CodeScanner {
    private lazy var zeros = Buffer<Float>(repeating: 0, count: codec.dimension)
    private lazy var numbers = Buffer<Float>(repeating: 0, count: codec.dimension)

    override func key(
        _ position: Int, in blocks: UnsafePointer<UInt8>, query: Int, centroid: UnsafePointer<Float>?
    ) -> Double {
        guard let codec = codec as? RaBitQCodec else { return .nan }
        let d = codec.dimension, x = queries + query * d
        let offset =
            metric == .l2 ? codes.key_l2(x, centroid, zeros.pointer, d) : codes.key_ip(x, centroid, zeros.pointer, d)
        let (term, factor) = codec.parts(position, in: blocks, numbers: numbers.pointer)
        return offset + term - factor * codes.key_ip(floats.pointer + query * d, nil, numbers.pointer, d)
    }
}
