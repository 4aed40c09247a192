import Foundation

/// Builds an inverted file from a file of vectors that may be larger than memory.
///
/// Training takes a sample. Then the vectors are read shard by shard; each shard is coded and written to a file of its
/// own, and in the end the shards are merged list by list into one index. A build that was stopped goes on with the
/// shard it was at, as long as the vectors and the spec are the same.
///
/// ```swift
/// let builder = IVFBuilder(spec: spec, metric: .l2, memory: 1 << 30)
/// let summary = try builder.build(VectorFile(path: "base.fbin"), to: "index.akin")
/// ```
public struct IVFBuilder: Sendable {
    /// What to build.
    public let spec: IndexSpec
    /// How nearness is measured.
    public let metric: Metric
    /// Bytes that the build may keep in memory, beside mapped files.
    public let memory: Int
    /// The embedding space of the vectors, where it is known.
    public var space: EmbeddingSpace?
    /// How to train.
    public var training: IVFIndex.TrainingOptions

    /// Vectors of a shard, whatever the memory; for tests.
    package var rowsPerShard: Int?

    /// The least memory that a build is asked to get by with.
    public static let minimumMemory = 64 << 20

    /// Describes a build.
    ///
    /// - Throws: ``IndexError/outOfRange(name:value:allowed:)`` for less memory than ``minimumMemory``.
    public init(
        spec: IndexSpec, metric: Metric, memory: Int, space: EmbeddingSpace? = nil,
        training: IVFIndex.TrainingOptions = .init()
    ) throws(IndexError) {
        guard memory >= Self.minimumMemory else {
            throw .outOfRange(name: "memory", value: memory, allowed: Self.minimumMemory...Int.max)
        }
        self.spec = spec
        self.metric = metric
        self.memory = memory
        self.space = space
        self.training = training
    }

    /// What a build did.
    public struct Summary: Sendable {
        /// Vectors in the index.
        public var count: Int
        /// Vectors that training looked at.
        public var trainingCount: Int
        /// Shards the vectors were coded in, and how many of them an earlier, stopped build had left.
        public var shards, resumedShards: Int
        /// Seconds of training; of assigning and coding; of merging.
        public var trainSeconds, addSeconds, mergeSeconds: Double
    }

    /// Builds the index and puts it at `path`; shards lie in the folder `path.parts` meanwhile.
    ///
    /// - Throws: ``IndexError``, ``IndexSpecError``, ``FileError``; `CancellationError` when the monitor says stop, and
    ///   finished shards stay for the next try.
    public func build(_ base: VectorFile, to path: String, monitor: ProgressMonitor = .silent) throws -> Summary {
        try spec.validate(dimension: base.dimension)
        guard base.count > 0 else { throw IndexError.empty }
        let parts = BuildParts(folder: path + ".parts")
        var summary = Summary(
            count: base.count, trainingCount: 0, shards: 0, resumedShards: 0, trainSeconds: 0, addSeconds: 0,
            mergeSeconds: 0)
        let ticket = BuildParts.Ticket(
            spec: "\(spec)", metric: metric, vectors: base.path, byteCount: base.byteCount, count: base.count,
            dimension: base.dimension, seed: training.seed, memory: memory)
        try parts.open(ticket)

        let (trained, trainSeconds) = try measured { try self.trained(base, parts, &summary, monitor) }
        summary.trainSeconds = trainSeconds
        let rows = shardRows(trained)
        summary.shards = (base.count + rows - 1) / rows
        let (_, addSeconds) = try measured { () throws -> Void in
            for shard in 0..<summary.shards {
                try monitor.update("coding", done: shard * rows, total: base.count)
                let file = parts.shard(shard)
                if (try? IVFIndex(path: file, isMapped: true, verify: false))?.count
                    == min(rows, base.count - shard * rows)
                {
                    summary.resumedShards += 1
                    continue
                }
                let range = shard * rows..<min((shard + 1) * rows, base.count)
                try code(base, range, trained, monitor).save(to: file)
            }
        }
        summary.addSeconds = addSeconds
        let (_, mergeSeconds) = try measured { () throws -> Void in
            let shards = try (0..<summary.shards).map {
                try IVFIndex(path: parts.shard($0), isMapped: true, verify: false)
            }
            try IVFMerge(shards).write(to: path, monitor: monitor)
        }
        summary.mergeSeconds = mergeSeconds
        parts.remove()
        return summary
    }

