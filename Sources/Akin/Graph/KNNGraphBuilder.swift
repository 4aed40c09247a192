import Foundation

/// Builds a k-nearest-neighbour graph of a file of vectors that may be larger than memory.
///
/// The graph is that of ``KNNGraph/exact(_:k:metric:options:)`` or ``KNNGraph/approximate(_:k:metric:options:)``, to the
/// last bit. What is computed on the way lies in mapped work files beside the output, and the work goes through pairs of
/// blocks that fit into memory together, each pair once. Work files have no names: nothing stays of a build that was
/// stopped, and the next one begins anew.
///
/// ```swift
/// let builder = KNNGraphBuilder(k: 10, memory: 1 << 30, isExact: false)
/// let summary = try builder.build(VectorFile(path: "base.fbin"), to: "graph.ivecs")
/// ```
public struct KNNGraphBuilder: Sendable {
    /// Neighbours of each vector.
    public let k: Int
    /// How nearness is measured.
    public let metric: Metric
    /// Bytes to get by with: memory of the program and blocks of mapped files that are being worked on.
    public let memory: Int
    /// Whether to build the true graph, or one that holds the share of neighbours that ``options`` say.
    public let isExact: Bool
    /// Recall, seed, threads, progress and cancellation.
    public var options: KNNGraphOptions

    /// Rows of a block, whatever the memory; for tests.
    package var rowsPerBlock: Int?

    /// Describes a build.
    public init(
        k: Int, metric: Metric = .l2, memory: Int, isExact: Bool = true, options: KNNGraphOptions = .init()
    ) {
        self.k = k
        self.metric = metric
        self.memory = memory
        self.isExact = isExact
        self.options = options
    }

    /// What a build did.
    public struct Summary: Sendable {
        /// Vectors, and neighbours of each.
        public var count, degree: Int
        /// Whether these are proven to be the true nearest.
        public var isExact: Bool
        /// Share of the true neighbours that a sample showed; `nil` for an exact graph.
        public var measuredRecall: Double?
    }

    /// Builds the graph and writes the row numbers of the neighbours to `path`, their scores beside them.
    ///
    /// Each file appears complete or not at all.
    ///
    /// - Parameters:
    ///   - base: two vectors or more.
    ///   - path: the file of row numbers: `.ivecs` or `.npy`; its folder takes the work files.
    /// - Returns: what kind of graph it has become.
    /// - Throws: ``IndexError/outOfRange(name:value:allowed:)`` for less memory than ``leastMemory(for:)`` and for a `k`
    ///   or options out of range; ``IndexError/empty`` for fewer than two vectors;
    ///   ``IndexError/notFinite(row:column:)``; ``FileError`` for files that cannot be read or written, a disk without
    ///   room for the work files among them; `CancellationError` when the monitor says stop.
    /// - Complexity: as in memory; ``plan(for:)`` says how much is read.
    public func build(_ base: VectorFile, to path: String) throws -> Summary {
        try KNNGraph.check(count: base.count, k: k, options: options)
        guard base.count > 1 else { throw IndexError.empty }
        let least = leastMemory(for: base)
        guard memory >= least || rowsPerBlock != nil else {
            throw IndexError.outOfRange(name: "memory", value: memory, allowed: least...Int.max)
        }
        let output = try KNNGraphWriter(path: path, degree: min(k, base.count - 1))
        let workspace = workspace(beside: path)
        let vectors = try floats(base, in: workspace.place)
        let made =
            isExact
            ? try KNNGraph.exactTable(vectors, k: k, metric: metric, options: options, in: workspace)
            : try KNNGraph.approximateTable(vectors, k: k, metric: metric, options: options, in: workspace)
        let table = made.table
        let block = max(1, min(table.count, (1 << 20) / table.degree))
        for first in stride(from: 0, to: table.count, by: block) {
            try options.monitor.update("writing", done: first, total: table.count)
            let (ids, scores) = table.rows(first..<min(table.count, first + block))
            try output.append(ids: ids, scores: scores)
        }
        try output.finish()
        return Summary(
            count: table.count, degree: table.degree, isExact: made.isExact, measuredRecall: made.measuredRecall)
    }

