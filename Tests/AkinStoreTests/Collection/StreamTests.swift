import Akin
import AkinStore
import AkinTestSupport
import Foundation
import GRDB
import Testing

/// Writes that come from a numbered stream.
@Suite struct StreamTests {
    private let configuration = CollectionConfiguration(
        dimension: RandomStream.dimension, metric: .l2, spec: "HNSW8")

    private func settings(_ faults: DiskFaults? = nil) -> StoreSettings {
        var settings = StoreSettings()
        settings.sealCount = 1_000
        settings.indexedCount = 1_500
        settings.indexingThreads = 1
        settings.idleSeconds = 1_000
        settings.faults = faults
        return settings
    }

    /// States after each of the writes, made one by one; the first is that of an empty collection.
    private func states(_ writes: [StreamWrite], in path: String) throws -> [StreamState] {
        let store = try Store(path: path)
        defer { store.close() }
        let collection = try store.create("c", configuration)
        var states = [try StreamState(collection)]
        for write in writes {
            _ = try collection.apply([write])
            states.append(try StreamState(collection))
        }
        return states
    }

    @Test func writesMadeTogetherAreTheSameAsOneByOne() throws {
        try withTemporaryDirectory { path in
            var stream = RandomStream(seed: 1)
            let writes = stream.next(300)
            let states = try states(writes, in: path + "/a")
            var store = try Store(path: path + "/b", settings: settings())
            var collection = try store.create("c", configuration)
            var random = SeededRandom(seed: 2)
            var done = 0, refused = 0
            while done < writes.count {
                let end = min(writes.count, done + Int.random(in: 1...40, using: &random))
                // Some that were made already come again.
                let again = max(0, done - Int.random(in: 0...3, using: &random))
                let result = try collection.apply(Array(writes[again..<end]))
                #expect(result.count == end - again)
                refused += result.compactMap { $0 }.count
                done = end
                #expect(collection.position == writes[done - 1].position)
                #expect(try StreamState(collection) == states[done])
                switch Int.random(in: 0..<6, using: &random) {
                case 0:
                    store.close()
                    store = try Store(path: path + "/b", settings: settings())
                    collection = try store.collection("c")
                    #expect(collection.position == writes[done - 1].position)
                    #expect(try StreamState(collection) == states[done])
                case 1: try collection.waitForIndexing()
                default: break
                }
            }
            #expect(refused > 10)
            store.close()
        }
    }

