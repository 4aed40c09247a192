/// An index as a Faiss file stores it: plain data, nested as the file nests it.
///
/// Reading gives this tree and checks every number in it against the others; whether Akin can search it is another
/// question. Writing a tree gives the bytes that Faiss writes for the same index.
package struct FaissIndex: Sendable, Equatable {
    /// What every index begins with.
    package var header: FaissHeader
    /// What it is beyond that.
    package var content: Content

    package init(_ header: FaissHeader, _ content: Content) {
        self.header = header
        self.content = content
    }

    /// The kinds of indexes that are read and written.
    package indirect enum Content: Sendable, Equatable {
        /// Vectors as they are, `[count, dimension]`.
        case flat(FaissArray<Float>)
        /// Codes of one scalar quantizer, `[count, code size]`.
        case scalar(FaissScalarQuantizer, codes: FaissArray<UInt8>)
        /// Codes of one product quantizer, `[count, code size]`.
        case product(FaissProductQuantizer, codes: FaissArray<UInt8>, FaissProductSearch)
        /// Codes of one product quantizer, interleaved in blocks for scanning in registers.
        case fastScan(FaissProductQuantizer, FaissFastScan, codes: FaissArray<UInt8>)
        /// Inverted lists.
        case ivf(FaissIVF)
        /// Another index and the caller's ids of its vectors; `reversible` for the form that finds vectors by id.
        case idMap(FaissIndex, ids: FaissArray<Int64>, reversible: Bool)
        /// Transforms, in the order of their application, and the index of what comes out of them.
        case preTransform([FaissTransform], FaissIndex)
        /// An index that nominates `kFactor` times k candidates and one that ranks them.
        case refine(FaissIndex, by: FaissIndex, kFactor: Float)
        /// A graph over the vectors of a flat or compressed index; some files leave those out.
        case hnsw(FaissGraph, storage: FaissIndex?)
    }
}

/// What every Faiss index begins with.
package struct FaissHeader: Sendable, Equatable {
    /// Components of each vector.
    package var dimension: Int
    /// Stored vectors.
    package var count: Int
    package var isTrained: Bool
    package var metric: FaissMetric
    /// The exponent of the metric `lp`; stored for every metric but the first two.
    package var metricArgument: Float

    /// The most vectors that are believed: 2^48.
    static let maximumCount = 1 << 48

    package init(
        dimension: Int, count: Int, isTrained: Bool = true, metric: FaissMetric, metricArgument: Float = 0
    ) {
        self.dimension = dimension
        self.count = count
        self.isTrained = isTrained
        self.metric = metric
        self.metricArgument = metricArgument
    }
}

/// Faiss's numbers for the ways of measuring nearness.
package enum FaissMetric: Int32, Sendable {
    case innerProduct = 0
    case l2, l1, linf, lp
    case canberra = 20
    case brayCurtis, jensenShannon, jaccard, nanEuclidean, gower

    /// The two that files name by the index's code and that need no argument.
    package var isCommon: Bool { rawValue <= 1 }
}

/// How Faiss would search plain codes of a product quantizer.
package struct FaissProductSearch: Sendable, Equatable {
    /// 0 for sums of table entries; others are polysemous or symmetric.
    package var type: Int32 = 0
    package var encodesSigns = false
    /// Threshold of the polysemous filter.
    package var hammingThreshold: Int32 = 0
}

/// Parameters of the blocks that fast scan stores codes in.
package struct FaissFastScan: Sendable, Equatable {
    /// Which of Faiss's implementations scans; 0 chooses.
    package var implementation: Int32 = 0
    /// Vectors in a block, a multiple of 32.
    package var blockCount: Int32 = 32
    /// Batching of queries, packed in hexadecimal digits; 0 chooses.
    package var queryBatch: Int = 0
}
