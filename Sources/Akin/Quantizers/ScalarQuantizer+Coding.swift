internal import CAkinKernels

extension ScalarQuantizer {
    /// Codes `[count, dimension]` vectors into `[count, codeByteCount]`.
    ///
    /// - Throws: ``IndexError`` when the vectors have another dimension or are not finite.
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
    func encode(_ vectors: UnsafePointer<Float>, count: Int, into codes: UnsafeMutablePointer<UInt8>) {
        if kind.isFloat {
            let narrow = kind == .float16 ? narrowFP16 : akin_narrow_bf16
            for i in 0..<count * dimension {
                let word = narrow(vectors[i])
                codes[2 * i] = UInt8(truncatingIfNeeded: word)
                codes[2 * i + 1] = UInt8(word >> 8)
            }
            return
        }
        let numbers = Buffer<UInt8>(repeating: 0, count: dimension)
        withRanges { least, range in
            for i in 0..<count {
                akin_sq_encode(Int32(kind.bits), vectors + i * dimension, least, range, dimension, numbers.pointer)
                akin_sq_pack(Int32(kind.bits), numbers.pointer, dimension, codes + i * codeByteCount)
            }
        }
    }

    /// What packed codes stand for.
    func decode(_ codes: UnsafePointer<UInt8>, count: Int, into vectors: UnsafeMutablePointer<Float>) {
        if kind.isFloat {
            for i in 0..<count * dimension {
                let word = UInt16(codes[2 * i]) | UInt16(codes[2 * i + 1]) << 8
                vectors[i] = kind == .float16 ? Float(Float16(bitPattern: word)) : akin_widen_bf16(word)
            }
            return
        }
        let numbers = Buffer<UInt8>(repeating: 0, count: dimension)
        withRanges { least, range in
            for i in 0..<count {
                akin_sq_unpack(Int32(kind.bits), codes + i * codeByteCount, dimension, numbers.pointer)
                akin_sq_decode(Int32(kind.bits), numbers.pointer, least, range, dimension, vectors + i * dimension)
            }
        }
    }

    /// Lends the least values and the ranges.
    func withRanges(_ body: (_ least: UnsafePointer<Float>, _ range: UnsafePointer<Float>) -> Void) {
        ranges.withUnsafeElements { elements in
            guard let least = elements.baseAddress else { return }
            body(least, least + dimension)
        }
    }
}

/// The nearest 16-bit float, ties to even; what is too large becomes the largest that is finite.
private func narrowFP16(_ x: Float) -> UInt16 {
    let limit = Float(Float16.greatestFiniteMagnitude)
    return Float16(max(-limit, min(limit, x))).bitPattern
}
