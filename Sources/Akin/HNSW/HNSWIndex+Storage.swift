/// Graphs in containers.
///
/// | section | holds |
/// | --- | --- |
/// | `manifest`, `hnsw` | what the index is |
/// | `transform.N`, `codec.N`, `refinement.N` | what training found |
/// | `links.N` | `[members][degree]` of level N: numbers of members, -1 behind the last |
/// | `places.N` | `[members][2]` of level N above 0: row, and number one level down |
/// | `ids`, `codes`, `refined` | of each row |
extension HNSWIndex {
    /// Writes the index to an `.akin` file, which appears complete or not at all.
    ///
    /// - Parameter path: the file; one that is there is replaced.
    /// - Throws: ``FileError`` for a place that cannot be written and a full disk.
    public func save(to path: String) throws {
        let writer = try ContainerWriter(path: path)
        try writer.write(
            json: IndexManifest(self, elementType: codec is FlatGraphCodec ? .float32 : .uint8, hasIDs: true),
            named: IndexManifest.sectionName)
        try writer.write(
            json: HNSWManifest(
                members: layers.map(\.count), entry: Int(entry), codedDimension: codec.dimension,
                rowByteCount: codec.rowByteCount, largestSquare: points.largestSquare,
                tables: codec.tables.map { [$0.rows, $0.columns] },
                refinementTables: refinement?.codec.tables.map { [$0.rows, $0.columns] } ?? [],
                transforms: points.transforms.transforms.map(\.record), construction: construction,
                defaults: defaults, nextID: nextID, idsAreRows: idsAreRows),
            named: HNSWManifest.sectionName)
        try writer.write(points.transforms)
        try writer.write(codec.tables, named: "codec")
        try writer.write(refinement?.codec.tables ?? [], named: "refinement")
        try writer.write(layers)
        try writer.write(ids, named: "ids", .int64)
        try writer.write(codes, named: "codes", .uint8)
        if refinement != nil { try writer.write(refined, named: "refined", .uint8) }
        try writer.finish()
    }

    /// Opens an index that ``save(to:)`` wrote.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - isMapped: whether codes and links stay in the file, mapped, and are read when a search meets them; otherwise
    ///     the whole file is read into memory, which is faster to search.
    ///   - verify: whether to compare all bytes with their checksums, which reads the whole file. Otherwise only what
    ///     training found and the links are.
    ///   - monitor: told of the bytes compared.
    /// - Throws: ``FileError`` for a file that cannot be read, is damaged, or holds another index; `CancellationError`.
    public init(
        path: String, isMapped: Bool = false, verify: Bool = true, monitor: ProgressMonitor = .silent
    ) throws {
        let container =
            isMapped ? try ContainerReader(path: path) : try ContainerReader(ResidentFile(path: path), path: path)
        try self.init(container, verify: verify, monitor: monitor)
    }

    /// Opens an index in a container.
    package init(_ container: ContainerReader, verify: Bool = true, monitor: ProgressMonitor = .silent) throws {
        let manifest = try IndexManifest(container)
        let owner = HNSWManifest.sectionName
        func malformed(_ message: String, _ section: String = owner) -> FileError {
            FileError(.malformed, path: container.path, message, section: section)
        }
        let spec = try manifest.specification(of: container)
        guard case .hnsw(let m, let kind) = spec.core, container.find(owner) != nil else {
            throw FileError(
                .mismatch, path: container.path, "expected a graph, found \(manifest.spec)",
                section: IndexManifest.sectionName)
        }
        if verify { try container.verify(monitor) }
        let graph: HNSWManifest = try container.json(owner)
        guard (1...32).contains(graph.members.count), graph.members[0] == manifest.count,
            manifest.count <= Self.maximumCount, graph.members.allSatisfy({ (0...manifest.count).contains($0) }),
            (0..<max(1, graph.members[graph.members.count - 1])).contains(graph.entry),
            graph.nextID >= 0 || !graph.idsAreRows, graph.tables.count <= 8, graph.refinementTables.count <= 8,
            graph.transforms.count <= 8, graph.defaults.efSearch >= 1, graph.defaults.refineFactor >= 1,
            graph.construction.efConstruction >= 1, graph.construction.alpha >= 1, graph.largestSquare >= 0
        else { throw malformed("its numbers contradict the spec \(manifest.spec)") }
        do {
            let transforms = try container.transforms(
                graph.transforms, dimension: manifest.dimension, of: owner, verify: !verify)
            points = GraphSpace(
                metric: manifest.metric, transforms: transforms, largestSquare: graph.largestSquare, parts: kind.parts)
            guard points.dimension == graph.codedDimension else {
                throw IndexError.dimensionMismatch(expected: points.dimension, actual: graph.codedDimension)
            }
            codec = try GraphCodecs.restore(
                kind, dimension: graph.codedDimension,
                tables: container.tables("codec", graph.tables, of: owner, verify: !verify))
            refinement = try spec.refinement.map {
                try GraphRefinement.restore(
                    $0, dimension: manifest.dimension,
                    tables: container.tables("refinement", graph.refinementTables, of: owner, verify: !verify))
            }
        } catch let error as IndexError {
            throw malformed("what training found does not fit: \(error)")
        }
        guard codec.rowByteCount == graph.rowByteCount else {
            throw malformed("expected codes of \(codec.rowByteCount) bytes, found \(graph.rowByteCount)")
        }
        layers = try container.layers(members: graph.members, m: m, rows: manifest.count, verify: !verify)
        let bytes = { (name: String, size: Int) -> RowStore in
            RowStore(
                showing: try container.matrix(name, .uint8, rows: manifest.count, columns: size, of: UInt8.self))
        }
        codes = try bytes("codes", codec.rowByteCount)
        refined =
            try refinement.map { try bytes("refined", $0.codec.rowByteCount) }
            ?? RowStore(rowByteCount: 0, count: manifest.count)
        ids = RowStore(showing: try container.matrix("ids", .int64, rows: manifest.count, columns: 1, of: Int64.self))
        if verify { try Self.checkIDs(ids, graph, container) }
        specification = spec
        dimension = manifest.dimension
        metric = manifest.metric
        space = manifest.space
        construction = graph.construction
        defaults = graph.defaults
        entry = UInt32(graph.entry)
        nextID = graph.nextID
        idsAreRows = graph.idsAreRows
    }
}

extension HNSWIndex {
    /// Sees that no id is there twice, and that each is below the next there will be.
    private static func checkIDs(
        _ ids: RowStore, _ graph: HNSWManifest, _ container: ContainerReader
    ) throws(FileError) {
        let numbers = UnsafeBufferPointer(start: ids.base.assumingMemoryBound(to: Int64.self), count: ids.count)
        // Rows are not in the order of their ids, however those were given.
        let sorted = numbers.sorted()
        let isGood = zip(sorted, sorted.dropFirst()).allSatisfy { $0 < $1 } && sorted.last ?? -1 < max(graph.nextID, 0)
        guard isGood else {
            throw FileError(
                .malformed, path: container.path, "an id is there twice, or is not below \(graph.nextID)",
                section: "ids")
        }
    }
}
