extension FlatIndex {
    /// The tree that Faiss would have for this index; `path` is for messages.
    ///
    /// Faiss has no cosine; such an index is a normalisation followed by the inner product of vectors of length one, and
    /// is read back as it was but for the vectors' lengths.
    ///
    /// - Throws: ``FileError`` for negative ids, which Faiss gives where there is no answer.
    package func faissIndex(path: String, threads: Int? = nil) throws(FileError) -> FaissIndex {
        let header = FaissHeader(
            dimension: dimension, count: count, metric: metric == .l2 ? .l2 : .innerProduct)
        var index = FaissIndex(header, .flat(FaissArray(vectors)))
        if metric == .cosine {
            let unit = UnitVectors.make(vectors, threads: threads ?? availableCores())
            index = FaissIndex(header, .flat(FaissArray(unit))).behind([.unitNormalization(dimension)])
        }
        guard let ids else { return index }
        return try index.behind(ids, path: path)
    }
}

extension FaissTransform {
    /// Brings vectors to length one.
    static func unitNormalization(_ dimension: Int) -> FaissTransform {
        FaissTransform(from: dimension, to: dimension, .normalization(norm: 2))
    }
}

extension FaissIndex {
    /// This index after some transforms.
    func behind(_ transforms: [FaissTransform]) -> FaissIndex {
        guard let first = transforms.first else { return self }
        var header = header
        header.dimension = first.inputDimension
        return FaissIndex(header, .preTransform(transforms, self))
    }

    /// This index with ids for its row numbers.
    func behind(_ ids: [Int64], path: String) throws(FileError) -> FaissIndex {
        try Self.check(ids, path: path)
        return FaissIndex(header, .idMap(self, ids: FaissArray(ids), reversible: false))
    }

    /// Refuses ids that Faiss has another use for.
    static func check(_ ids: [Int64], path: String) throws(FileError) {
        if let negative = ids.first(where: { $0 < 0 }) {
            throw FileError(.unsupported, path: path, "Faiss has no negative ids, the index has \(negative)")
        }
    }
}
