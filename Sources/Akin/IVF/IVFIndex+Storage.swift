/// Inverted files in containers.
///
/// | section | holds |
/// | --- | --- |
/// | `manifest`, `ivf` | what the index is |
/// | `transform.N`, `centroids`, `codec.N`, `refinement.N` | what training found |
/// | `coarse.links.N`, `coarse.places.N` | the graph over the centroids, where there is one, as a graph's own |
/// | `counts` | vectors in each list, `[nlist]` |
/// | `ids` | `[count]`, list after list |
/// | `codes` | the blocks of each list, each list at a multiple of 64 bytes |
/// | `refined` | second codes, list after list |
///
/// The lists are what is large; they stay in the file, and a search reads those it probes.
extension IVFIndex {
    /// Writes the index to an `.akin` file, which appears complete or not at all.
    ///
    /// - Parameter path: the file; one that is there is replaced.
    /// - Throws: ``FileError`` for a place that cannot be written and a full disk.
    public func save(to path: String) throws {
        let writer = try ContainerWriter(path: path)
        try write(to: writer, sizes: (0..<nlist).map(lists.size)) { part in
            for list in 0..<nlist {
                try part.pad(part.write(lists.view(list), shape: lists.shape, to: writer), to: writer)
            }
        }
    }

    /// One of the sections that hold the lists.
    enum ListPart {
        case ids, codes, refined

        /// Writes this part of a list; gives its bytes.
        func write(_ view: ListView, shape: ListShape, to writer: ContainerWriter) throws(FileError) -> Int {
            let bytes =
                switch self {
                case .ids: UnsafeRawBufferPointer(start: view.ids, count: 8 * view.count)
                case .codes: UnsafeRawBufferPointer(start: view.blocks, count: shape.codeByteCount(view.count))
                case .refined:
                    UnsafeRawBufferPointer(start: view.refined, count: view.count * shape.refinedByteCount)
                }
            try writer.write(bytes)
            return bytes.count
        }

        /// Fills up behind `bytes` bytes of a list, where lists are aligned.
        func pad(_ bytes: Int, to writer: ContainerWriter) throws(FileError) {
            let padding = self == .codes ? MappedLists.padded(bytes) - bytes : 0
            guard padding > 0 else { return }
            let zeros = [UInt8](repeating: 0, count: padding)
            try zeros.withUnsafeBufferPointer { (zeros) throws(FileError) in try writer.write(zeros) }
        }
    }

    /// Writes everything; `body` writes one part of all lists into the section that was begun for it.
    func write(
        to writer: ContainerWriter, sizes: [Int], body: (ListPart) throws -> Void
    ) throws {
        let total = sizes.reduce(0, +)
        var manifest = IndexManifest(self, elementType: codec is FlatCodec ? .float32 : .uint8, hasIDs: !idsAreRows)
        manifest.count = total
        try writer.write(json: manifest, named: IndexManifest.sectionName)
        try writer.write(
            json: IVFManifest(
                nlist: nlist, isResidual: isResidual, codedDimension: codec.dimension,
                tables: codec.tables.map { [$0.rows, $0.columns] },
                refinementTables: refinement?.codec.tables.map { [$0.rows, $0.columns] } ?? [],
                transforms: transforms.transforms.map(\.record), defaults: defaults, nextID: nextID,
                idsAreRows: idsAreRows, graph: coarse?.graph?.manifest),
            named: IVFManifest.sectionName)
        try writer.write(transforms)
        if let coarse { try writer.write(coarse.centroids, named: "centroids") }
        try coarse?.graph?.write(to: writer)
        try writer.write(codec.tables, named: "codec")
        try writer.write(refinement?.codec.tables ?? [], named: "refinement")
        try writer.begin("counts", .int64)
        try sizes.map(Int64.init).withUnsafeBufferPointer { (counts) throws(FileError) in try writer.write(counts) }
        try writer.begin("ids", .int64)
        try body(.ids)
        try writer.begin("codes", .uint8)
        try body(.codes)
        if refinement != nil {
            try writer.begin("refined", .uint8)
            try body(.refined)
        }
        try writer.finish()
    }

