extension KDTreeIndex {
    /// Writes the index to an `.akin` file, which appears complete or not at all.
    ///
    /// - Parameter path: the file; one that is there is replaced.
    /// - Throws: ``FileError`` for a place that cannot be written and a full disk.
    public func save(to path: String) throws {
        let writer = try ContainerWriter(path: path)
        try vectors.write(
            self, breadth: leaves, largestSquare: treeSpace.largestSquare, seed: seed, elementType: .float32,
            to: writer)
        for (i, tree) in trees.enumerated() {
            try writer.begin("nodes.\(i)", .int32)
            try tree.nodes.withUnsafeElements { (elements) throws(FileError) in try writer.write(elements) }
            try writer.begin("rows.\(i)", .int32)
            try tree.rows.withUnsafeElements { (elements) throws(FileError) in try writer.write(elements) }
        }
        try writer.finish()
    }

    /// Opens an index that ``save(to:)`` wrote.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - isMapped: whether vectors stay in the file, mapped, and are read when a search compares them.
    ///   - verify: whether to compare all bytes with their checksums, which reads the whole file. Otherwise only what
    ///     training found, the ids and the trees are compared.
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
            Self.trees(spec) == nil ? nil : 4 * coded
        }
        let count = stored.count
        let dimension = TreeSpace(metric: stored.rankedMetric, largestSquare: 0).dimension(stored.codedDimension)
        let wanted = count == 0 && container.find("nodes.0") == nil ? 0 : Self.trees(stored.specification) ?? 1
        let trees = try (0..<wanted).map { i in
            let nodes = try container.section("nodes.\(i)", .int32)
            if !verify {
                try container.check(nodes)
                try container.check(container.section("rows.\(i)", .int32))
            }
            let tree = KDTree(
                nodes: try container.matrix("nodes.\(i)", .int32, rows: nodes.byteCount / 16, columns: 4),
                rows: try container.matrix("rows.\(i)", .int32, rows: 1, columns: count))
            if let problem = tree.problem(count: count, dimension: dimension) {
                throw FileError(.malformed, path: container.path, problem, section: "nodes.\(i)")
            }
            return tree
        }
        self.init(
            stored, trees: trees, largestSquare: manifest.largestSquare ?? 0, leaves: manifest.breadth,
            seed: manifest.seed ?? 1234)
    }
}
