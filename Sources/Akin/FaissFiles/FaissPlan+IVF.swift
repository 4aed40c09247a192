internal import Synchronization

extension FaissPlan {
    /// Codes that are in memory of their own at a time.
    private static let step = 4096

    /// The index with lists that the plan describes; what has no lists becomes one.
    func ivfIndex(threads: Int, monitor: ProgressMonitor) throws -> IVFIndex {
        let source = try listSource()
        let coded = core.header.dimension
        let codec = try listCodec(source.codec, dimension: coded)
        let fine = try refinement.map { try refinedCodes($0) }
        let chain = try transformChain()
        let coarse = try coarse()
        let spec = IndexSpec(
            transforms: zip(transforms, chain.transforms).map { $0.specification(before: codec.specification, $1) },
            core: .partitioned(coarse.map(\.partition), codec.specification),
            refinement: fine.map { $0.codec is FlatCodec ? .flat : .codec($0.codec.specification) })
        do {
            try spec.validate(dimension: header.dimension)
        } catch {
            throw unsupported("an index like this Faiss index cannot be made: \(error)")
        }
        var index = IVFIndex(
            spec, dimension: header.dimension, metric: metric, transforms: chain, coarse: coarse,
            isResidual: source.isResidual, codec: codec, refinement: fine.map { Refinement(codec: $0.codec) })
        guard header.count <= IVFIndex.maximumCount else {
            throw unsupported("\(header.count) vectors are more than the \(IVFIndex.maximumCount) that an index holds")
        }
        if let nprobe = source.nprobe { index.defaults.nprobe = min(max(nprobe, 1), source.lists.nlist) }
        if fine != nil { index.defaults.refineFactor = Double(refineFactor) }

        let ids = try checkedIDs(source.lists)
        let targets = source.lists.entries.map { index.lists.unique($0.list, capacity: $0.count) }
        let progress = ListProgress(monitor, total: targets.count)
        let whole = index
        try parallelFor(threads: threads, count: targets.count) { i in
            let entry = source.lists.entries[i], target = targets[i]
            for first in stride(from: 0, to: entry.count, by: Self.step) {
                let range = first..<min(first + Self.step, entry.count)
                let codes = source.packedCodes(i, range)
                try checkFinite(codes, count: range.count, codec)
                whole.withCentroid(of: entry.list) { centroid in
                    codec.store(
                        codes.pointer, count: range.count, at: first, in: target.blocks, centroid: centroid,
                        metric: whole.codedMetric)
                }
            }
            let labels = source.lists.ids(i)
            for j in 0..<entry.count {
                let (id, row) = try id(of: labels[j])
                target.ids[j] = id
                guard let fine else { continue }
                fine.codes[row * fine.size..<(row + 1) * fine.size].withBytes { bytes in
                    UnsafeMutableRawPointer(target.refined + j * fine.size)
                        .copyMemory(from: bytes.baseAddress.unsafelyUnwrapped, byteCount: fine.size)
                }
            }
            target.grow(by: entry.count)
            try progress.step()
        }
        index.lists.recount()
        index.nextID = ids.next
        index.idsAreRows = ids.areRows
        return index
    }

    // MARK: - Parts

    func transformChain() throws(FileError) -> TransformChain {
        var chain: [any VectorTransform] = []
        for transform in transforms { chain.append(try transform.transform(path: path)) }
        return TransformChain(chain, inputDimension: header.dimension)
    }

    /// Centroids and how they are compared; `nil` for a core without lists.
    private func coarse() throws -> CoarseQuantizer? {
        guard case .ivf(let ivf) = core.content else { return nil }
        var quantizer = ivf.quantizer
        var plain: PlainGraph?
        if case .hnsw(let graph, let storage?) = quantizer.content {
            quantizer = storage
            // A graph of another shape only made it faster: its centroids are compared one by one.
            plain = graph.plain.flatMap { IndexSpec.Limits.links.contains($0.m) ? $0 : nil }
        }
        guard case .flat(let centroids) = quantizer.content else {
            throw unsupported("a coarse quantizer that is neither flat nor a graph over one is not supported")
        }
        guard quantizer.header.metric == header.metric else {
            throw unsupported(
                "a coarse quantizer with metric \(quantizer.header.metric) in an index with \(header.metric) is not "
                    + "supported")
        }
        let matrix = centroids.matrix(columns: core.header.dimension)
        try VectorCheck.finite(matrix)
        let metric: Metric = header.metric == .l2 ? .l2 : .innerProduct
        let graph = try plain.map { try CoarseGraph($0, matrix, metric: metric, path: path) }
        return try CoarseQuantizer(matrix, metric: metric, graph: graph)
    }

