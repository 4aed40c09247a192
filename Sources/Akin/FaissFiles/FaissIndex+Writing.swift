extension FaissIndex {
    /// Writes the index as Faiss would: the file appears complete or not at all.
    ///
    /// - Parameter path: the file; one that is there is replaced.
    /// - Throws: ``FileError`` for a place that cannot be written and a full disk.
    package func write(to path: String) throws(FileError) {
        let file = try AtomicFile(path: path)
        var writer = FaissWriter(file)
        try writer.write(self)
        try file.commit()
    }

    /// Writes the index wherever bytes go.
    package func write(to sink: some ByteSink) throws(FileError) {
        var writer = FaissWriter(sink)
        try writer.write(self)
    }
}

/// Where bytes go: a file, or memory.
package protocol ByteSink: AnyObject {
    /// Appends bytes.
    func write(_ bytes: UnsafeRawBufferPointer) throws(FileError)
}

extension AtomicFile: ByteSink {}

/// Writes the fields of a tree in the order in which Faiss writes them.
struct FaissWriter {
    private let sink: any ByteSink

    init(_ sink: any ByteSink) { self.sink = sink }

    // MARK: - Fields

    private func number<T: BitwiseCopyable>(_ value: T) throws(FileError) {
        var value = value
        do {
            try withUnsafeBytes(of: &value) { try sink.write($0) }
        } catch let error as FileError {
            throw error
        } catch {
            preconditionFailure("a sink throws nothing else")
        }
    }

    private func code(_ code: FaissCode) throws(FileError) { try number(code.number) }
    private func flag(_ value: Bool) throws(FileError) { try number(UInt8(value ? 1 : 0)) }
    private func size(_ value: Int) throws(FileError) { try number(UInt64(value)) }
    private func int32(_ value: Int) throws(FileError) { try number(Int32(value)) }

    private func elements<T>(_ array: FaissArray<T>) throws(FileError) {
        try array.withBytes { (bytes) throws(FileError) in try sink.write(bytes) }
    }

    private func array<T>(_ array: FaissArray<T>) throws(FileError) {
        try size(array.count)
        try elements(array)
    }

    // MARK: - Indexes

    mutating func write(_ index: FaissIndex?) throws(FileError) {
        guard let index else { return try code("null") }
        try code(Self.code(of: index))
        let header = index.header
        try int32(header.dimension)
        try size(header.count)
        for _ in 0..<2 { try size(1 << 20) }
        try flag(header.isTrained)
        try number(header.metric.rawValue)
        if !header.metric.isCommon { try number(header.metricArgument) }

        switch index.content {
        case .flat(let vectors): try array(vectors)
        case .scalar(let quantizer, let codes):
            try write(quantizer)
            try array(codes)
        case .product(let quantizer, let codes, let search):
            try write(quantizer)
            try array(codes)
            try number(search.type)
            try flag(search.encodesSigns)
            try number(search.hammingThreshold)
        case .fastScan(let quantizer, let scan, let codes):
            let pairs = (quantizer.m + 1) / 2
            try write(quantizer)
            try number(scan.implementation)
            try number(scan.blockCount)
            try int32(scan.queryBatch)
            try size(codes.count / pairs)
            try size(pairs * 2)
            try array(codes)
        case .ivf(let ivf): try write(ivf)
        case .idMap(let inner, let ids, _):
            try write(inner)
            try array(ids)
        case .preTransform(let transforms, let inner):
            try int32(transforms.count)
            for transform in transforms { try write(transform) }
            try write(inner)
        case .refine(let base, let ranking, let factor):
            try write(base)
            try write(ranking)
            try number(factor)
        case .hnsw(let graph, let storage):
            try write(graph)
            try write(storage)
        }
    }

    private static func code(of index: FaissIndex) -> FaissCode {
        switch index.content {
        case .flat:
            switch index.header.metric {
            case .innerProduct: "IxFI"
            case .l2: "IxF2"
            default: "IxFl"
            }
        case .scalar: "IxSQ"
        case .product: "IxPq"
        case .fastScan: "IPfs"
        case .ivf(let ivf):
            switch ivf.codec {
            case .flat: "IwFl"
            case .scalar: "IwSq"
            case .product: "IwPQ"
            case .fastScan: "IwPf"
            }
        case .idMap(_, _, let reversible): reversible ? "IxM2" : "IxMp"
        case .preTransform: "IxPT"
        case .refine: "IxRF"
        case .hnsw(let graph, _):
            switch graph.storageKind {
            case .flat: "IHNf"
            case .product: "IHNp"
            case .scalar: "IHNs"
            case .other: "IH00"
            }
        }
    }

    // MARK: - Quantizers and transforms

