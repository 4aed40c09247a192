/// The order of 4-bit codes in Faiss's fast scan.
///
/// A block holds `blockCount` vectors. For each pair of subquantizers it has 32 bytes per 32 vectors: 16 for the even
/// one, 16 for the odd one. A byte holds the codes of vectors v (low bits) and v + 16 (high bits); bytes go through v as
/// 0, 8, 1, 9, ..., 7, 15.
package struct FaissBlocks {
    /// Subquantizers.
    package let m: Int
    /// Vectors in a block, a multiple of 32.
    package let blockCount: Int

    package init(m: Int, blockCount: Int) {
        self.m = m
        self.blockCount = blockCount
    }

    /// Bytes of a packed code: two subquantizers a byte, the even one in the low bits.
    package var codeByteCount: Int { (m + 1) / 2 }
    /// Bytes of a block.
    package var blockByteCount: Int { codeByteCount * blockCount }

    /// Bytes of the blocks that hold `count` vectors.
    package func byteCount(_ count: Int) -> Int { (count + blockCount - 1) / blockCount * blockByteCount }

    /// Takes the packed codes of some vectors, `[range.count, codeByteCount]`, out of blocks.
    package func unpack(_ blocks: UnsafeRawBufferPointer, _ range: Range<Int>, into codes: UnsafeMutablePointer<UInt8>)
    {
        precondition(range.lowerBound >= 0 && blocks.count >= byteCount(range.upperBound))
        for i in 0..<range.count {
            let (byte, shift) = place(of: range.lowerBound + i)
            for pair in 0..<codeByteCount {
                let start = byte + pair * blockCount
                let low = blocks[start] >> shift & 15, high = blocks[start + 16] >> shift & 15
                codes[i * codeByteCount + pair] = low | high << 4
            }
        }
    }

    /// Puts packed codes into blocks, which are zero before.
    package func pack(_ codes: UnsafePointer<UInt8>, count: Int, into blocks: UnsafeMutableRawBufferPointer) {
        precondition(blocks.count >= byteCount(count))
        for i in 0..<count {
            let (byte, shift) = place(of: i)
            for pair in 0..<codeByteCount {
                let start = byte + pair * blockCount
                let code = codes[i * codeByteCount + pair]
                blocks[start] |= (code & 15) << shift
                blocks[start + 16] |= (code >> 4) << shift
            }
        }
    }

    /// Where the code of a vector's first subquantizer is: byte and bit.
    @inline(__always)
    private func place(of vector: Int) -> (byte: Int, shift: UInt8) {
        let inBlock = vector % blockCount, lane = inBlock % 32, v = lane % 16
        let byte = vector / blockCount * blockByteCount + inBlock / 32 * 32 + (v < 8 ? 2 * v : 2 * (v - 8) + 1)
        return (byte, lane < 16 ? 0 : 4)
    }
}