    /// The codes of the core, as lists.
    private func listSource() throws(FileError) -> FaissCoreLists {
        switch core.content {
        case .flat(let vectors):
            return FaissCoreLists(
                codec: .flat, one: vectors.viewed(as: UInt8.self), count: header.count,
                codeSize: 4 * core.header.dimension)
        case .scalar(let quantizer, let codes):
            return FaissCoreLists(
                codec: .scalar(quantizer), one: codes, count: header.count, codeSize: quantizer.codeSize)
        case .product(let quantizer, let codes, let search):
            guard search.type == 0 else { throw unsupported("polysemous and symmetric search are not supported") }
            return FaissCoreLists(
                codec: .product(quantizer), one: codes, count: header.count, codeSize: quantizer.codeSize)
        case .fastScan(let quantizer, let scan, let codes):
            let blocks = FaissBlocks(m: quantizer.m, blockCount: Int(scan.blockCount))
            return FaissCoreLists(
                codec: .fastScan(quantizer, byResidual: false), one: codes, count: header.count,
                codeSize: quantizer.codeSize, blocks: blocks)
        case .ivf(let ivf):
            guard let lists = ivf.lists else { throw unsupported("the inverted lists are not in the file") }
            let codec: FaissCodec, isResidual: Bool
            var blocks: FaissBlocks?
            switch ivf.codec {
            case .flat: (codec, isResidual) = (.flat, false)
            case .scalar(let quantizer, let byResidual): (codec, isResidual) = (.scalar(quantizer), byResidual)
            case .product(let quantizer, let byResidual): (codec, isResidual) = (.product(quantizer), byResidual)
            case .fastScan(let quantizer, let scan, let byResidual):
                (codec, isResidual) = (.fastScan(quantizer, byResidual: byResidual), byResidual)
                blocks = FaissBlocks(m: quantizer.m, blockCount: Int(scan.blockCount))
            }
            return FaissCoreLists(
                codec: codec, isResidual: isResidual, nprobe: ivf.nprobe, lists: lists, blocks: blocks)
        case .idMap, .preTransform, .refine, .hnsw: throw unsupported("an index within this one is not supported")
        }
    }

    /// The second codes, `[count, size]`.
    private func refinedCodes(_ index: FaissIndex) throws -> (codec: any ListCodec, codes: FaissArray<UInt8>, size: Int)
    {
        let codes: FaissArray<UInt8>, codec: FaissCodec
        switch index.content {
        case .flat(let vectors): (codes, codec) = (vectors.viewed(as: UInt8.self), .flat)
        case .scalar(let quantizer, let stored): (codes, codec) = (stored, .scalar(quantizer))
        case .product(let quantizer, let stored, _): (codes, codec) = (stored, .product(quantizer))
        default: throw unsupported("a refinement that is neither flat nor one quantizer's codes is not supported")
        }
        let made = try listCodec(codec, dimension: index.header.dimension)
        let count = index.header.count, size = made.codeByteCount
        for first in stride(from: 0, to: count, by: Self.step) {
            let some = min(Self.step, count - first)
            let packed = Buffer<UInt8>(codes[first * size..<(first + some) * size])
            try checkFinite(packed, count: some, made)
        }
        return (made, codes, size)
    }

    /// A codec, which says itself what is wrong with its tables.
    private func listCodec(_ codec: FaissCodec, dimension: Int) throws -> any ListCodec {
        try codec.listCodec(dimension: dimension, metric: header.metric == .l2 ? .l2 : .innerProduct)
    }

    // MARK: - Checks

