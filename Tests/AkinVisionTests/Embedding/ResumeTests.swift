import Akin
import AkinTestSupport
import AkinVision
import Foundation
import Synchronization
import Testing

@Suite("Embedding into files, interrupted and continued")
struct ResumeTests {
    static let names = ["v.npy", "v.jsonl", "v.json"]

    /// Writes a folder of 60 images, 3 of them broken, and lends it beside the bytes of an uninterrupted run.
    private func withImages(_ body: (_ folder: String, _ complete: [Data]) throws -> Void) throws {
        try withTemporaryDirectory { folder in
            try TestImages.writeFolder(folder + "/in", count: 60, broken: [0, 31, 59])
            try FileManager.default.createDirectory(atPath: folder + "/whole", withIntermediateDirectories: true)
            try FileManager.default.createDirectory(atPath: folder + "/out", withIntermediateDirectories: true)
            let summary = try embed(folder, to: "whole")
            #expect(summary.embedded == 57 && summary.skipped == 3 && summary.resumed == 0)
            try body(folder, try files(folder, "whole"))
        }
    }

    @discardableResult
    private func embed(
        _ folder: String, to out: String = "out", embedder: NumberEmbedder = .init(), threads: Int = 2,
        restart: Bool = false, strict: Bool = false, monitor: ProgressMonitor = .silent
    ) throws -> EmbeddingSummary {
        try EmbeddingPipeline.embed(
            source: ImageSources.open(folder + "/in"), embedder: embedder, to: "\(folder)/\(out)/v.npy",
            options: .init(threads: threads, strict: strict, restart: restart), monitor: monitor)
    }

    private func files(_ folder: String, _ out: String = "out") throws -> [Data] {
        try Self.names.map { try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(out)/\($0)")) }
    }

    /// Runs until `count` images are delivered, then stops as Ctrl-C does.
    private func interrupt(_ folder: String, after count: Int, threads: Int = 2) throws {
        let done = Atomic(0)
        let monitor = ProgressMonitor(
            onUpdate: { done.store($0.done, ordering: .relaxed) },
            shouldStop: { done.load(ordering: .relaxed) >= count })
        #expect(throws: CancellationError.self) { try embed(folder, threads: threads, monitor: monitor) }
    }

    private func rename(_ folder: String, _ old: String, _ new: String) throws {
        try FileManager.default.moveItem(atPath: "\(folder)/out/\(old)", toPath: "\(folder)/out/\(new)")
    }

    private func expectFiles(_ folder: String, _ complete: [Data]) throws {
        let found = try files(folder)
        for (name, (found, complete)) in zip(Self.names, zip(found, complete)) {
            #expect(found == complete, "\(name) differs")
        }
    }

    private func expectContents(_ folder: String, _ names: [String]) throws {
        let found = try contents(folder)
        #expect(found == names)
    }

    private func contents(_ folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder + "/out").sorted()
    }

    @Test("a continued run gives the bytes of an uninterrupted one", arguments: [1, 8, 17, 33, 59], [1, 3])
    func continuedEqualsUninterrupted(count: Int, threads: Int) throws {
        try withImages { folder, complete in
            try interrupt(folder, after: count, threads: threads)
            try expectContents(folder, ["v.json.partial", "v.jsonl.partial", "v.npy.partial"])
            #expect(throws: EmbeddingError.self) { try EmbeddedSet(path: folder + "/out/v.npy") }
            let summary = try embed(folder, threads: 3)
            #expect(summary.resumed >= count && summary.embedded == 57 && summary.skipped == 3)
            try expectFiles(folder, complete)
            try expectContents(folder, Self.names.sorted())
        }
    }

    @Test("a run may be interrupted again and again")
    func interruptedAgain() throws {
        try withImages { folder, complete in
            for count in [5, 20, 40] { try interrupt(folder, after: count, threads: 1) }
            try embed(folder)
            try expectFiles(folder, complete)
        }
    }