    @Test func aWriteThatIsRefusedIsPassedOverAndItsPositionKept() throws {
        try withTemporaryDirectory { path in
            let store = try Store(path: path)
            let collection = try store.create("c", configuration)
            let good = Point(id: .number(1), vector: [1, 2, 3])
            let result = try collection.apply([
                StreamWrite(position: 3, operation: .upsert([good, Point(id: .number(2), vector: [1, 2])])),
                StreamWrite(position: 4, operation: .upsert([Point(id: .number(3), vector: [1, .infinity, 0])])),
                StreamWrite(position: 7, operation: .upsert([good])),
                StreamWrite(position: 9, operation: .upsert([Point(id: .number(3), vector: [])])),
            ])
            #expect(result.map { $0?.code } == ["invalid", "invalid", nil, "invalid"])
            #expect(collection.position == 9)
            #expect(try collection.count() == 1)
            #expect(throws: StoreError.self) {
                try collection.apply([
                    StreamWrite(position: 11, operation: .nothing), StreamWrite(position: 10, operation: .nothing),
                ])
            }
            #expect(throws: StoreError.self) { try collection.setPosition(.max) }
            #expect(collection.position == 9)
            store.close()
        }
    }

    @Test func aPayloadThatCouldNotBeReadAgainIsRefused() throws {
        try withTemporaryDirectory { path in
            let store = try Store(path: path)
            let collection = try store.create("c", configuration)
            var accepted = 0
            for steps in 1...100 {
                let deep = try #require(FieldPath(Array(repeating: "a", count: steps).joined(separator: ".")))
                let change = PayloadChange.set(["k": .array([])], at: deep)
                try collection.upsert([Point(id: .number(1), vector: [1, 2, 3])])
                var isAccepted = true
                do { try collection.change(change, .ids([.number(1)])) } catch StoreError.invalid(
                    field: "payload", _, _)
                {
                    isAccepted = false
                }
                let write = StreamWrite(position: UInt64(steps), operation: .change(change, .ids([.number(1)])))
                #expect(try collection.apply([write]).map { $0?.code } == [isAccepted ? nil : "invalid"])
                var payload = JSON.object(["k": .array([])])
                for _ in 0..<steps { payload = .object(["a": payload]) }
                guard case .object(let members) = payload else { continue }
                #expect(try collection.scroll().points.map(\.payload) == [isAccepted ? members : [:]])
                let point = Point(id: .number(1), vector: [1, 2, 3], payload: members)
                if isAccepted { try collection.upsert([point]) }
                if !isAccepted { #expect(throws: StoreError.self) { try collection.upsert([point]) } }
                #expect(try collection.scroll().points.count == 1)
                accepted += isAccepted ? 1 : 0
            }
            #expect(accepted > 55)
            store.close()
        }
    }

    /// What a process leaves that was killed while it wrote: the log up to any byte, and a catalogue not ahead of it.
    @Test func theLogUpToAnyByteGivesTheWritesUpToThePosition() throws {
        try withTemporaryDirectory { path in
            var stream = RandomStream(seed: 5)
            let writes = stream.next(60)
            let states = try states(writes, in: path + "/a")
            let store = try Store(path: path + "/b", settings: settings())
            let collection = try store.create("c", configuration)
            for start in stride(from: 0, to: writes.count, by: 12) {
                _ = try collection.apply(Array(writes[start..<start + 12]))
            }
            let folder = path + "/b/collections/c/log"
            let name = try #require(try FileManager.default.contentsOfDirectory(atPath: folder).first)
            let whole = try Data(contentsOf: URL(fileURLWithPath: folder + "/" + name))
            var random = SeededRandom(seed: 6)
            var positions: Set<UInt64> = []
            for _ in 0..<60 {
                let copy = path + "/copy"
                try FileManager.default.copyItem(atPath: path + "/b", toPath: copy)
                defer { try? FileManager.default.removeItem(atPath: copy) }
                for suffix in ["-wal", "-shm"] {
                    try? FileManager.default.removeItem(atPath: copy + "/collections/c/catalog.sqlite" + suffix)
                }
                let length = Int.random(in: 64...whole.count, using: &random)
                try whole.prefix(length).write(to: URL(fileURLWithPath: copy + "/collections/c/log/" + name))
                let left = try Store(path: copy, settings: settings())
                defer { left.close() }
                let opened = try left.collection("c")
                #expect(try opened.describe().damage == [])
                positions.insert(opened.position)
                let done = writes.prefix { $0.position <= opened.position }.count
                let next = writes[done...].prefix(1)
                if try StreamState(opened) != states[done] {
                    // A part of the next is there, which is made whole by making it again.
                    #expect(next.count == 1)
                }
                _ = try opened.apply(Array(next))
                #expect(try StreamState(opened) == states[done + next.count], "log of \(length) bytes")
                _ = try opened.apply(writes)
                #expect(try StreamState(opened) == states[writes.count])
            }
            #expect(positions.count > 10)
            store.close()
        }
    }

    @Test(
        "a disk that fails stops a stream where it is, and it goes on from there",
        arguments: [DiskFaults.Operation.writeLog, .synchronizeLog, .catalogue, .writeImage])
    func failures(_ operation: DiskFaults.Operation) throws {
        try withTemporaryDirectory { path in
            var stream = RandomStream(seed: 8)
            let writes = stream.next(200)
            let states = try states(writes, in: path + "/a")
            let countdown = Countdown()
            let faults = DiskFaults {
                $0 == operation && countdown.isDue ? .init(errno: ENOSPC, writtenBytes: 50) : nil
            }
            let store = try Store(path: path + "/b", settings: settings(faults))
            let collection = try store.create("c", configuration)
            var random = SeededRandom(seed: 9)
            var failed = 0
            while collection.position < writes[writes.count - 1].position {
                let rest = writes.filter { $0.position > collection.position }
                countdown.left = Int.random(in: 0...3, using: &random)
                do { _ = try collection.apply(Array(rest.prefix(30))) } catch StoreError.diskFull { failed += 1 }
                countdown.left = .max
                let done = writes.prefix { $0.position <= collection.position }.count
                let next = writes[done...].prefix(1)
                if try StreamState(collection) != states[done] {
                    // Only what has no position of its own yet may be there.
                    _ = try collection.apply(Array(next))
                    #expect(try StreamState(collection) == states[done + next.count])
                }
            }
            #expect(failed > 0)
            #expect(try StreamState(collection) == states[writes.count])
            store.close()
        }
    }

    @Test func aSnapshotCarriesThePositionAndAStreamGoesOnBehindIt() throws {
        try withTemporaryDirectory { path in
            var stream = RandomStream(seed: 11)
            let writes = stream.next(120)
            let store = try Store(path: path, settings: settings())
            let collection = try store.create("c", configuration)
            _ = try collection.apply(Array(writes[..<70]))
            let made = try store.createSnapshot(of: "c")
            _ = try collection.apply(writes)
            let file = try store.snapshotPath(of: "c", named: made.name)
            let other = try store.restore("d", fromFile: file)
            #expect(other.position == writes[69].position)
            _ = try other.apply(writes)
            #expect(try StreamState(other) == StreamState(collection))
            try other.setPosition(0)
            #expect(other.position == 0)
            _ = try other.apply([StreamWrite(position: 1, operation: .delete(.matching(Filter())))])
            #expect(try other.count() == 0)
            store.close()
            let again = try Store(path: path, settings: settings())
            #expect(try again.collection("d").position == 1)
            #expect(try again.collection("c").position == writes[119].position)
            again.close()
        }
    }

    @Test func aCatalogueOfVersionOneOpensAtPositionZero() throws {
        try withTemporaryDirectory { path in
            var store = try Store(path: path)
            try store.create("c", configuration).upsert([Point(id: .number(1), vector: [1, 2, 3])])
            store.close()
            let catalog = path + "/collections/c/catalog.sqlite"
            let database = try DatabaseQueue(path: catalog)
            try database.write {
                try $0.execute(sql: "ALTER TABLE state DROP COLUMN position; PRAGMA user_version = 1")
            }
            try database.close()
            for position in [UInt64(0), 5] {
                store = try Store(path: path)
                let collection = try store.collection("c")
                #expect(collection.position == position)
                #expect(try collection.retrieve([.number(1)], fields: .init(vector: true))[0].vector == [1, 2, 3])
                _ = try collection.apply([StreamWrite(position: 5, operation: .nothing)])
                store.close()
            }
        }
    }
}

/// Says when some calls have been made.
private final class Countdown: @unchecked Sendable {
    private let lock = NSLock()
    private var count = Int.max

    var left: Int {
        get { lock.withLock { count } }
        set { lock.withLock { count = newValue } }
    }

    /// Counts a call; whether so many came before it.
    var isDue: Bool {
        lock.withLock {
            guard count != .max else { return false }
            count -= 1
            return count < 0
        }
    }
}