    /// The trained index without vectors, from an earlier try or made now.
    private func trained(
        _ base: VectorFile, _ parts: BuildParts, _ summary: inout Summary, _ monitor: ProgressMonitor
    ) throws -> IVFIndex {
        if let known = try? IVFIndex(path: parts.trained, verify: true) { return known }
        // The sample is held twice while transforms work on it, and k-means keeps its own form of it.
        let affordable = max(1, memory / 5 / (base.dimension * 4))
        let wanted = max((spec.partition?.nlist ?? 1) * training.maxPointsPerCentroid, 1 << 16)
        let count = min(base.count, affordable, wanted)
        summary.trainingCount = count
        let sample = try Self.sample(base, count: count, monitor)
        let index = try IVFIndex(
            training: sample, spec: spec, metric: metric, space: space, options: training, monitor: monitor)
        try index.save(to: parts.trained)
        return index
    }

    /// Evenly spaced rows.
    private static func sample(_ base: VectorFile, count: Int, _ monitor: ProgressMonitor) throws -> Matrix<Float> {
        if count == base.count, base.elementType == .float32 { return try base.floats() }
        let dimension = base.dimension
        return try Matrix(rows: count, columns: dimension) { target in
            for i in 0..<count {
                let row = i * base.count / count
                let block = try base.floats(row..<row + 1)
                block.withUnsafeElements { x in
                    for c in 0..<dimension { target[i * dimension + c] = x[c] }
                }
                if i % 65_536 == 0 { try monitor.update("sampling", done: i, total: count) }
            }
        }
    }

    /// Vectors of a shard: what its lists take must fit beside the centroids and the vectors at hand.
    private func shardRows(_ trained: IVFIndex) -> Int {
        if let rowsPerShard { return rowsPerShard }
        let shape = trained.lists.shape
        let each = 8 + shape.refinedByteCount + shape.blockByteCount / shape.blockVectors
        let padding = trained.nlist * shape.blockByteCount / 2
        let room = memory - trained.byteCount - padding - 4 * (1 << 16) * trained.dimension * 4
        return max(1 << 16, room / 2 / each)
    }

    private func code(
        _ base: VectorFile, _ range: Range<Int>, _ trained: IVFIndex, _ monitor: ProgressMonitor
    ) throws -> IVFIndex {
        var index = trained
        let step = 1 << 18
        for first in stride(from: range.lowerBound, to: range.upperBound, by: step) {
            let rows = first..<min(first + step, range.upperBound)
            try monitor.update("coding", done: first, total: base.count)
            try index.add(
                base.floats(rows), ids: rows.map(Int64.init), threads: training.threads, device: training.device,
                monitor: monitor.quiet)
        }
        return index
    }
}

/// The files of a build that is under way.
private struct BuildParts {
    /// What was being built from what; another build does not use the files.
    struct Ticket: Codable, Equatable {
        var spec: String
        var metric: Metric
        var vectors: String
        var byteCount: Int
        var count: Int
        var dimension: Int
        var seed: UInt64
        var memory: Int
    }

    let folder: String
    var trained: String { folder + "/trained.akin" }
    func shard(_ number: Int) -> String { folder + "/shard-\(number).akin" }
    private var ticketPath: String { folder + "/build.json" }

    /// Makes the folder, or takes over one that was left by the same build; what another left is thrown away.
    func open(_ ticket: Ticket) throws {
        let manager = FileManager.default
        if let data = manager.contents(atPath: ticketPath),
            let known = try? JSONDecoder().decode(Ticket.self, from: data), known == ticket
        {
            return
        }
        if manager.fileExists(atPath: folder) {
            guard manager.fileExists(atPath: ticketPath) else {
                throw FileError(
                    .mismatch, path: folder, "expected a folder that a build left, or none; remove it to go on")
            }
            remove()
        }
        do {
            try manager.createDirectory(atPath: folder, withIntermediateDirectories: false)
        } catch {
            throw FileError(.unwritable, path: folder, "cannot make the folder: \(error.localizedDescription)")
        }
        let file = try AtomicFile(path: ticketPath)
        try file.write(Array(JSONEncoder().encode(ticket)))
        try file.commit()
    }

    func remove() { try? FileManager.default.removeItem(atPath: folder) }
}

/// Runs `body` and says how many seconds it took.
private func measured<Result>(_ body: () throws -> Result) rethrows -> (Result, Double) {
    let clock = ContinuousClock()
    let start = clock.now
    let result = try body()
    let duration = clock.now - start
    return (result, Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18)
}
