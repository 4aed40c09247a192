internal import CAkinKernels

/// Codewords as kernels read them: `[m][dsub][ksub]`, one component of all codewords together.
final class CodewordTable: Sendable {
    let m, ksub, dsub: Int
    /// Bounds the sum over parts of |x part| |codeword| for every choice of codewords, per unit of |x|.
    let radius: Double
    private let codewords: Buffer<Float>

    /// Transposes `[m * ksub, dsub]` codewords; ksub is a multiple of 16.
    init(_ codebooks: Matrix<Float>, m: Int) {
        let ksub = codebooks.rows / m, dsub = codebooks.columns
        let codewords = Buffer<Float>(repeating: 0, count: m * ksub * dsub)
        var square = 0.0
        codebooks.withUnsafeElements { from in
            for s in 0..<m {
                var largest = 0.0
                for k in 0..<ksub {
                    var norm = 0.0
                    for d in 0..<dsub {
                        let component = from[(s * ksub + k) * dsub + d]
                        codewords[(s * dsub + d) * ksub + k] = component
                        norm += Double(component) * Double(component)
                    }
                    largest = max(largest, norm)
                }
                square += largest
            }
        }
        self.m = m
        self.ksub = ksub
        self.dsub = dsub
        self.codewords = codewords
        radius = square.squareRoot()
    }

    /// What kernels take; valid as long as this object.
    var books: akin_codebooks { akin_codebooks(codewords: codewords.pointer, m: m, dsub: dsub, ksub: ksub) }
}