    /// Vectors as floats in a mapped file: the one that was given, or a work file that they are converted to.
    private func floats(_ base: VectorFile, in place: WorkPlace) throws -> Matrix<Float> {
        if base.isMappedAsFloats { return try base.floats() }
        let (count, dimension, monitor) = (base.count, base.dimension, options.monitor)
        return try place.matrix(rows: count, columns: dimension) { target in
            let block = max(1, (4 << 20) / (4 * dimension))
            for first in stride(from: 0, to: count, by: block) {
                try monitor.update("reading", done: first, total: count)
                try base.floats(first..<min(count, first + block)).withUnsafeElements { elements in
                    guard let from = elements.baseAddress else { return }
                    (target + first * dimension).update(from: from, count: elements.count)
                }
            }
        }
    }

    private func workspace(beside path: String) -> GraphWorkspace {
        let folder = (path as NSString).deletingLastPathComponent
        return GraphWorkspace(
            place: WorkPlace(folder: folder.isEmpty ? "." : folder), room: memory - Self.fixedMemory,
            rowsPerBlock: rowsPerBlock)
    }
}

// MARK: - Planning

extension KNNGraphBuilder {
    /// What is taken beside blocks: the program, buffers of output, what threads pack and find.
    static let fixedMemory = 32 << 20

    /// The least memory that a build gets by with: centroids are trained in memory, and blocks have a smallest size.
    public func leastMemory(for base: VectorFile) -> Int {
        let dimension = base.dimension, lists = GraphLists.listCount(for: base.count)
        // Codes, bounds and terms of each vector of the sample; several forms and sums of each centroid.
        let groups = RetainedPoints.grouping(panels: (lists + panelRows - 1) / panelRows, dimension: dimension).groups
        let training =
            GraphLists.sampleCount(for: base.count) * (JoinCodes.padded(dimension) + 4 * groups + 64)
            + lists * dimension * 40
        let block = GraphWorkspace.fewestRows * stages(for: base).map(\.bytesEach).reduce(0, max)
        let mebibyte = 1 << 20
        return (Self.fixedMemory + max(training, block) + mebibyte - 1) / mebibyte * mebibyte
    }

    /// How a build goes through a file, before it starts.
    public struct Plan: Sendable {
        /// Blocks of the stage that has most.
        public var blocks: Int
        /// How often all vectors are read from the file.
        public var passes: Int
        /// Bytes read from the vectors and from work files, where nothing of them stays in memory.
        public var bytesRead: Int
        /// Bytes of work files, about.
        public var workBytes: Int
    }

    /// Says how a build would go through a file.
    public func plan(for base: VectorFile) -> Plan {
        let (count, dimension) = (base.count, base.dimension)
        let padded = JoinCodes.padded(dimension), rows = count * dimension * 4
        let workspace = workspace(beside: "")
        let stages = stages(for: base)
        let blocks = stages.map { workspace.blocks(of: count, bytesEach: $0.bytesEach).count }
        // The check, the code, the copy in the order of lists; for the cosine the lengths.
        let passes = metric == .cosine ? 4 : 3
        var bytes = passes * rows + 3 * count * padded
        for (stage, blocks) in zip(stages, blocks) {
            bytes += (stage.isSymmetric ? (blocks + 1) / 2 : blocks) * count * stage.bytesEach / 2
        }
        let work =
            rows + 2 * count * (padded + 16) + count * (8 * (width + min(k, count - 1)) + 8 * assumedBreadth + 12)
            + count * min(k, count - 1) * 8
        let converted = base.isMappedAsFloats ? 0 : 1
        return Plan(
            blocks: blocks.max() ?? 1, passes: passes + converted, bytesRead: bytes + converted * base.byteCount,
            workBytes: work + converted * rows)
    }

    /// Candidates for each place.
    private var width: Int { isExact ? k + 4 : k + max(6, k / 2) }
    /// Lists that a point looks into, as far as that is known beforehand.
    private var assumedBreadth: Int { isExact ? 3 : 32 }

    private func stages(for base: VectorFile) -> [(bytesEach: Int, isSymmetric: Bool)] {
        let dimension = base.dimension, padded = JoinCodes.padded(dimension)
        var stages = [
            (GraphWorkspace.joinBytes(padded: padded, width: width, breadth: assumedBreadth), false),
            (GraphWorkspace.settleBytes(dimension: dimension, width: width), false),
        ]
        if isExact {
            stages.append((GraphWorkspace.pairBytes(padded: padded, dimension: dimension, degree: k), true))
        }
        return stages.map { (bytesEach: $0.0, isSymmetric: $0.1) }
    }
}
