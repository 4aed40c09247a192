import Akin
import AkinTestSupport
import AkinVision
import Foundation
import Synchronization
import Testing

@Suite("Embedding pipeline")
struct EmbeddingPipelineTests {
    @Test("vectors come in source order whatever the threads and the batch", arguments: [1, 2, 7], [1, 3, 16])
    func vectorsComeInOrder(threads: Int, batch: Int) throws {
        try withTemporaryDirectory { folder in
            try TestImages.writeFolder(folder, count: 101, broken: [0, 40, 41, 42, 100])
            let set = try EmbeddingPipeline.embed(
                source: ImageSources.open(folder), embedder: NumberEmbedder(preferredBatch: batch),
                options: .init(threads: threads))
            #expect(set.vectors.rows == 96)
            let numbers = (0..<101).filter { ![0, 40, 41, 42, 100].contains($0) }
            #expect((0..<96).map { TestImages.number(set, row: $0) } == numbers)
            #expect(set.records.map(\.row) == Array(0..<96))
            #expect(zip(set.records, numbers).allSatisfy { $0.path.hasSuffix("\($1).png") })
            #expect(zip(set.records, numbers).allSatisfy { $0.label == ($1 < 50 ? "a" : "b") })
            #expect(set.skipped.map { $0.path.suffix(7) } == ["000.png", "040.png", "041.png", "042.png", "100.png"])
            #expect(set.skipped.allSatisfy { $0.row == nil && $0.error?.contains("not a JPEG") == true })
            #expect(set.space == NumberEmbedder().space)
        }
    }

