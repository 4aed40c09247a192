extension HashTableIndex {
    /// Writes the index to an `.akin` file, which appears complete or not at all.
    ///
    /// - Parameter path: the file; one that is there is replaced.
    /// - Throws: ``FileError`` for a place that cannot be written and a full disk.
    public func save(to path: String) throws {
        let writer = try ContainerWriter(path: path)
        try vectors.write(self, breadth: probes, width: functions.width, elementType: .float32, to: writer)
        try writer.write([functions.projection.matrix, Matrix([functions.projection.bias])], named: "hashes")
        try writer.finish()
    }

    /// Opens an index that ``save(to:)`` wrote.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - isMapped: whether vectors stay in the file, mapped, and are read when a search compares them.
    ///   - verify: whether to compare all bytes with their checksums, which reads the whole file.
    ///   - monitor: told of the bytes compared.
    /// - Throws: ``FileError`` for a file that cannot be read, is damaged, or holds another index; `CancellationError`.
    public init(
        path: String, isMapped: Bool = false, verify: Bool = true, monitor: ProgressMonitor = .silent
    ) throws {
        try self.init(ContainerReader.open(path, isMapped: isMapped), verify: verify, monitor: monitor)
    }

    /// Opens an index in a container.
    package init(_ container: ContainerReader, verify: Bool = true, monitor: ProgressMonitor = .silent) throws {
        let (stored, manifest) = try IndexedVectors.read(container, verify: verify, monitor: monitor) { spec, coded in
            guard case .hashTables(_, let tables, _) = spec.core else { return nil }
            return Self.rowByteCount(dimension: coded, tables: tables)
        }
        let width = manifest.width ?? 1
        guard case .hashTables(let family, let tables, let hashes) = stored.specification.core, width > 0,
            width.isFinite
        else {
            throw FileError(
                .malformed, path: container.path, "slices are \(width) wide", section: HashManifest.sectionName)
        }
        let count = tables * hashes
        let found = try container.tables(
            "hashes", [[count, stored.codedDimension], [1, count]], of: HashManifest.sectionName, verify: !verify)
        guard found.allSatisfy({ $0.withUnsafeElements { $0.allSatisfy(\.isFinite) } }) else {
            throw FileError(.malformed, path: container.path, "a direction is not finite", section: "hashes.0")
        }
        self.init(
            stored,
            functions: HashFunctions(
                family: family, tables: tables, hashes: hashes,
                projection: LinearTransform(matrix: found[0], bias: found[1][0], isOrthonormal: false), width: width),
            probes: manifest.breadth ?? Self.standardProbes)
    }
}
