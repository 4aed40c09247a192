extension FaissIndex {
    /// Reads the index that a Faiss file holds; its arrays stay in the file, which is mapped.
    ///
    /// - Parameter path: the file.
    /// - Throws: ``FileError`` for a file that cannot be read, is cut short or contradicts itself, and for an index of
    ///   a kind that is not supported, which is named.
    /// - Complexity: the time to read the file's headers, and the links of graphs; memory in proportion to the number
    ///   of lists that are not empty.
    package init(path: String) throws(FileError) {
        try self.init(MappedFile(path: path), path: path)
    }

    /// Reads an index from bytes that are in memory or mapped; `path` is for messages.
    package init(_ storage: any MatrixStorage, path: String) throws(FileError) {
        var cursor = FaissCursor(storage, path: path)
        guard let index = try cursor.index("the code of the index") else {
            throw cursor.failure("expected an index, found 'null'", .mismatch, at: 0)
        }
        guard cursor.remaining == 0 else {
            throw cursor.failure("the index ends here, but \(cursor.remaining) bytes follow")
        }
        self = index
    }

    /// Whether the first bytes are those of an index that Faiss writes.
    package static func recognizes(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count >= 4 else { return false }
        let code = FaissCode(number: bytes.loadUnaligned(as: UInt32.self))
        return FaissCode.indexes.contains(code) || FaissCode.unsupportedIndexes[code] != nil
    }
}

extension FaissCursor {
    /// An index with all that it contains; `nil` where the file says that there is none.
    mutating func index(_ what: String) throws(FileError) -> FaissIndex? {
        let start = offset
        let code = try code(what)
        if code == "null" { return nil }
        guard FaissCode.indexes.contains(code) else {
            if let name = FaissCode.unsupportedIndexes[code] {
                throw failure("a Faiss index of kind \(code) (\(name)) is not supported", .unsupported, at: start)
            }
            throw failure(
                "expected \(what), found \(code), which is no index that Faiss is known to write", .unknownFormat,
                at: start)
        }
        try enter(code)
        let header = try header()
        let content = try content(code, header)
        leave()
        return FaissIndex(header, content)
    }

    /// An index where there must be one.
    private mutating func presentIndex(_ what: String) throws(FileError) -> FaissIndex {
        let start = offset
        guard let found = try index(what) else { throw failure("expected \(what), found 'null'", at: start) }
        return found
    }

    private mutating func header() throws(FileError) -> FaissHeader {
        let dimension = Int(try int32("the dimension", in: 1...1 << 20))
        let count = try size("the number of vectors", in: 0...FaissHeader.maximumCount)
        // Two numbers that mean nothing any more.
        try skip(16, "the reserved part of the header")
        let isTrained = try flag("whether the index is trained")
        let start = offset
        let number = try number(Int32.self, "the metric")
        guard let metric = FaissMetric(rawValue: number) else {
            throw failure("expected the number of a metric, found \(number)", at: start)
        }
        let argument = metric.isCommon ? 0 : try self.number(Float.self, "the metric's argument")
        return FaissHeader(
            dimension: dimension, count: count, isTrained: isTrained, metric: metric, metricArgument: argument)
    }

    private mutating func content(
        _ code: FaissCode, _ header: FaissHeader
    ) throws(FileError) -> FaissIndex.Content {
        switch code {
        case "IxFI", "IxF2", "IxFl": try flat(code, header)
        case "IxSQ": try scalar(header)
        case "IxPQ", "IxPo", "IxPq": try product(code, header)
        case "IPfs": try fastScan(header)
        case "IwFl", "IwSQ", "IwSq", "IwPQ", "IwPf": .ivf(try ivf(code, header))
        case "IxMp", "IxM2": try idMap(code, header)
        case "IxPT": try preTransform(header)
        case "IxRF": try refine(header)
        case "IHNf", "IHNp", "IHNs", "IH00": try hnsw(code, header)
        default: throw failure("\(code) is not read", .unsupported)
        }
    }

    // MARK: - Vectors and codes

    private mutating func flat(_ code: FaissCode, _ header: FaissHeader) throws(FileError) -> FaissIndex.Content {
        let expected: FaissCode =
            switch header.metric {
            case .innerProduct: "IxFI"
            case .l2: "IxF2"
            default: "IxFl"
            }
        try check(code == expected, "a flat index of kind \(code) has metric \(header.metric)")
        return .flat(
            try array(of: Float.self, expecting: checkedProduct(header.count, header.dimension), "the vectors"))
    }

    private mutating func scalar(_ header: FaissHeader) throws(FileError) -> FaissIndex.Content {
        let quantizer = try scalarQuantizer(header)
        let codes = try array(
            of: UInt8.self, expecting: checkedProduct(header.count, quantizer.codeSize), "the codes")
        return .scalar(quantizer, codes: codes)
    }