    private func write(_ quantizer: FaissScalarQuantizer) throws(FileError) {
        try number(quantizer.kind.rawValue)
        try number(quantizer.rangeStatistic)
        try number(quantizer.rangeArgument)
        try size(quantizer.dimension)
        try size(quantizer.codeSize)
        try array(quantizer.trained)
    }

    private func write(_ quantizer: FaissProductQuantizer) throws(FileError) {
        try size(quantizer.dimension)
        try size(quantizer.m)
        try size(quantizer.nbits)
        try array(quantizer.centroids)
    }

    private func write(_ linear: FaissLinear) throws(FileError) {
        try flag(linear.hasBias)
        try array(linear.matrix)
        try array(linear.bias)
    }

    private func write(_ transform: FaissTransform) throws(FileError) {
        switch transform.kind {
        case .linear(let linear):
            try code("LTra")
            try write(linear)
        case .randomRotation(let linear):
            try code("rrot")
            try write(linear)
        case .pca(let pca, let linear):
            try code("Pcam")
            try number(pca.eigenPower)
            try number(pca.epsilon)
            try flag(pca.hasRandomRotation)
            try number(pca.balancedBins)
            try array(pca.mean)
            try array(pca.eigenvalues)
            try array(pca.eigenvectors)
            try write(linear)
        case .normalization(let norm):
            try code("VNrm")
            try number(norm)
        case .centering(let mean):
            try code("VCnt")
            try array(mean)
        case .remap(let map):
            try code("RmDT")
            try array(map)
        case .hadamard(let seed):
            try code("HRot")
            try number(seed)
        }
        try int32(transform.inputDimension)
        try int32(transform.outputDimension)
        try flag(transform.isTrained)
    }

    // MARK: - Inverted lists and graphs

    private mutating func write(_ ivf: FaissIVF) throws(FileError) {
        try size(ivf.nlist)
        try size(ivf.nprobe)
        try write(ivf.quantizer)
        switch ivf.directMap {
        case .none:
            try number(UInt8(0))
            try size(0)
        case .array(let places):
            try number(UInt8(1))
            try array(places)
        case .hashTable(let places, let pairs):
            try number(UInt8(2))
            try array(places)
            try size(pairs.count / 2)
            try elements(pairs)
        }
        switch ivf.codec {
        case .flat: break
        case .scalar(let quantizer, let byResidual):
            try write(quantizer)
            try size(quantizer.codeSize)
            try flag(byResidual)
        case .product(let quantizer, let byResidual):
            try flag(byResidual)
            try size(quantizer.codeSize)
            try write(quantizer)
        case .fastScan(let quantizer, let scan, let byResidual):
            try flag(byResidual)
            try size(quantizer.codeSize)
            try number(scan.blockCount)
            try size(quantizer.m + quantizer.m % 2)
            try number(scan.implementation)
            try size(scan.queryBatch)
            try write(quantizer)
        }
        guard let lists = ivf.lists else { return try code("il00") }
        switch lists.layout {
        case .plain: try writePlain(lists)
        case .blocks(let count, let byteCount): try writeBlocks(lists, count: count, byteCount: byteCount)
        }
    }

    private func writePlain(_ lists: FaissLists) throws(FileError) {
        try code("ilar")
        try size(lists.nlist)
        try size(lists.codeSize)
        if lists.entries.count > lists.nlist / 2 {
            try code("full")
            try size(lists.nlist)
            var next = 0
            for entry in lists.entries {
                for _ in next..<entry.list { try size(0) }
                try size(entry.count)
                next = entry.list + 1
            }
            for _ in next..<lists.nlist { try size(0) }
        } else {
            try code("sprs")
            try size(2 * lists.entries.count)
            for entry in lists.entries {
                try size(entry.list)
                try size(entry.count)
            }
        }
        for i in lists.entries.indices {
            try elements(lists.codes(i))
            try elements(lists.ids(i))
        }
    }

    private func writeBlocks(_ lists: FaissLists, count: Int, byteCount: Int) throws(FileError) {
        try code("ilbl")
        try size(lists.nlist)
        try number(Int64(-1))
        try size(count)
        try size(byteCount)
        var next = 0
        for (i, entry) in lists.entries.enumerated() {
            for _ in 0..<2 * (entry.list - next) { try size(0) }
            try array(lists.ids(i))
            try array(lists.codes(i))
            next = entry.list + 1
        }
        for _ in 0..<2 * (lists.nlist - next) { try size(0) }
    }

    private func write(_ graph: FaissGraph) throws(FileError) {
        try array(graph.levelShares)
        try array(graph.linksBelow)
        try array(graph.levels)
        try array(graph.offsets)
        try array(graph.links)
        try number(graph.entryPoint)
        try number(graph.maximumLevel)
        try number(graph.efConstruction)
        try number(graph.efSearch)
        try number(Int32(1))
    }
}
