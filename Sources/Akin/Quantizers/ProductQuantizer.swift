/// Codes parts of a vector by the number of the nearest of some codewords.
///
/// A vector of `dimension` components is cut into `m` parts of `dsub`; each part has its own codebook of
/// `ksub = 2^nbits` codewords. Distances to a query come from a table of `[m, ksub]` products ([Jégou 2011][pq]).
///
/// [pq]: https://doi.org/10.1109/TPAMI.2010.57
public struct ProductQuantizer: Sendable {
    /// What is stored beside the codebooks.
    public struct Parameters: Sendable, Codable, Equatable {
        /// Components of a vector, a multiple of ``m``.
        public var dimension: Int
        /// Parts of a vector, 1...4096.
        public var m: Int
        /// Bits of the number of a codeword, 4...12.
        public var nbits: Int

        /// Describes a quantizer.
        public init(dimension: Int, m: Int, nbits: Int) {
            self.dimension = dimension
            self.m = m
            self.nbits = nbits
        }

        /// Codewords of a part.
        public var ksub: Int { 1 << nbits }
        /// Components of a part.
        public var dsub: Int { dimension / m }

        /// Throws when a number is out of range.
        func check() throws(IndexError) {
            try checkRange("dimension", dimension, 1...65_536)
            try checkRange("m", m, 1...min(4096, dimension))
            try checkRange("nbits", nbits, 4...12)
            // The remainder says how far the dimension is from a multiple of m.
            try checkRange("dimension modulo m", dimension % m, 0...0)
        }
    }

    /// The numbers that shape the quantizer.
    public let parameters: Parameters
    /// `[m * ksub, dsub]`: the codewords of the first part, then those of the next.
    public let codebooks: Matrix<Float>
    /// The codewords for kernels.
    let table: CodewordTable

    /// Components of a vector.
    public var dimension: Int { parameters.dimension }
    /// Parts of a vector.
    public var m: Int { parameters.m }
    /// Bits of the number of a codeword.
    public var nbits: Int { parameters.nbits }
    /// Codewords of a part.
    public var ksub: Int { parameters.ksub }
    /// Components of a part.
    public var dsub: Int { parameters.dsub }
    /// Bytes of the code of one vector: `m` numbers of `nbits` bits, lowest bits first.
    public var codeByteCount: Int { (m * nbits + 7) / 8 }

    /// Makes a quantizer from its stored parts.
    ///
    /// - Throws: ``IndexError`` when a number is out of range, or the codebooks have another shape or are not finite.
    public init(_ parameters: Parameters, codebooks: Matrix<Float>) throws(IndexError) {
        try parameters.check()
        try checkRange("codewords", codebooks.rows, parameters.m * parameters.ksub...parameters.m * parameters.ksub)
        guard codebooks.columns == parameters.dsub else {
            throw .dimensionMismatch(expected: parameters.dsub, actual: codebooks.columns)
        }
        try checkFinite(codebooks)
        self.parameters = parameters
        self.codebooks = codebooks
        table = CodewordTable(codebooks, m: parameters.m)
    }
}
