extension HashIndex {
    /// Writes the index to an `.akin` file, which appears complete or not at all.
    ///
    /// - Parameter path: the file; one that is there is replaced.
    /// - Throws: ``FileError`` for a place that cannot be written and a full disk.
    public func save(to path: String) throws {
        let writer = try ContainerWriter(path: path)
        try refining.write(self, elementType: .uint8, to: writer)
        if let hyperplanes { try writer.write([hyperplanes.matrix], named: "hyperplanes") }
        try writer.finish()
    }

    /// Opens an index that ``save(to:)`` wrote.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - isMapped: whether finer codes stay in the file, mapped, and are read when candidates are compared.
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
        let (stored, _) = try IndexedVectors.read(container, verify: verify, monitor: monitor) { spec, coded in
            spec.codeBits(codedDimension: coded).map(BinaryIndex.rowByteCount)
        }
        var hyperplanes: LinearTransform?
        if case .hyperplanes(let bits) = stored.specification.core {
            let matrix = try container.tables(
                "hyperplanes", [[bits, stored.codedDimension]], of: HashManifest.sectionName, verify: !verify)[0]
            hyperplanes = LinearTransform(matrix: matrix, isOrthonormal: false)
        }
        self.init(stored, hyperplanes: hyperplanes)
    }
}
