/// Flat indexes in container files: sections `manifest`, `vectors` and, where the caller gave ids, `ids`.
extension FlatIndex {
    /// Writes the index to an `.akin` file, which appears complete or not at all.
    ///
    /// - Parameter path: the file; one that is there is replaced.
    /// - Throws: ``FileError`` for a place that cannot be written and a full disk.
    public func save(to path: String) throws(FileError) {
        let writer = try ContainerWriter(path: path)
        let manifest = IndexManifest(self, elementType: .float32, hasIDs: ids != nil)
        try writer.write(json: manifest, named: IndexManifest.sectionName)
        try writer.begin("vectors", .float32)
        try vectors.withUnsafeElements { (elements) throws(FileError) in try writer.write(elements) }
        if let ids {
            try writer.begin("ids", .int64)
            try ids.withUnsafeBufferPointer { (elements) throws(FileError) in try writer.write(elements) }
        }
        try writer.finish()
    }

    /// Opens an index that ``save(to:)`` wrote; the vectors are mapped, not copied.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - verify: whether to compare all bytes with their checksums, which takes about as long as reading them.
    ///   - eightBit: keep an 8-bit copy in memory where the CPU searches faster with it.
    ///   - threads: threads to measure rows with; `nil` means one per core.
    ///   - monitor: told of the bytes compared.
    /// - Throws: ``FileError`` for a file that cannot be read, is damaged, holds another index, or holds vectors that
    ///   no index could (NaN, infinity, an id given twice); `CancellationError` when the monitor says stop.
    public init(
        path: String, verify: Bool = true, eightBit: Bool = true, threads: Int? = nil,
        monitor: ProgressMonitor = .silent
    ) throws {
        try self.init(
            ContainerReader(path: path), verify: verify, eightBit: eightBit, threads: threads, monitor: monitor)
    }

    /// Opens an index in a container.
    package init(
        _ container: ContainerReader, verify: Bool = true, eightBit: Bool = true, threads: Int? = nil,
        monitor: ProgressMonitor = .silent
    ) throws {
        let manifest = try IndexManifest(container)
        guard manifest.spec == "Flat", manifest.elementType == .float32 else {
            throw FileError(
                .mismatch, path: container.path,
                "expected a Flat index of float32, found \(manifest.spec) of \(manifest.elementType.rawValue)",
                section: IndexManifest.sectionName)
        }
        if verify { try container.verify(monitor) }
        let vectors: Matrix<Float> = try container.matrix(
            "vectors", .float32, rows: manifest.count, columns: manifest.dimension)
        var ids: [Int64]?
        if manifest.hasIDs {
            let stored: Matrix<Int64> = try container.matrix("ids", .int64, rows: 1, columns: manifest.count)
            ids = stored.withUnsafeElements { Array($0) }
        }
        do throws(IndexError) {
            try self.init(
                vectors, ids: ids, metric: manifest.metric, space: manifest.space, eightBit: eightBit, threads: threads)
        } catch {
            throw FileError(.malformed, path: container.path, "it holds no valid index: \(error)")
        }
    }
}
