internal import CAkinKernels

extension ProductQuantizer {
    /// Codes as a device makes them, one number a byte or two of 4 bits, as ``encode(_:)`` packs them.
    ///
    /// - Parameters:
    ///   - words: `[count, perCode]`, lowest bits first; of 4 to 8 bits a number.
    ///   - perCode: words of a code.
    /// - Returns: `[count, codeByteCount]`.
    package func packed(_ words: [UInt32], perCode: Int) -> [UInt8] {
        let count = words.count / perCode, bytes = codeByteCount
        return Array(unsafeUninitializedCapacity: count * bytes) { to, filled in
            words.withUnsafeBytes { from in
                withUnsafeTemporaryAllocation(of: UInt16.self, capacity: m) { numbers in
                    guard let to = to.baseAddress, let numbers = numbers.baseAddress else { return }
                    for i in 0..<count {
                        let code = from[i * perCode * 4..<(i + 1) * perCode * 4], target = to + i * bytes
                        if nbits == 8 || nbits == 4 {
                            for (j, byte) in code.prefix(bytes).enumerated() { target[j] = byte }
                        } else {
                            for (s, byte) in code.prefix(m).enumerated() { numbers[s] = UInt16(byte) }
                            akin_pq_pack(numbers, m, UInt32(nbits), target)
                        }
                    }
                }
            }
            filled = count * bytes
        }
    }

    /// Codes `[count, dimension]` vectors into `[count, codeByteCount]`.
    ///
    /// Of equally near codewords the one of the smallest number is taken.
    ///
    /// - Throws: ``IndexError`` when the vectors have another dimension or are not finite.
    /// - Complexity: O(`count` · `dimension` · `ksub`).
    public func encode(_ vectors: Matrix<Float>) throws(IndexError) -> Matrix<UInt8> {
        guard vectors.columns == dimension else {
            throw .dimensionMismatch(expected: dimension, actual: vectors.columns)
        }
        try checkFinite(vectors)
        return Matrix(rows: vectors.rows, columns: codeByteCount) { codes in
            vectors.withUnsafeElements { x in
                guard let x = x.baseAddress, let codes = codes.baseAddress else { return }
                encode(x, count: vectors.rows, into: codes)
            }
        }
    }

    /// The vectors that codes stand for, `[count, dimension]`.
    ///
    /// - Throws: ``IndexError`` when codes have another length.
    public func decode(_ codes: Matrix<UInt8>) throws(IndexError) -> Matrix<Float> {
        guard codes.columns == codeByteCount else {
            throw .dimensionMismatch(expected: codeByteCount, actual: codes.columns)
        }
        return Matrix(rows: codes.rows, columns: dimension) { vectors in
            codes.withUnsafeElements { bytes in
                guard let x = vectors.baseAddress, let bytes = bytes.baseAddress else { return }
                decode(bytes, count: codes.rows, into: x)
            }
        }
    }

    /// Codes finite vectors into packed codes.
    func encode(
        _ vectors: UnsafePointer<Float>, count: Int, into codes: UnsafeMutablePointer<UInt8>,
        kernels: Kernels = .best
    ) {
        let batch = 256
        let numbers = Buffer<UInt16>(repeating: 0, count: min(batch, count) * m)
        var books = table.books
        let encode = kernels.codes.pq_encode
        for first in stride(from: 0, to: count, by: batch) {
            let some = min(batch, count - first)
            encode?(&books, vectors + first * dimension, some, numbers.pointer)
            for i in 0..<some {
                akin_pq_pack(numbers.pointer + i * m, m, UInt32(nbits), codes + (first + i) * codeByteCount)
            }
        }
    }

    /// What packed codes stand for.
    func decode(_ codes: UnsafePointer<UInt8>, count: Int, into vectors: UnsafeMutablePointer<Float>) {
        let m = m, ksub = ksub, dsub = dsub
        withUnsafeTemporaryAllocation(of: UInt16.self, capacity: m) { numbers in
            codebooks.withUnsafeElements { words in
                guard let numbers = numbers.baseAddress, let words = words.baseAddress else { return }
                for i in 0..<count {
                    akin_pq_unpack(codes + i * codeByteCount, m, UInt32(nbits), numbers)
                    var x = vectors + i * dimension
                    for s in 0..<m {
                        let word = words + (s * ksub + Int(numbers[s])) * dsub
                        for d in 0..<dsub { x[d] = word[d] }
                        x += dsub
                    }
                }
            }
        }
    }
}