    /// Whether ids are all different, and what follows them.
    private func checkedIDs(_ lists: FaissLists) throws -> (next: Int64, areRows: Bool) {
        var all: [Int64] = [], rows: [Bool] = []
        all.reserveCapacity(header.count)
        if refinement != nil { rows = Array(repeating: false, count: header.count) }
        for i in lists.entries.indices {
            let labels = lists.ids(i)
            for j in 0..<labels.count {
                let (id, row) = try id(of: labels[j])
                all.append(id)
                guard refinement != nil else { continue }
                guard !rows[row] else { throw malformed("two vectors have number \(row)") }
                rows[row] = true
            }
        }
        all.sort()
        for (a, b) in zip(all, all.dropFirst()) where a == b { throw IndexError.duplicateID(a) }
        return ((all.last ?? -1) + 1, all.last.map { $0 + 1 == all.count } ?? true)
    }

    /// Floats of codes may be NaN or infinite; numbers of quantizers' tables were checked with those.
    private func checkFinite(_ codes: Buffer<UInt8>, count: Int, _ codec: any ListCodec) throws {
        switch codec.specification {
        case .flat, .scalar(.float16), .scalar(.bfloat16): break
        default: return
        }
        let decoded = Matrix<Float>(rows: count, columns: codec.dimension) { elements in
            guard let target = elements.baseAddress, count > 0 else { return }
            codec.decode(codes.pointer, count: count, into: target)
        }
        try VectorCheck.finite(decoded)
    }
}

/// The codes of a Faiss index as lists; one list where it has none.
struct FaissCoreLists: Sendable {
    var codec: FaissCodec
    var isResidual = false
    var nprobe: Int?
    var lists: FaissLists
    /// How codes lie in a list, where they are interleaved.
    var blocks: FaissBlocks?

    init(codec: FaissCodec, isResidual: Bool, nprobe: Int, lists: FaissLists, blocks: FaissBlocks?) {
        self.codec = codec
        self.isResidual = isResidual
        self.nprobe = nprobe
        self.lists = lists
        self.blocks = blocks
    }

    /// One list of everything, whose ids are row numbers.
    init(codec: FaissCodec, one codes: FaissArray<UInt8>, count: Int, codeSize: Int, blocks: FaissBlocks? = nil) {
        self.codec = codec
        self.blocks = blocks
        lists = FaissLists(
            nlist: 1, codeSize: codeSize,
            layout: blocks.map { .blocks(count: $0.blockCount, byteCount: $0.blockByteCount) } ?? .plain,
            entries: count == 0 ? [] : [.init(list: 0, count: count)],
            source: FaissOneList(codes: codes, ids: FaissArray((0..<count).map(Int64.init))))
    }

    /// Some codes of a list, one after another.
    func packedCodes(_ i: Int, _ range: Range<Int>) -> Buffer<UInt8> {
        let codes = lists.codes(i), size = lists.codeSize
        guard let blocks else { return Buffer(codes[range.lowerBound * size..<range.upperBound * size]) }
        let packed = Buffer<UInt8>(uninitialized: range.count * size)
        codes.withBytes { blocks.unpack($0, range, into: packed.pointer) }
        return packed
    }
}

/// Counts lists that threads have finished.
private final class ListProgress: Sendable {
    private let monitor: ProgressMonitor
    private let total: Int
    private let done = Atomic(0)

    init(_ monitor: ProgressMonitor, total: Int) {
        self.monitor = monitor
        self.total = total
    }

    func step() throws(CancellationError) {
        let done = done.add(1, ordering: .relaxed).newValue
        try monitor.update("converting lists", done: done, total: total)
    }
}

/// Codes and ids of a single list.
final class FaissOneList: FaissListSource {
    private let allCodes: FaissArray<UInt8>
    private let allIDs: FaissArray<Int64>

    init(codes: FaissArray<UInt8>, ids: FaissArray<Int64>) {
        allCodes = codes
        allIDs = ids
    }

    func codes(_ i: Int) -> FaissArray<UInt8> { allCodes }
    func ids(_ i: Int) -> FaissArray<Int64> { allIDs }
}

extension Buffer where Element: Equatable & Sendable {
    /// Copies elements to aligned memory.
    convenience init(_ elements: FaissArray<Element>) {
        self.init(uninitialized: elements.count)
        elements.withBytes { bytes in
            UnsafeMutableRawBufferPointer(
                start: UnsafeMutableRawPointer(pointer), count: bytes.count
            ).copyMemory(from: bytes)
        }
    }
}
