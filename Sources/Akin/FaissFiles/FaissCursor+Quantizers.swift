extension FaissCursor {
    /// A scalar quantizer of the vectors that `header` is of.
    mutating func scalarQuantizer(_ header: FaissHeader) throws(FileError) -> FaissScalarQuantizer {
        let start = offset
        let number = try number(Int32.self, "the kind of scalar quantizer")
        guard let kind = FaissScalarQuantizer.Kind(rawValue: number) else {
            throw failure("scalar quantizer number \(number) is not supported", .unsupported, at: start)
        }
        let statistic = try int32("the range statistic", in: 0...3)
        let argument = try self.number(Float.self, "the range statistic's argument")
        let dimension = try size("the scalar quantizer's dimension")
        try check(
            dimension == header.dimension,
            "expected a scalar quantizer of dimension \(header.dimension), found \(dimension)")
        let codeSize = try size("the code size")
        let trained = try array(of: Float.self, "the scalar quantizer's ranges")
        let expected = kind.trainedCount(dimension: dimension)
        try check(
            trained.count == expected || (trained.count == 0 && !header.isTrained),
            "expected \(expected) numbers as the scalar quantizer's ranges, found \(trained.count)")
        let quantizer = FaissScalarQuantizer(
            kind, dimension: dimension, trained: trained, rangeStatistic: statistic, rangeArgument: argument)
        try check(
            codeSize == quantizer.codeSize, "expected codes of \(quantizer.codeSize) bytes, found \(codeSize)")
        return quantizer
    }

    /// A product quantizer of the vectors that `header` is of.
    mutating func productQuantizer(_ header: FaissHeader) throws(FileError) -> FaissProductQuantizer {
        let dimension = try size("the product quantizer's dimension")
        try check(
            dimension == header.dimension,
            "expected a product quantizer of dimension \(header.dimension), found \(dimension)")
        let m = try size("the number of subquantizers", in: 1...dimension)
        try check(dimension % m == 0, "a dimension of \(dimension) does not divide into \(m) parts")
        let nbits = try size("the bits per subquantizer", in: 1...24)
        // 2^20 components and 2^24 centroids cannot overflow.
        let centroids = try array(of: Float.self, expecting: dimension << nbits, "the codebooks")
        return FaissProductQuantizer(dimension: dimension, m: m, nbits: nbits, centroids: centroids)
    }
}
