internal import CAkinKernels

/// Queries prepared for product codes of 4 bits: keys come from codewords without packing codes first.
final class FastScanScanner: CodeScanner {
    override func decode(_ position: Int, in blocks: UnsafePointer<UInt8>, into vector: UnsafeMutablePointer<Float>) {
        guard let codec = codec as? FastScanCodec else { return }
        let (block, v) = position.quotientAndRemainder(dividingBy: AKIN_SMALL_BLOCK)
        codec.quantizer.codebooks.withUnsafeElements { words in
            akin_nibbles_decode(
                blocks + block * codec.blockByteCount, v, words.baseAddress, codec.quantizer.m, codec.quantizer.dsub,
                vector)
        }
    }
}

/// Queries prepared for product codes of up to 8 bits.
final class PQScanner: CodeScanner {
    override func decode(_ position: Int, in blocks: UnsafePointer<UInt8>, into vector: UnsafeMutablePointer<Float>) {
        guard let codec = codec as? PQCodec, codec.quantizer.nbits <= 8 else {
            return super.decode(position, in: blocks, into: vector)
        }
        let (block, v) = position.quotientAndRemainder(dividingBy: AKIN_LARGE_BLOCK)
        codec.quantizer.codebooks.withUnsafeElements { words in
            akin_bytes_decode(
                blocks + block * codec.blockByteCount, v, words.baseAddress, codec.quantizer.m, codec.quantizer.ksub,
                codec.quantizer.dsub, vector)
        }
    }
}