    @Test(
        "a killed process leaves torn files, which are mended",
        arguments: [
            (0, 0), (1, 0), (0, 1), (30, 0), (0, 30), (7, 500), (500, 7), (100_000, 0), (0, 100_000),
        ])
    func tornFiles(cut: (records: Int, vectors: Int)) throws {
        try withImages { folder, complete in
            try interrupt(folder, after: 40)
            for (name, bytes) in [("v.jsonl.partial", cut.records), ("v.npy.partial", cut.vectors)] {
                let url = URL(fileURLWithPath: "\(folder)/out/\(name)")
                let data = try Data(contentsOf: url)
                try data.prefix(max(data.count - bytes, 0)).write(to: url)
            }
            try embed(folder)
            try expectFiles(folder, complete)
        }
    }

    @Test(
        "rubbish behind the last record is dropped",
        arguments: [
            "{\"path\":\"x\"}\n", "rubbish\n", "\n", "{\"label\":null,\"path\":\"b/040.png\",\"row\":999}\n",
        ])
    func rubbishIsDropped(rubbish: String) throws {
        try withImages { folder, complete in
            try interrupt(folder, after: 24)
            let url = URL(fileURLWithPath: "\(folder)/out/v.jsonl.partial")
            try (Data(contentsOf: url) + Data(rubbish.utf8)).write(to: url)
            try embed(folder)
            try expectFiles(folder, complete)
        }
    }

    @Test("a crash while the files get their names is made good", arguments: [0, 1, 2])
    func crashWhileRenaming(renamed: Int) throws {
        try withImages { folder, complete in
            try embed(folder)
            // The steps are: records, vectors, description.
            for name in ["v.jsonl", "v.npy"].dropFirst(renamed) + ["v.json"] {
                try rename(folder, name, name + ".partial")
            }
            if renamed < 2 {
                // Only a finished file says in its header how many vectors there are.
                let url = URL(fileURLWithPath: folder + "/out/v.npy.partial")
                var bytes = try Data(contentsOf: url)
                let shape = try #require(bytes.range(of: Data("(57, 4), }".utf8)))
                bytes.replaceSubrange(shape, with: Data("(0, 4), } ".utf8))
                try bytes.write(to: url)
            }
            #expect(throws: (any Error).self) { try EmbeddedSet(path: folder + "/out/v.npy") }
            let summary = try embed(folder)
            #expect(summary.embedded == 57 && summary.skipped == 3 && summary.resumed == 60)
            try expectFiles(folder, complete)
            try expectContents(folder, Self.names.sorted())
        }
    }

    @Test("a new run replaces a finished set")
    func newRunReplaces() throws {
        try withImages { folder, complete in
            try embed(folder)
            try FileManager.default.removeItem(atPath: folder + "/in")
            try TestImages.writeFolder(folder + "/in", count: 70)
            let summary = try embed(folder)
            #expect(summary.embedded == 70 && summary.resumed == 0)
            let set = try EmbeddedSet(path: folder + "/out/v.npy")
            #expect(set.vectors.rows == 70)
        }
    }

