public import Akin
import Foundation

/// How to turn a source's images into vectors; the defaults are good.
public struct EmbeddingOptions: Sendable {
    /// Threads that compute, 1...1024; `nil` means one per core.
    public var threads: Int?
    /// Whether an image that cannot be read is an error; otherwise it is recorded and skipped.
    public var strict: Bool
    /// Larger pictures count as unreadable.
    public var limits: ImageLimits
    /// Whether what an interrupted run left is dropped instead of being continued.
    public var restart: Bool

    /// Chooses how to embed.
    public init(
        threads: Int? = nil, strict: Bool = false, limits: ImageLimits = .standard, restart: Bool = false
    ) {
        self.threads = threads
        self.strict = strict
        self.limits = limits
        self.restart = restart
    }
}

/// Reads, decodes, prepares and embeds the images of a source, on all cores.
///
/// A thread takes a few consecutive images through all steps. There is no hand-over between decoding and inference, so
/// both run at any time, in the proportion that they need, and no core waits for the other. More threads than cores exist,
/// so that some can wait for a disk while all cores compute.
///
/// The vectors come in the order of the source, and do not depend on the number of threads. Memory is bounded by the
/// number of threads and the size of the images, not by how many there are.
public enum EmbeddingPipeline {
    /// Consecutive images that a thread takes at a time, at least.
    package static let smallestChunk = 8

    /// Images that are listed but not yet delivered, at most.
    package static func largestInFlight(threads: Int, batch: Int) -> Int {
        window(threads: threads) * chunk(batch: batch)
    }

    /// Embeds a source in memory.
    ///
    /// - Parameters:
    ///   - source: the images.
    ///   - embedder: what makes vectors of them.
    ///   - options: threads, and what happens with unreadable images.
    ///   - monitor: progress and cancellation; phase "embedding", in images.
    /// - Returns: vectors and records in source order.
    /// - Throws: ``EmbeddingError``, `ImageSourceError`, `CancellationError`, and what the embedder throws.
    public static func embed(
        source: any ImageSource, embedder: any Embedder, options: EmbeddingOptions = .init(),
        monitor: ProgressMonitor = .silent
    ) throws -> EmbeddedSet {
        var records: [ImageRecord] = []
        var skipped: [ImageRecord] = []
        var elements: [Float] = []
        let total = try source.countImages()
        var items = try source.items()
        try run(&items, first: 0, total: total, embedder: embedder, options: options, monitor: monitor) { chunk in
            for var record in chunk.records {
                if record.error == nil {
                    record.row = records.count
                    records.append(record)
                } else {
                    skipped.append(record)
                }
            }
            for vectors in chunk.vectors { vectors.withUnsafeElements { elements.append(contentsOf: $0) } }
        }
        guard !records.isEmpty else {
            throw EmbeddingError.nothingReadable(
                source: source.path, count: skipped.count, reason: skipped.first?.error ?? "it has no images")
        }
        let vectors = Matrix<Float>(rows: records.count, columns: embedder.dimension) { target in
            _ = target.update(from: elements)
        }
        return EmbeddedSet(vectors: vectors, records: records, skipped: skipped, space: embedder.space)
    }

    /// Embeds a source into files: `vectors.npy`, `vectors.jsonl` and `vectors.json`, see ``EmbeddedSet/init(path:)``.
    ///
    /// The work is kept in `.partial` files until it is complete. When it is interrupted, in whatever way, the next call
    /// with the same source, embedder and path goes on behind the last image that was kept, and the files in the end
    /// are those of an uninterrupted run.
    ///
    /// - Parameters:
    ///   - source: the images.
    ///   - embedder: what makes vectors of them.
    ///   - path: the file of vectors; its name ends in `.npy`.
    ///   - options: threads, what happens with unreadable images, and whether to start over.
    ///   - monitor: progress and cancellation; phase "embedding", in images.
    /// - Returns: how many images there are, embedded, skipped and taken over.
    /// - Throws: ``EmbeddingError``; ``EmbeddingError/cannotResume(file:what:expected:actual:)`` where an interrupted run
    ///   had another source or embedder; `FileError`, `ImageSourceError`, `CancellationError`, what the embedder throws.
    public static func embed(
        source: any ImageSource, embedder: any Embedder, to path: String, options: EmbeddingOptions = .init(),
        monitor: ProgressMonitor = .silent
    ) throws -> EmbeddingSummary {
        let total = try source.countImages()
        var items = try source.items()
        let writer = try EmbeddedSetWriter(
            path: path, description: .init(source: source.path, embedder: embedder), restart: options.restart)
        if let summary = writer.finished { return summary }
        try writer.resume(along: &items, strict: options.strict)
        let resumed = writer.imageCount
        do {
            try run(
                &items, first: resumed, total: total, embedder: embedder, options: options, monitor: monitor
            ) { chunk in
                try writer.append(chunk)
            }
        } catch {
            // What is finished stays; should the disk refuse even that, the first error is the one that matters.
            if writer.imageCount > 0 { try? writer.checkpoint() } else { try? writer.discard() }
            throw error
        }
        return try writer.finish(resumedImages: resumed)
    }