    private mutating func product(_ code: FaissCode, _ header: FaissHeader) throws(FileError) -> FaissIndex.Content {
        let quantizer = try productQuantizer(header)
        let codes = try array(
            of: UInt8.self, expecting: checkedProduct(header.count, quantizer.codeSize), "the codes")
        var search = FaissProductSearch()
        if code != "IxPQ" {
            search.type = try int32("the search type", in: 0...5)
            search.encodesSigns = try flag("whether signs are encoded")
            search.hammingThreshold = try int32("the Hamming threshold")
        }
        return .product(quantizer, codes: codes, search)
    }

    private mutating func fastScan(_ header: FaissHeader) throws(FileError) -> FaissIndex.Content {
        let quantizer = try productQuantizer(header)
        try check(quantizer.nbits == 4, "expected 4 bits per code for fast scan, found \(quantizer.nbits)")
        var scan = FaissFastScan()
        scan.implementation = try int32("the implementation")
        scan.blockCount = try blockCount()
        scan.queryBatch = Int(try int32("the query batch", in: 0...Int32.max))
        let padded = try size("the padded number of vectors")
        let block = Int(scan.blockCount)
        let expected = header.count / block * block + (header.count % block == 0 ? 0 : block)
        try check(padded == expected, "expected room for \(expected) vectors, found \(padded)")
        let subquantizers = try size("the padded number of subquantizers")
        try check(
            subquantizers == quantizer.m + quantizer.m % 2,
            "expected \(quantizer.m) subquantizers in pairs, found \(subquantizers)")
        let codes = try array(of: UInt8.self, expecting: checkedProduct(padded, subquantizers / 2), "the codes")
        return .fastScan(quantizer, scan, codes: codes)
    }

    /// The number of vectors in a block of fast scan.
    mutating func blockCount() throws(FileError) -> Int32 {
        let count = try int32("the number of vectors in a block", in: 32...1 << 20)
        try check(count % 32 == 0, "expected a multiple of 32 vectors in a block, found \(count)")
        return count
    }

    // MARK: - Indexes around others

    private mutating func idMap(_ code: FaissCode, _ header: FaissHeader) throws(FileError) -> FaissIndex.Content {
        let inner = try presentIndex("the index behind the id map")
        try check(inner, agreesWith: header, "the id map")
        let ids = try array(of: Int64.self, expecting: header.count, "the ids")
        return .idMap(inner, ids: ids, reversible: code == "IxM2")
    }

    private mutating func preTransform(_ header: FaissHeader) throws(FileError) -> FaissIndex.Content {
        let count = try int32("the number of transforms", in: 0...Int32.max)
        var transforms: [FaissTransform] = []
        var dimension = header.dimension
        for i in 0..<Int(count) {
            let transform = try transform()
            try check(
                transform.inputDimension == dimension,
                "transform \(i) takes vectors of dimension \(transform.inputDimension), gets \(dimension)")
            dimension = transform.outputDimension
            transforms.append(transform)
        }
        let inner = try presentIndex("the index behind the transforms")
        try check(
            inner.header.dimension == dimension,
            "the index has dimension \(inner.header.dimension), the transforms before it give \(dimension)")
        try check(
            inner.header.count == header.count,
            "expected \(header.count) vectors behind the transforms, found \(inner.header.count)")
        return .preTransform(transforms, inner)
    }

    private mutating func refine(_ header: FaissHeader) throws(FileError) -> FaissIndex.Content {
        let base = try presentIndex("the index that nominates")
        try check(base, agreesWith: header, "the refinement")
        let ranking = try presentIndex("the index that ranks")
        try check(ranking, agreesWith: header, "the refinement")
        let factor = try number(Float.self, "the factor of k")
        try check(factor >= 1 && factor <= 1000, "expected a factor of k in 1...1000, found \(factor)")
        return .refine(base, by: ranking, kFactor: factor)
    }

    private mutating func hnsw(_ code: FaissCode, _ header: FaissHeader) throws(FileError) -> FaissIndex.Content {
        let graph = try graph(code, header)
        let stored = try index("the index behind the graph")
        if let stored {
            try check(stored, agreesWith: header, "the graph")
            let kind: FaissGraph.Storage? =
                switch stored.content {
                case .flat: .flat
                case .product: .product
                case .scalar: .scalar
                default: nil
                }
            let expected = graph.storageKind
            try check(
                expected == .other || kind == expected,
                "the vectors of a graph of kind \(code) are stored as another index than it says")
        }
        return .hnsw(graph, storage: stored)
    }

    private func check(
        _ index: FaissIndex, agreesWith header: FaissHeader, _ what: String
    ) throws(FileError) {
        try check(
            index.header.dimension == header.dimension && index.header.count == header.count,
            "\(what) is of \(header.count) vectors of dimension \(header.dimension), the index in it of "
                + "\(index.header.count) of dimension \(index.header.dimension)")
    }
}
