import Akin
import AkinStore
import AkinTestSupport
import Foundation
import Testing

/// What a power failure leaves, which takes what was not synchronized.
@Suite struct RecoveryTests {
    private func points(_ range: Range<Int>, _ version: Int) -> [Point] {
        range.map {
            Point(
                id: $0 % 3 == 0 ? .name("n\($0)") : .number(UInt64($0)), vector: [Float($0), Float(version), 1],
                payload: ["version": .integer(Int64(version))],
                image: $0 % 50 == 0 ? Data("image \($0)".utf8) : nil)
        }
    }

    private func all(_ collection: VectorCollection) throws -> [StoredPoint] {
        try collection.scroll(limit: 100_000, fields: PointFields(payload: .all, vector: true)).points
    }

    /// SQLite does not synchronize when it commits, so that a power failure may bring an older catalogue back.
    ///
    /// All that is missing in it is in the log.
    @Test func aCatalogueThatFellBackIsBroughtUpToDateByTheLog() throws {
        try withTemporaryDirectory { path in
            var settings = StoreSettings()
            settings.sealCount = 1_000
            settings.indexedCount = 1_500
            settings.idleSeconds = 1_000
            settings.indexingThreads = 1
            let store = try Store(path: path + "/a", settings: settings)
            let collection = try store.create(
                "c", CollectionConfiguration(dimension: 3, metric: .l2, spec: "HNSW8"))
            let version = try #require(FieldPath("version"))
            // What is sealed, and then what is only in the log.
            for start in stride(from: 0, to: 3_000, by: 300) { try collection.upsert(points(start..<start + 300, 0)) }
            try collection.waitForIndexing()
            for step in 1...6 {
                try collection.upsert(points(step * 100..<step * 100 + 60, step))
                try collection.delete(.ids(points(step * 100..<step * 100 + 7, 0).map(\.id)))
                if step == 2 { try collection.createPayloadIndex(version, .integer) }
                if step == 4 { try collection.delete(.matching(Filter(must: [.match(version, .integer(2))]))) }
                try collection.change(
                    .set(["mark": .integer(Int64(step))], at: nil), .ids([.number(700), .name("n3")]))
                // The database file without the log beside it is what was last checkpointed.
                let copy = path + "/b\(step)"
                try FileManager.default.copyItem(atPath: path + "/a", toPath: copy)
                for suffix in ["-wal", "-shm"] {
                    try? FileManager.default.removeItem(atPath: copy + "/collections/c/catalog.sqlite" + suffix)
                }
                let fallen = try Store(path: copy, settings: settings)
                let recovered = try fallen.collection("c")
                #expect(try recovered.describe().damage == [])
                #expect(try all(recovered) == all(collection), "step \(step)")
                let query = SearchQuery(vector: [0, 0, 0], limit: 10_000, isExact: true)
                #expect(try recovered.search([query]) == collection.search([query]))
                #expect(try recovered.describe().payloadIndexes == collection.describe().payloadIndexes)
                // What is written now gets rows and numbers of its own.
                try recovered.upsert(points(5_000..<5_010, 9))
                #expect(try recovered.count() == collection.count() + 10)
                fallen.close()
            }
            store.close()
        }
    }

    /// So it may be after a power failure where writes are synchronized later.
    @Test("a catalogue that is ahead of the log goes on", arguments: [1, 2, 6])
    func catalogueAheadOfTheLog(_ lostRecords: Int) throws {
        try withTemporaryDirectory { path in
            var store = try Store(path: path)
            var collection = try store.create("c", CollectionConfiguration(dimension: 3, metric: .l2))
            var ends: [Int] = []
            var log = ""
            for step in 0..<6 {
                let folder = path + "/collections/c/log"
                log = folder + "/" + (try FileManager.default.contentsOfDirectory(atPath: folder))[0]
                ends.append(try Data(contentsOf: URL(fileURLWithPath: log)).count)
                try collection.upsert(points(step * 10..<step * 10 + 10, 0))
            }
            store.close()
            let whole = try Data(contentsOf: URL(fileURLWithPath: log))
            try whole.prefix(ends[6 - lostRecords]).write(to: URL(fileURLWithPath: log))
            for round in 0..<3 {
                store = try Store(path: path)
                collection = try store.collection("c")
                let description = try collection.describe()
                #expect(description.pointCount == 60 - 10 * lostRecords + 5 * round)
                #expect(description.damage.contains { $0.contains("\(10 * lostRecords) points have lost") })
                #expect(!description.damage.contains { $0.contains(".damaged") })
                try collection.upsert(points(1_000 + round * 10..<1_005 + round * 10, 1))
                store.close()
            }
        }
    }

    @Test func aLogThatIsDamagedInTheMiddleGivesWhatIsBeforeAndSaysSo() throws {
        try withTemporaryDirectory { path in
            var store = try Store(path: path)
            var collection = try store.create("c", CollectionConfiguration(dimension: 3, metric: .l2))
            for step in 0..<10 { try collection.upsert(points(step * 10..<step * 10 + 10, 0)) }
            store.close()
            let folder = path + "/collections/c/log"
            let log = folder + "/" + (try FileManager.default.contentsOfDirectory(atPath: folder))[0]
            var bytes = try Data(contentsOf: URL(fileURLWithPath: log))
            bytes[bytes.count / 2] ^= 1
            try bytes.write(to: URL(fileURLWithPath: log))
            for _ in 0..<3 {
                store = try Store(path: path)
                collection = try store.collection("c")
                let description = try collection.describe()
                #expect(description.damage.contains { $0.contains(".damaged") })
                #expect((40...60).contains(description.pointCount))
                // Names and payloads were in the catalogue already.
                #expect(try collection.count() == 100)
                #expect(description.damage.contains { $0.contains("\(100 - description.pointCount) points") })
                store.close()
            }
            store = try Store(path: path)
            collection = try store.collection("c")
            try collection.upsert(points(0..<100, 1))
            store.close()
            store = try Store(path: path)
            #expect(try store.collection("c").describe().pointCount == 100)
            store.close()
        }
    }
}