    @Test("another embedding space is refused, and starts over when asked to")
    func otherSpace() throws {
        try withImages { folder, _ in
            try interrupt(folder, after: 20)
            let other = NumberEmbedder(space: EmbeddingSpace(id: "other", name: "another"))
            let before = try contents(folder)
            let error = #expect(throws: EmbeddingError.self) { try embed(folder, embedder: other) }
            #expect(
                error
                    == .cannotResume(
                        file: folder + "/out/v.json.partial", what: "embedding space", expected: "test (test)",
                        actual: "another (other)"))
            #expect("\(String(describing: error))".contains("--restart"))
            try expectContents(folder, before)
            let summary = try embed(folder, embedder: other, restart: true)
            #expect(summary.resumed == 0 && summary.space == other.space)
            let set = try EmbeddedSet(path: folder + "/out/v.npy")
            #expect(set.space == other.space)
        }
    }

    @Test("another source is refused")
    func otherSource() throws {
        try withImages { folder, _ in
            try interrupt(folder, after: 20)
            try FileManager.default.moveItem(atPath: folder + "/in", toPath: folder + "/moved")
            try TestImages.writeFolder(folder + "/in", count: 20)
            let error = #expect(throws: EmbeddingError.self) { try embed(folder) }
            guard case .cannotResume(_, "list of images", _, _) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(throws: EmbeddingError.self) {
                try EmbeddingPipeline.embed(
                    source: ImageSources.open(folder + "/moved"), embedder: NumberEmbedder(),
                    to: folder + "/out/v.npy")
            }
        }
    }

    @Test(
        "files without the description that says what they are, are refused",
        arguments: [
            "v.npy.partial", "v.jsonl.partial",
        ])
    func leftoversOfUnknownOrigin(name: String) throws {
        try withImages { folder, complete in
            try Data("something".utf8).write(to: URL(fileURLWithPath: "\(folder)/out/\(name)"))
            let error = #expect(throws: EmbeddingError.self) { try embed(folder) }
            guard case .cannotResume(_, "origin", _, _) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            try embed(folder, restart: true)
            try expectFiles(folder, complete)
        }
    }

    @Test("a damaged description is an error that names it")
    func damagedDescription() throws {
        try withImages { folder, complete in
            try interrupt(folder, after: 20)
            try Data("{}".utf8).write(to: URL(fileURLWithPath: folder + "/out/v.json.partial"))
            let error = #expect(throws: EmbeddingError.self) { try embed(folder) }
            #expect("\(String(describing: error))".contains("v.json.partial"))
            try embed(folder, restart: true)
            try expectFiles(folder, complete)
        }
    }

    @Test("what an embedder had done before it failed is kept")
    func failureKeepsWork() throws {
        try withImages { folder, complete in
            #expect(throws: NumberEmbedder.Failure()) { try embed(folder, embedder: NumberEmbedder(failing: 44)) }
            let summary = try embed(folder)
            #expect(summary.resumed > 20)
            try expectFiles(folder, complete)
        }
    }

    @Test("a strict run does not continue behind an image that could not be read")
    func strictAfterLenient() throws {
        try withImages { folder, _ in
            try interrupt(folder, after: 20)
            let error = #expect(throws: EmbeddingError.self) { try embed(folder, strict: true) }
            guard case .unreadableImage("a/000.png", _) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }

    @Test("a run that fails before its first image leaves no file")
    func earlyFailureLeavesNothing() throws {
        try withImages { folder, _ in
            #expect(throws: EmbeddingError.self) { try embed(folder, strict: true) }
            try expectContents(folder, [])
        }
    }

    @Test("two runs do not write the same files")
    func secondRunIsRefused() throws {
        try withImages { folder, complete in
            let seen = Mutex<FileError?>(nil)
            let isFirst = Atomic(true)
            let monitor = ProgressMonitor(onUpdate: { _ in
                guard isFirst.exchange(false, ordering: .relaxed) else { return }
                do {
                    try embed(folder, restart: true)
                } catch {
                    seen.withLock { $0 = error as? FileError }
                }
            })
            try embed(folder, monitor: monitor)
            #expect(seen.withLock { $0?.code } == .busy)
            try expectFiles(folder, complete)
        }
    }

    @Test(
        "a place that cannot be written, or a name of another format, is an error",
        arguments: [
            "missing/v.npy", "v.fvecs", "v",
        ])
    func badPlaces(name: String) throws {
        try withTemporaryDirectory { folder in
            try TestImages.writeFolder(folder + "/in", count: 3)
            let error = #expect(throws: FileError.self) {
                try EmbeddingPipeline.embed(
                    source: ImageSources.open(folder + "/in"), embedder: NumberEmbedder(), to: "\(folder)/\(name)")
            }
            #expect(error?.path == "\(folder)/\(name)" || error?.path.hasPrefix("\(folder)/missing") == true)
            let left = try FileManager.default.contentsOfDirectory(atPath: folder)
            #expect(left == ["in"])
        }
    }
}
