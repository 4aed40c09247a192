extension IVFIndex {
    /// The tree that Faiss would have for this index, with the same codes; `path` is for messages.
    ///
    /// Lists are packed one at a time when the tree is written; codes without lists and second codes are copied. Cosine
    /// becomes a normalisation followed by the inner product.
    ///
    /// - Throws: ``FileError`` for what has no counterpart in Faiss: negative ids, RaBitQ, cosine with a refinement of
    ///   codes.
    package func faissIndex(path: String, threads: Int? = nil) throws(FileError) -> FaissIndex {
        let numbers = try FaissNumbers(self, path: path)
        var index = try faissCore(numbers, path: path)
        let chain = try faissTransforms(path: path)
        if let refinement {
            let ranking = try faissRanking(refinement, numbers, path: path, threads: threads ?? availableCores())
            index = index.behind(chain)
            let factor = Float(min(max(defaults.refineFactor, 1), 1000))
            index = FaissIndex(ranking.header, .refine(index, by: ranking, kFactor: factor))
            if metric == .cosine { index = index.behind([.unitNormalization(dimension)]) }
        } else {
            index = index.behind((metric == .cosine ? [.unitNormalization(dimension)] : []) + chain)
        }
        guard let ids = numbers.idsOfRows else { return index }
        return try index.behind(ids, path: path)
    }

    // MARK: - Parts

    private func faissTransforms(path: String) throws(FileError) -> [FaissTransform] {
        var chain: [FaissTransform] = []
        for transform in transforms.transforms { chain.append(try FaissTransform(transform, path: path)) }
        return chain
    }

    private func header(_ dimension: Int) -> FaissHeader {
        FaissHeader(dimension: dimension, count: count, metric: codedMetric == .l2 ? .l2 : .innerProduct)
    }

    private func faissCore(_ numbers: FaissNumbers, path: String) throws(FileError) -> FaissIndex {
        let header = header(codec.dimension)
        let faiss = try FaissCodec(codec, path: path)
        guard let coarse else {
            let codes = FaissListPacker(self, faiss, [.init(list: 0, count: count)], numbers).codes(0)
            return FaissIndex(header, Self.content(faiss, codes))
        }
        let entries = (0..<nlist).compactMap { list in
            lists.size(of: list) > 0 ? FaissLists.Entry(list: list, count: lists.size(of: list)) : nil
        }
        let packer = FaissListPacker(self, faiss, entries, numbers)
        let stored = FaissLists(
            nlist: nlist, codeSize: codec.codeByteCount, layout: packer.layout, entries: entries, source: packer)
        let quantizerHeader = FaissHeader(dimension: header.dimension, count: nlist, metric: header.metric)
        var quantizer = FaissIndex(quantizerHeader, .flat(FaissArray(coarse.centroids)))
        if let graph = coarse.graph {
            var links = graph.index.faissGraph
            links.efSearch = Int32(clamping: CoarseGraph.breadth(nprobe: defaults.nprobe))
            quantizer = FaissIndex(quantizerHeader, .hnsw(links, storage: quantizer))
        }
        return FaissIndex(
            header,
            .ivf(
                FaissIVF(
                    nlist: nlist, nprobe: defaults.nprobe, quantizer: quantizer, directMap: .none,
                    codec: faiss.inLists(byResidual: isResidual), lists: stored)))
    }

    /// The second codes in the order of their numbers.
    private func faissRanking(
        _ refinement: Refinement, _ numbers: FaissNumbers, path: String, threads: Int
    ) throws(FileError) -> FaissIndex {
        let size = lists.shape.refinedByteCount
        guard metric != .cosine || refinement.codec is FlatCodec else {
            throw FileError(
                .unsupported, path: path,
                "Faiss has no cosine, and \(refinement.specification) of vectors that are not of length one cannot be "
                    + "expressed")
        }
        let codes = Matrix<UInt8>(rows: count, columns: size) { target in
            guard let target = target.baseAddress else { return }
            for list in 0..<nlist {
                let view = lists.view(list)
                for i in 0..<view.count {
                    let row = numbers.label(view.ids[i], at: lists.starts[list] + i)
                    (target + Int(row) * size).update(from: view.refined + i * size, count: size)
                }
            }
        }
        let faiss = try FaissCodec(refinement.codec, path: path)
        guard metric == .cosine else {
            return FaissIndex(header(dimension), Self.content(faiss, FaissArray(codes)))
        }
        let vectors = codes.withUnsafeElements { bytes in
            Matrix<Float>(rows: count, columns: dimension) { elements in
                UnsafeMutableRawBufferPointer(elements).copyMemory(from: UnsafeRawBufferPointer(bytes))
            }
        }
        let unit = UnitVectors.make(vectors, threads: threads)
        return FaissIndex(header(dimension), .flat(FaissArray(unit)))
    }

    /// An index of codes without lists.
    private static func content(_ codec: FaissCodec, _ codes: FaissArray<UInt8>) -> FaissIndex.Content {
        switch codec {
        case .flat: .flat(codes.viewed(as: Float.self))
        case .scalar(let quantizer): .scalar(quantizer, codes: codes)
        case .product(let quantizer): .product(quantizer, codes: codes, FaissProductSearch())
        case .fastScan(let quantizer, _): .fastScan(quantizer, FaissFastScan(), codes: codes)
        }
    }
}