    /// Opens an index that ``save(to:)`` wrote.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - isMapped: whether the lists stay in the file, mapped, and are read when a search probes them; otherwise the
    ///     whole file is read into memory, which is faster to search.
    ///   - verify: whether to compare all bytes with their checksums, which reads the whole file. Otherwise only what
    ///     training found and the lengths of the lists are compared.
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
        func malformed(_ message: String, _ section: String = IVFManifest.sectionName) -> FileError {
            FileError(.malformed, path: container.path, message, section: section)
        }
        let spec = try manifest.specification(of: container)
        guard case .partitioned(let partition, let kind) = spec.core, container.find(IVFManifest.sectionName) != nil
        else {
            throw FileError(
                .mismatch, path: container.path, "expected an inverted file, found \(manifest.spec)",
                section: IndexManifest.sectionName)
        }
        if verify { try container.verify(monitor) }
        let ivf: IVFManifest = try container.json(IVFManifest.sectionName)
        guard ivf.nlist == partition?.nlist ?? 1, ivf.nextID >= 0 || !ivf.idsAreRows,
            manifest.count <= Self.maximumCount, ivf.tables.count <= 8, ivf.refinementTables.count <= 8,
            ivf.transforms.count <= 8, ivf.defaults.nprobe >= 1, ivf.defaults.refineFactor >= 1
        else { throw malformed("its numbers contradict the spec \(manifest.spec)") }

        do {
            transforms = try container.transforms(
                ivf.transforms, dimension: manifest.dimension, of: IVFManifest.sectionName, verify: !verify)
            guard transforms.outputDimension == ivf.codedDimension else {
                throw IndexError.dimensionMismatch(expected: transforms.outputDimension, actual: ivf.codedDimension)
            }
        } catch let error as IndexError {
            throw malformed("\(error)")
        }
        let coded: Metric = manifest.metric == .l2 ? .l2 : .innerProduct
        do {
            coarse = try partition.map { partition in
                let centroids = try container.table(
                    "centroids", [partition.nlist, ivf.codedDimension], of: IVFManifest.sectionName, verify: !verify)
                var graph: CoarseGraph?
                if case .hnsw(let m) = partition.coarse {
                    graph = try CoarseGraph(
                        container, ivf.graph, m: m, centroids: centroids, metric: coded, verify: !verify)
                }
                return try CoarseQuantizer(centroids, metric: coded, graph: graph)
            }
            codec = try ListCodecs.restore(
                kind, dimension: ivf.codedDimension, metric: coded,
                tables: container.tables("codec", ivf.tables, of: IVFManifest.sectionName, verify: !verify))
            refinement = try spec.refinement.map { refinement in
                let kind: IndexSpec.Codec = if case .codec(let codec) = refinement { codec } else { .flat }
                return Refinement(
                    codec: try ListCodecs.restore(
                        kind, dimension: manifest.dimension, metric: .l2,
                        tables: container.tables(
                            "refinement", ivf.refinementTables, of: IVFManifest.sectionName, verify: !verify)))
            }
        } catch let error as IndexError {
            throw malformed("what training found does not fit: \(error)")
        }
        specification = spec
        dimension = manifest.dimension
        metric = manifest.metric
        space = manifest.space
        isResidual = ivf.isResidual && partition != nil
        defaults = ivf.defaults
        nextID = ivf.nextID
        idsAreRows = ivf.idsAreRows
        let shape = ListShape(codec, refinedByteCount: refinement?.codec.codeByteCount ?? 0)
        lists = InvertedLists(
            shape: shape, mapped: try Self.lists(container, manifest, ivf, shape, verify: !verify))
    }

    private static func lists(
        _ container: ContainerReader, _ manifest: IndexManifest, _ ivf: IVFManifest, _ shape: ListShape, verify: Bool
    ) throws -> MappedLists {
        if verify { try container.check(container.section("counts", .int64)) }
        let stored: Matrix<Int64> = try container.matrix("counts", .int64, rows: 1, columns: ivf.nlist)
        var counts: [Int] = []
        var total = 0, bytes = 0
        for (list, count) in stored[0].enumerated() {
            guard count >= 0, count <= Int64(manifest.count - total) else {
                throw FileError(
                    .malformed, path: container.path,
                    "list \(list) has \(count) vectors, the index only \(manifest.count) in all", section: "counts")
            }
            counts.append(Int(count))
            total += Int(count)
            bytes += MappedLists.paddedCodeByteCount(Int(count), shape)
        }
        guard total == manifest.count else {
            throw FileError(
                .malformed, path: container.path, "expected \(manifest.count) vectors in all lists, found \(total)",
                section: "counts")
        }
        return MappedLists(
            counts: counts, shape: shape,
            ids: try container.matrix("ids", .int64, rows: 1, columns: total),
            codes: try container.matrix("codes", .uint8, rows: 1, columns: bytes),
            refined: shape.refinedByteCount == 0
                ? Matrix(rows: 0, columns: 0) { _ in }
                : try container.matrix("refined", .uint8, rows: total, columns: shape.refinedByteCount),
            isResident: !container.isMapped)
    }
}
