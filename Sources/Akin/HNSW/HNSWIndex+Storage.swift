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
        for (level, layer) in layers.enumerated() {
            try write(layer.links, named: "links.\(level)", .int32, to: writer)
            if level > 0 { try write(layer.places, named: "places.\(level)", .int32, to: writer) }
        }
        try write(ids, named: "ids", .int64, to: writer)
        try write(codes, named: "codes", .uint8, to: writer)
        if refinement != nil { try write(refined, named: "refined", .uint8, to: writer) }
        try writer.finish()
    }

    private func write(
        _ rows: RowStore, named name: String, _ kind: ContainerSection.Kind, to writer: ContainerWriter
    ) throws(FileError) {
        try writer.begin(name, kind)
        try writer.write(UnsafeRawBufferPointer(start: rows.base, count: rows.byteCount))
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
        layers = try graph.members.enumerated().map { level, count in
            try GraphLayer(
                container, level: level, count: count, degree: level == 0 ? 2 * m : m,
                below: level == 0 ? 0 : graph.members[level - 1], rows: manifest.count, verify: !verify)
        }
        try Self.checkPlaces(layers, container)
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
    /// Sees that a member of a higher level is the row that it is one level down, and is there once.
    private static func checkPlaces(_ layers: [GraphLayer], _ container: ContainerReader) throws(FileError) {
        for level in layers.indices.dropFirst() {
            let view = LayerView(layers[level], isBase: false)
            let below = LayerView(layers[level - 1], isBase: level == 1)
            var met = [Bool](repeating: false, count: below.count)
            for member in 0..<UInt32(view.count) {
                let place = view.below(member)
                guard below.row(of: place) == view.row(of: member), !met[Int(place)] else {
                    throw FileError(
                        .malformed, path: container.path,
                        "member \(member) of level \(level) is another one level down, or there twice",
                        section: "places.\(level)")
                }
                met[Int(place)] = true
            }
        }
    }

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

extension GraphLayer {
    /// Reads a level and sees that every link leads to a member.
    fileprivate init(
        _ container: ContainerReader, level: Int, count: Int, degree: Int, below: Int, rows: Int, verify: Bool
    ) throws {
        let stored: Matrix<Int32> = try container.matrix("links.\(level)", .int32, rows: count, columns: degree)
        if verify { try container.check(container.section("links.\(level)", .int32)) }
        let wrong = stored.withUnsafeElements { links in
            links.firstIndex { UInt32(bitPattern: $0) != Self.none && !(0..<count).contains(Int($0)) }
        }
        if let wrong {
            throw FileError(
                .malformed, path: container.path,
                "member \(wrong / degree) of level \(level) has a link outside the \(count) there are",
                section: "links.\(level)")
        }
        self.init(degree: degree)
        links = RowStore(showing: stored)
        guard level > 0 else { return }
        let stations: Matrix<Int32> = try container.matrix("places.\(level)", .int32, rows: count, columns: 2)
        if verify { try container.check(container.section("places.\(level)", .int32)) }
        let isWhole = stations.withUnsafeElements { numbers in
            numbers.indices.allSatisfy { (0..<($0 % 2 == 0 ? rows : below)).contains(Int(numbers[$0])) }
        }
        guard isWhole else {
            throw FileError(
                .malformed, path: container.path, "a member of level \(level) is not in the level below",
                section: "places.\(level)")
        }
        places = RowStore(showing: stations)
    }
}
