/// The bytes that codes of a kind take in inverted lists, before there is a codec.
package struct CodeLayout: Sendable, Equatable {
    /// Bytes of the code of one vector by itself.
    package var codeByteCount: Int
    /// Vectors in a block; the last block of a list is padded.
    package var blockVectors: Int
    /// Bytes of a block, what is kept beside the codes included.
    package var blockByteCount: Int
    /// Bytes of what training finds: codebooks, ranges.
    package var tableByteCount: Int

    /// Lays out codes.
    ///
    /// - Parameters:
    ///   - codec: the kind of codes.
    ///   - dimension: of what is coded.
    ///   - metric: L2, or inner product for all others.
    package init(_ codec: IndexSpec.Codec, dimension: Int, metric: Metric) {
        codeByteCount = codec.codeSize(dimension: dimension)
        switch codec {
        case .flat:
            // Inner products are bounded with the length of each row.
            (blockVectors, blockByteCount) = (1, 4 * (metric == .l2 ? dimension : dimension + 1))
            tableByteCount = 0
        case .scalar(let type):
            let small = 32
            let rows =
                switch type {
                case .bits8: (dimension + 3) / 4
                case .bits4: (dimension + 7) / 8
                case .bits6: (dimension + 15) / 16 * 3
                case .float16, .bfloat16: (dimension + 1) / 2
                }
            // 16-bit floats are not padded, and have norms beside the terms.
            let isFloat = type == .float16 || type == .bfloat16
            let codes = isFloat ? 2 * small * dimension : 4 * small * rows
            (blockVectors, blockByteCount) = (small, codes + small * (isFloat ? 8 : 4))
            tableByteCount = isFloat ? 0 : 2 * dimension * 4
        case .product(let m, let bits):
            let large = 64
            (blockVectors, blockByteCount) = (large, large * (m * (bits > 8 ? 2 : 1) + 4))
            tableByteCount = (4 << bits) * dimension
        case .fastScan(let m, _):
            let small = 32
            (blockVectors, blockByteCount) = (small, (m + 7) / 8 * 4 * small + 4 * small)
            tableByteCount = (4 << 4) * dimension
        case .rabit(let bits):
            let small = 32
            let fine = bits > 1 ? 20 + ((bits - 1) * dimension + 7) / 8 : 12
            (blockVectors, blockByteCount) = (small, small * ((dimension + 31) / 32 * 4 + fine))
            tableByteCount = 0
        }
    }

    /// Bytes of `count` vectors in `nlist` lists; the lists' last blocks are half full on average.
    func byteCount(count: Int, nlist: Int) -> Int {
        let padded = Double(count) + Double(min(nlist, count)) * Double(blockVectors - 1) / 2
        let blocks = nlist == 1 ? Double((count + blockVectors - 1) / blockVectors) : padded / Double(blockVectors)
        return Int(blocks * Double(blockByteCount))
    }
}