    /// A few images that have gone through all steps.
    struct Chunk: Sendable {
        /// In source order, without row numbers yet.
        var records: [ImageRecord] = []
        /// The vectors of the records without error, in the same order.
        var vectors: [Matrix<Float>] = []
        /// Why the chunk ends before its last image.
        var failure: (any Error)?
        /// Whether the work was given up before its last image.
        var isCut = false
    }

    private static func window(threads: Int) -> Int { 3 * threads + 2 }

    private static func chunk(batch: Int) -> Int { (smallestChunk + batch - 1) / batch * batch }

    /// Takes the images of `items` through all steps and delivers them in order.
    private static func run(
        _ items: inout any ImageItems, first: Int, total: Int, embedder: any Embedder, options: EmbeddingOptions,
        monitor: ProgressMonitor, deliver: (Chunk) throws -> Void
    ) throws {
        if let threads = options.threads, !(1...1024).contains(threads) {
            throw EmbeddingError.outOfRange(name: "threads", value: threads, allowed: 1...1024)
        }
        let cores = options.threads ?? ProcessInfo.processInfo.activeProcessorCount
        // A source with few images is spread over the cores rather than given to one.
        let batch = max(embedder.preferredBatch, 1)
        let share = (max(total - first, 1) + cores - 1) / cores
        let size = min(chunk(batch: batch), max((share + batch - 1) / batch * batch, batch))
        let work = OrderedWork(threads: cores + min(cores, 8), cores: cores, window: window(threads: cores))

        var done = first
        try monitor.update("embedding", done: done, total: total)
        var isEnd = false
        var damage: (any Error)?
        try work.run(
            next: { () throws -> [ImageItem]? in
                var chunk: [ImageItem] = []
                while !isEnd && chunk.count < size {
                    do {
                        guard let item = try items.next() else { isEnd = true; break }
                        chunk.append(item)
                    } catch {
                        // The images before the damage are embedded first.
                        damage = error
                        isEnd = true
                    }
                }
                if !chunk.isEmpty { return chunk }
                if let damage { throw damage }
                return nil
            },
            work: { items, worker in
                process(items, batch: batch, embedder: embedder, options: options, worker: worker)
            },
            take: { chunk in
                try deliver(chunk)
                done += chunk.records.count
                if let failure = chunk.failure { throw failure }
                return !chunk.isCut
            },
            tick: { try monitor.update("embedding", done: done, total: total) })
    }

    /// Takes a few images through all steps, in order.
    private static func process(
        _ items: [ImageItem], batch: Int, embedder: any Embedder, options: EmbeddingOptions,
        worker: OrderedWork.Worker
    ) -> Chunk {
        // Waiting for the disk needs no core.
        let files = items.map { item in Result { () throws(ImageSourceError) in try item.read() } }
        return worker.computing {
            var chunk = Chunk()
            var pending: [ImageRecord] = []
            var inputs: [[Float]] = []

            /// Embeds what is pending and puts its records behind the others.
            func flush() throws {
                if !inputs.isEmpty {
                    let vectors = try embedder.embed(inputs)
                    let embedded = pending.filter { $0.error == nil }
                    try check(vectors, of: embedded, dimension: embedder.dimension)
                    chunk.vectors.append(vectors)
                }
                chunk.records += pending
                pending.removeAll()
                inputs.removeAll(keepingCapacity: true)
            }

            do {
                for (item, file) in zip(items, files) {
                    if worker.isStopped {
                        chunk.isCut = true
                        return chunk
                    }
                    var record = ImageRecord(path: item.path, label: item.label)
                    do {
                        let image = try RGBImage(decoding: file.get(), limits: options.limits)
                        inputs.append(try embedder.prepare(image))
                    } catch  where error is ImageError || error is ImageSourceError {
                        record.error = "\(error)"
                        if options.strict {
                            try flush()
                            throw EmbeddingError.unreadableImage(path: item.path, reason: "\(error)")
                        }
                    }
                    pending.append(record)
                    if inputs.count == batch { try flush() }
                }
                try flush()
            } catch {
                chunk.failure = error
            }
            return chunk
        }
    }

    /// Refuses vectors that no index could hold.
    private static func check(_ vectors: Matrix<Float>, of records: [ImageRecord], dimension: Int) throws {
        precondition(vectors.rows == records.count && vectors.columns == dimension, "the embedder broke its promise")
        try vectors.withUnsafeElements { elements in
            if let bad = elements.firstIndex(where: { !$0.isFinite }) {
                throw EmbeddingError.notFinite(image: records[bad / dimension].path, component: bad % dimension)
            }
        }
    }
}