/// The numbers that vectors have within a Faiss file.
///
/// With lists and no refinement they are the ids themselves. A refinement is asked by row number, and a core without
/// lists has nothing else: an id map around it then gives the ids.
struct FaissNumbers: Sendable {
    /// What row numbers stand for; `nil` where numbers are ids.
    let idsOfRows: [Int64]?
    private let order: Order

    private enum Order: Sendable {
        /// The id.
        case ids
        /// The place when all lists are counted through.
        case places
        /// The rank of the id among all.
        case ranks([Int64])
    }

    init(_ index: IVFIndex, path: String) throws(FileError) {
        var ids: [Int64] = []
        ids.reserveCapacity(index.count)
        for list in 0..<index.nlist {
            let view = index.lists.view(list)
            ids.append(contentsOf: UnsafeBufferPointer(start: view.ids, count: view.count))
        }
        try FaissIndex.check(ids, path: path)
        let areRows = (ids.max() ?? -1) == ids.count - 1
        if index.coarse == nil {
            let ascend = areRows && ids.indices.allSatisfy { ids[$0] == $0 }
            idsOfRows = ascend ? nil : ids
            order = .places
        } else if index.refinement == nil || areRows {
            idsOfRows = nil
            order = .ids
        } else {
            ids.sort()
            idsOfRows = ids
            order = .ranks(ids)
        }
    }

    /// The number of a vector, given its id and its place when all lists are counted through.
    func label(_ id: Int64, at place: Int) -> Int64 {
        switch order {
        case .ids: return id
        case .places: return Int64(place)
        case .ranks(let ids):
            var low = 0, high = ids.count
            while low < high {
                let middle = (low + high) / 2
                if ids[middle] < id { low = middle + 1 } else { high = middle }
            }
            return Int64(low)
        }
    }
}

/// Packs the codes of an index list by list.
final class FaissListPacker: FaissListSource {
    private let index: IVFIndex
    private let entries: [FaissLists.Entry]
    private let numbers: FaissNumbers
    private let blocks: FaissBlocks?

    init(_ index: IVFIndex, _ codec: FaissCodec, _ entries: [FaissLists.Entry], _ numbers: FaissNumbers) {
        self.index = index
        self.entries = entries
        self.numbers = numbers
        if case .fastScan(let quantizer, _) = codec {
            blocks = FaissBlocks(m: quantizer.m, blockCount: 32)
        } else {
            blocks = nil
        }
    }

    var layout: FaissLists.Layout {
        blocks.map { .blocks(count: $0.blockCount, byteCount: $0.blockByteCount) } ?? .plain
    }

    func codes(_ i: Int) -> FaissArray<UInt8> {
        let entry = entries[i], codec = index.codec, size = codec.codeByteCount
        let packed = Matrix<UInt8>(rows: entry.count, columns: size) { codes in
            guard let codes = codes.baseAddress else { return }
            let view = index.lists.view(entry.list)
            for j in 0..<entry.count { codec.load(j, in: view.blocks, into: codes + j * size) }
        }
        guard let blocks else { return FaissArray(packed) }
        let interleaved = Matrix<UInt8>(rows: 1, columns: blocks.byteCount(entry.count)) { target in
            packed.withUnsafeElements { codes in
                guard let codes = codes.baseAddress else { return }
                blocks.pack(codes, count: entry.count, into: UnsafeMutableRawBufferPointer(target))
            }
        }
        return FaissArray(interleaved)
    }

    func ids(_ i: Int) -> FaissArray<Int64> {
        let entry = entries[i], first = index.lists.starts[entry.list]
        let view = index.lists.view(entry.list)
        return FaissArray((0..<entry.count).map { numbers.label(view.ids[$0], at: first + $0) })
    }
}
