/// Index files of the Faiss library.
///
/// ```swift
/// let index = try FaissFile.open("index.faiss")
/// try index.saveFaiss(to: "copy.faiss")
/// ```
public enum FaissFile {
    /// Opens an index that Faiss wrote.
    ///
    /// Flat indexes become a ``FlatIndex``; scalar and product quantizers, fast scan and inverted lists, with transforms
    /// and refinement around them, an ``IVFIndex`` that has the same codes, so that it finds what Faiss finds; HNSW graphs
    /// over vectors as they are a ``HNSWIndex`` with the same links. Ids are those that Faiss gives. `docs/faiss-files.md` says what is read and what differs.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - threads: threads to use; `nil` means one per core.
    ///   - monitor: told of the lists taken over.
    /// - Returns: the index, in memory.
    /// - Throws: ``FileError`` for a file that cannot be read, is damaged, or holds what has no counterpart, which is
    ///   named; `CancellationError` when the monitor says stop.
    public static func open(
        _ path: String, threads: Int? = nil, monitor: ProgressMonitor = .silent
    ) throws -> any VectorIndex {
        try FaissIndex(path: path).index(path: path, threads: threads, monitor: monitor)
    }

    /// Writes what a Faiss file holds to another, in the form that Faiss writes now.
    ///
    /// - Throws: ``FileError`` for a file that cannot be read, is damaged or of a kind that is not supported, a place that
    ///   cannot be written and a full disk.
    public static func rewrite(_ path: String, to output: String) throws(FileError) {
        try FaissIndex(path: path).write(to: output)
    }

    /// Whether a name ends as those of Faiss files do: `.faiss`, `.index`.
    public static func hasName(_ path: String) -> Bool {
        let name = path.lowercased()
        return name.hasSuffix(".faiss") || name.hasSuffix(".index")
    }

    /// Whether a file is taken for one of Faiss's: by its name, or by its first bytes where its name says nothing.
    public static func isFaiss(_ path: String) -> Bool {
        if hasName(path) { return true }
        guard let file = try? MappedFile(path: path) else { return false }
        return isFaiss(file, path: path)
    }

    /// The same for a file that is open.
    static func isFaiss(_ file: MappedFile, path: String) -> Bool {
        hasName(path) || (try? VectorFormat(path: path)) == nil && FaissIndex.recognizes(file.bytes)
    }
}

extension FaissIndex {
    /// The index that this tree describes.
    package func index(
        path: String, threads: Int? = nil, monitor: ProgressMonitor = .silent
    ) throws -> any VectorIndex {
        let plan = try FaissPlan(self, path: path)
        if plan.transforms.isEmpty, plan.refinement == nil, case .flat(let vectors) = plan.core.content {
            return try plan.blaming { try plan.flatIndex(vectors, threads: threads) }
        }
        if case .hnsw(let graph, let storage) = plan.core.content {
            return try plan.blaming { try plan.graphIndex(graph, storage) }
        }
        return try plan.blaming { try plan.ivfIndex(threads: threads ?? availableCores(), monitor: monitor) }
    }
}

extension FaissPlan {
    fileprivate func flatIndex(_ vectors: FaissArray<Float>, threads: Int?) throws -> FlatIndex {
        var ids: [Int64] = []
        ids.reserveCapacity(header.count)
        var areRows = true
        for row in 0..<header.count {
            let id = try id(of: Int64(row)).id
            ids.append(id)
            if id != row { areRows = false }
        }
        return try FlatIndex(
            vectors.matrix(columns: header.dimension), ids: areRows ? nil : ids, metric: metric, threads: threads)
    }
}

extension VectorIndex {
    /// Writes the index as a file that Faiss reads.
    ///
    /// - Parameters:
    ///   - path: the file; one that is there is replaced, when the new one is complete.
    ///   - threads: threads to use; `nil` means one per core.
    /// - Throws: ``FileError`` for what has no counterpart in Faiss, a place that cannot be written and a full disk.
    public func saveFaiss(to path: String, threads: Int? = nil) throws(FileError) {
        try faissTree(path: path, threads: threads).write(to: path)
    }

    /// The tree that Faiss would have for this index; `path` is for messages.
    package func faissTree(path: String, threads: Int? = nil) throws(FileError) -> FaissIndex {
        switch self {
        case let flat as FlatIndex: try flat.faissIndex(path: path, threads: threads)
        case let ivf as IVFIndex: try ivf.faissIndex(path: path, threads: threads)
        case let graph as HNSWIndex: try graph.faissIndex(path: path)
        default: throw FileError(.unsupported, path: path, "\(spec) has no counterpart in Faiss")
        }
    }
}
