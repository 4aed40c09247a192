/// Opens index files, whatever kind of index they hold.
public enum IndexFile {
    /// Opens an `.akin` file.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - isMapped: whether lists, or a graph, stay in the file until a search reads them; otherwise they are read into
    ///     memory. The vectors of a flat index are mapped in any case.
    ///   - verify: whether to compare all bytes with their checksums first, which reads the whole file.
    ///   - threads: threads to measure the rows of a flat index with; `nil` means one per core.
    ///   - monitor: told of the bytes compared.
    /// - Returns: the index, of the type that belongs to its spec.
    /// - Throws: ``FileError`` for a file that cannot be read or is damaged; `CancellationError`.
    public static func open(
        _ path: String, isMapped: Bool = false, verify: Bool = true, threads: Int? = nil,
        monitor: ProgressMonitor = .silent
    ) throws -> any VectorIndex {
        let container = try ContainerReader(path: path)
        let manifest = try IndexManifest(container)
        switch try manifest.specification(of: container).core {
        case .partitioned(nil, .flat) where manifest.spec == "Flat":
            return try FlatIndex(container, verify: verify, threads: threads, monitor: monitor)
        case .partitioned:
            return try IVFIndex(path: path, isMapped: isMapped, verify: verify, monitor: monitor)
        case .signs, .hyperplanes:
            return try HashIndex(path: path, isMapped: isMapped, verify: verify, monitor: monitor)
        case .kdTrees:
            return try KDTreeIndex(path: path, isMapped: isMapped, verify: verify, monitor: monitor)
        case .hashTables:
            return try HashTableIndex(path: path, isMapped: isMapped, verify: verify, monitor: monitor)
        case .hnsw:
            return try HNSWIndex(path: path, isMapped: isMapped, verify: verify, monitor: monitor)
        }
    }
}
