/// A Faiss tree seen as Akin builds indexes: ids, transforms, a core that holds codes, and what ranks candidates again.
///
/// Faiss nests freely; what can be expressed is transforms before a core, a refinement around both, and id maps
/// anywhere.
struct FaissPlan {
    let path: String
    /// What the outermost index says.
    let header: FaissHeader
    /// Whether vectors are brought to length one before anything else, and compared by their inner product.
    private(set) var isCosine = false
    /// Applied before vectors are coded, first to last.
    private(set) var transforms: [FaissTransform] = []
    /// Ranks candidates again, by the row numbers that its base gives.
    private(set) var refinement: FaissIndex?
    private(set) var refineFactor: Float = 1
    /// Holds the codes; it is no index around another.
    private(set) var core: FaissIndex
    /// Ids of the rows of the index within, outermost first.
    private var idMaps: [FaissArray<Int64>] = []
    /// How many of them lie around the refinement.
    private var outerMaps = 0

    init(_ index: FaissIndex, path: String) throws(FileError) {
        self.path = path
        header = index.header
        core = index
        guard header.metric == .l2 || header.metric == .innerProduct else {
            throw unsupported("a Faiss index with metric \(header.metric) is not supported")
        }
        var isWrapped = true
        while isWrapped { isWrapped = try unwrap() }
        if refinesNothing {
            refinement = nil
            outerMaps = 0
        }
        if !isCosine, refinement == nil, let first = transforms.first, first.isUnitNormalization,
            header.metric == .innerProduct
        {
            isCosine = true
            transforms.removeFirst()
        }
    }

    /// Whether the refinement ranks by the vectors that the core has already.
    private var refinesNothing: Bool {
        guard transforms.isEmpty, case .flat? = refinement?.content else { return false }
        switch core.content {
        case .flat: return true
        case .ivf(let ivf): if case .flat = ivf.codec { return true }
        default: break
        }
        return false
    }

    var metric: Metric { isCosine ? .cosine : header.metric == .l2 ? .l2 : .innerProduct }

    /// Looks into the index that is the core so far; gives whether there is another in it.
    private mutating func unwrap() throws(FileError) -> Bool {
        guard core.header.isTrained else { throw unsupported("the Faiss index is not trained") }
        guard core.header.metric == header.metric else {
            throw unsupported(
                "an index with metric \(core.header.metric) in one with \(header.metric) is not supported")
        }
        switch core.content {
        case .idMap(let inner, let ids, _):
            idMaps.append(ids)
            core = inner
        case .preTransform(let chain, let inner):
            for transform in chain where !transform.isTrained {
                throw unsupported("a transform of the Faiss index is not trained")
            }
            transforms += chain
            core = inner
        case .refine(let base, let ranking, let factor):
            guard refinement == nil else { throw unsupported("a refinement in a refinement is not supported") }
            if transforms.count == 1, transforms[0].isUnitNormalization, header.metric == .innerProduct {
                isCosine = true
                transforms = []
            }
            guard transforms.isEmpty else {
                throw unsupported("a refinement that ranks transformed vectors is not supported")
            }
            guard ranking.header.isTrained, ranking.header.metric == header.metric else {
                throw unsupported("the refinement is not trained or has another metric than the index")
            }
            refinement = ranking
            refineFactor = factor
            outerMaps = idMaps.count
            core = base
        case .flat, .scalar, .product, .fastScan, .ivf, .hnsw: return false
        }
        return true
    }

    /// The caller's id of a vector, and its row in the refinement, given the number that the core has for it.
    func id(of label: Int64) throws(FileError) -> (id: Int64, row: Int) {
        var id = label, row = label
        for (i, map) in idMaps.enumerated().reversed() {
            if i + 1 == outerMaps { row = id }
            guard id >= 0, id < map.count else {
                throw malformed("vector number \(id) has no id: there are \(map.count)")
            }
            id = map[Int(id)]
        }
        if outerMaps == 0 { row = id }
        guard id >= 0, id < .max else {
            throw malformed("id \(id) is not supported: ids must be 0 or more, and less than \(Int64.max)")
        }
        guard refinement == nil || (row >= 0 && row < header.count) else {
            throw malformed("vector number \(row) is none of the \(header.count) that the refinement has")
        }
        return (id, Int(row))
    }

    func unsupported(_ message: String) -> FileError { FileError(.unsupported, path: path, message) }
    func malformed(_ message: String) -> FileError { FileError(.malformed, path: path, message) }

    /// Runs what throws errors of indexes, and says that the file is to blame.
    func blaming<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let error as IndexError {
            throw malformed("it holds no valid index: \(error)")
        }
    }
}

extension FaissTransform {
    /// Whether vectors come out with Euclidean length one.
    var isUnitNormalization: Bool { kind == .normalization(norm: 2) }
}