    @Test("an image that cannot be read is an error where all must be", arguments: [0, 13, 29])
    func strict(broken: Int) throws {
        try withTemporaryDirectory { folder in
            try TestImages.writeFolder(folder, count: 30, broken: [broken])
            let error = #expect(throws: EmbeddingError.self) {
                try EmbeddingPipeline.embed(
                    source: ImageSources.open(folder), embedder: NumberEmbedder(), options: .init(strict: true))
            }
            guard case .unreadableImage(let path, let reason) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(path.hasSuffix("\(broken).png") && reason.contains("not a JPEG"))
        }
    }

    @Test("pictures over the limit count as unreadable")
    func limits() throws {
        try withTemporaryDirectory { folder in
            try TestImages.writeFolder(folder, count: 4)
            #expect {
                try EmbeddingPipeline.embed(
                    source: ImageSources.open(folder), embedder: NumberEmbedder(),
                    options: .init(limits: ImageLimits(pixels: 5)))
            } throws: { error in
                guard case EmbeddingError.nothingReadable(_, 4, let reason) = error else { return false }
                return reason.contains("3 x 2")
            }
        }
    }

    @Test("a source of nothing readable is an error and leaves no file")
    func nothingReadable() throws {
        try withTemporaryDirectory { folder in
            try TestImages.writeFolder(folder + "/in", count: 3, broken: [0, 1, 2])
            try FileManager.default.createDirectory(atPath: folder + "/out", withIntermediateDirectories: true)
            let error = #expect(throws: EmbeddingError.self) {
                try EmbeddingPipeline.embed(
                    source: ImageSources.open(folder + "/in"), embedder: NumberEmbedder(), to: folder + "/out/v.npy")
            }
            guard case .nothingReadable(_, 3, _) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            let left = try FileManager.default.contentsOfDirectory(atPath: folder + "/out")
            #expect(left == [])
        }
    }

    @Test("a vector that is not finite is an error that names the image")
    func notFinite() throws {
        try withTemporaryDirectory { folder in
            try TestImages.writeFolder(folder, count: 20)
            #expect(throws: EmbeddingError.notFinite(image: "b/011.png", component: 1)) {
                try EmbeddingPipeline.embed(
                    source: ImageSources.open(folder), embedder: NumberEmbedder(preferredBatch: 4, broken: 11))
            }
        }
    }

    @Test("an error of the embedder is thrown as it is", arguments: [0, 9, 19])
    func embedderFails(failing: Int) throws {
        try withTemporaryDirectory { folder in
            try TestImages.writeFolder(folder, count: 20)
            #expect(throws: NumberEmbedder.Failure()) {
                try EmbeddingPipeline.embed(
                    source: ImageSources.open(folder), embedder: NumberEmbedder(failing: failing))
            }
        }
    }

    @Test("a number of threads out of range is an error", arguments: [0, -1, 1025])
    func threadsOutOfRange(threads: Int) throws {
        #expect(throws: EmbeddingError.outOfRange(name: "threads", value: threads, allowed: 1...1024)) {
            try EmbeddingPipeline.embed(
                source: CountingSource(count: 1), embedder: NumberEmbedder(), options: .init(threads: threads))
        }
    }

    @Test("what is in memory does not grow with the source", arguments: [1, 2, 5])
    func inFlightIsBounded(threads: Int) throws {
        let source = try CountingSource(count: 3_000)
        let largest = Mutex(0)
        let monitor = ProgressMonitor(onUpdate: { update in
            let inFlight = source.listed.load(ordering: .relaxed) - update.done
            largest.withLock { $0 = max($0, inFlight) }
        })
        try withTemporaryDirectory { folder in
            let summary = try EmbeddingPipeline.embed(
                source: source, embedder: NumberEmbedder(), to: folder + "/v.npy", options: .init(threads: threads),
                monitor: monitor)
            #expect(summary.embedded == 3_000)
        }
        #expect(source.read.load(ordering: .relaxed) == 3_000)
        #expect(largest.withLock { $0 } > 0)
        #expect(largest.withLock { $0 } <= EmbeddingPipeline.largestInFlight(threads: threads, batch: 1))
    }

    @Test("a slow image does not let the others run ahead without bound")
    func slowImage() throws {
        let others = Atomic(0)
        let meanwhile = Atomic(0)
        let source = try CountingSource(count: 2_000) { number in
            guard number == 0 else {
                others.add(1, ordering: .relaxed)
                return
            }
            Thread.sleep(forTimeInterval: 0.3)
            meanwhile.store(others.load(ordering: .relaxed), ordering: .relaxed)
        }
        let set = try EmbeddingPipeline.embed(source: source, embedder: NumberEmbedder(), options: .init(threads: 3))
        #expect(set.vectors.rows == 2_000)
        #expect(meanwhile.load(ordering: .relaxed) < EmbeddingPipeline.largestInFlight(threads: 3, batch: 1))
    }

    @Test("batches are as large as the embedder likes them")
    func batchesAreFull() throws {
        let sizes = Mutex<[Int]>([])
        let embedder = NumberEmbedder(preferredBatch: 5, onEmbed: { size in sizes.withLock { $0.append(size) } })
        _ = try EmbeddingPipeline.embed(
            source: CountingSource(count: 203), embedder: embedder, options: .init(threads: 2))
        #expect(sizes.withLock { $0.filter { $0 != 5 } } == [3])
    }

    @Test("cancelling stops soon")
    func cancelling() throws {
        let source = try CountingSource(count: 100_000)
        let monitor = ProgressMonitor(shouldStop: { source.read.load(ordering: .relaxed) > 100 })
        #expect(throws: CancellationError.self) {
            try EmbeddingPipeline.embed(source: source, embedder: NumberEmbedder(), monitor: monitor)
        }
        #expect(source.read.load(ordering: .relaxed) < 10_000)
    }

    @Test("progress goes from nothing to all")
    func progress() throws {
        let updates = Mutex<[ProgressMonitor.Update]>([])
        let monitor = ProgressMonitor(onUpdate: { update in updates.withLock { $0.append(update) } })
        _ = try EmbeddingPipeline.embed(
            source: CountingSource(count: 50), embedder: NumberEmbedder(), monitor: monitor)
        let seen = updates.withLock { $0 }
        #expect(seen.first == .init(phase: "embedding", done: 0, total: 50))
        #expect(seen.last == .init(phase: "embedding", done: 50, total: 50))
        #expect(zip(seen, seen.dropFirst()).allSatisfy { $0.done <= $1.done })
    }
}
