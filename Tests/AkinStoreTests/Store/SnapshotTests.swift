import Akin
import AkinStore
import AkinTestSupport
import Foundation
import GRDB
import Testing

@Suite struct SnapshotTests {
    private func settings() -> StoreSettings {
        var settings = StoreSettings()
        settings.sealCount = 1_000
        settings.indexedCount = 1_500
        settings.indexingThreads = 1
        settings.idleSeconds = 1_000
        return settings
    }

    private func points(_ range: Range<Int>, version: Int = 0) -> [Point] {
        range.map {
            Point(
                id: .number(UInt64($0)), vector: [Float($0), Float(version)],
                payload: ["version": .integer(Int64(version))],
                image: $0 % 100 == 0 ? Data("image \($0) \(version)".utf8) : nil)
        }
    }

    private func all(_ collection: VectorCollection) throws -> [StoredPoint] {
        try collection.scroll(limit: 100_000, fields: PointFields(payload: .all, vector: true)).points
    }

    /// Segments, an index, a part of the log, deletions and images.
    private func fill(_ store: Store) throws -> VectorCollection {
        let collection = try store.create("c", CollectionConfiguration(dimension: 2, metric: .l2, spec: "HNSW8"))
        for start in stride(from: 0, to: 3_000, by: 500) { try collection.upsert(points(start..<start + 500)) }
        try collection.waitForIndexing()
        try collection.upsert(points(2_900..<3_200, version: 1))
        try collection.delete(.ids((0..<50).map { .number($0) }))
        return collection
    }

    @Test func aSnapshotBringsEverythingBack() throws {
        try withTemporaryDirectory { path in
            let store = try Store(path: path, settings: settings())
            var collection = try fill(store)
            let before = try all(collection)
            let made = try store.createSnapshot(of: "c")
            #expect(try store.snapshots(of: "c") == [made])
            try collection.upsert(points(0..<1_000, version: 2))
            try collection.delete(.ids((1_000..<2_000).map { .number($0) }))
            try collection.waitForIndexing()

            collection = try store.restore("c", fromSnapshot: made.name)
            #expect(try all(collection) == before)
            #expect(try collection.describe().indexedCount > 2_000)
            #expect(try collection.image(.number(3_000)) == Data("image 3000 1".utf8))
            let query = SearchQuery(vector: [2_950, 1], limit: 1)
            #expect(try collection.search([query])[0].hits.map(\.point.id) == [.number(2_950)])
            // It goes on, also after it was opened again.
            try collection.upsert(points(9_000..<9_001))
            #expect(try all(collection).count == before.count + 1)

            // Also as another collection, and when the first is gone.
            let file = try store.snapshotPath(of: "c", named: made.name)
            #expect(try all(try store.restore("d", fromFile: file)) == before)
            try store.drop("c")
            #expect(try all(try store.restore("c", fromSnapshot: made.name)) == before)
            store.close()
            let again = try Store(path: path, settings: settings())
            #expect(try all(try again.collection("d")) == before)
            try again.deleteSnapshot(of: "c", named: made.name)
            #expect(try again.snapshots(of: "c") == [])
            #expect(throws: StoreError.self) { try again.restore("c", fromSnapshot: made.name) }
            again.close()
        }
    }

    @Test func aDamagedSnapshotChangesNothing() throws {
        try withTemporaryDirectory { path in
            let store = try Store(path: path, settings: settings())
            let collection = try fill(store)
            let before = try all(collection)
            let made = try store.createSnapshot(of: "c")
            let file = try store.snapshotPath(of: "c", named: made.name)
            let whole = try Data(contentsOf: URL(fileURLWithPath: file))
            var random = SeededRandom(seed: 3)
            for attempt in 0..<24 {
                var bytes = whole
                if attempt % 2 == 0 {
                    bytes[Int.random(in: 0..<bytes.count, using: &random)] ^= 0x10
                } else {
                    bytes = bytes.prefix(Int.random(in: 0..<bytes.count, using: &random))
                }
                try bytes.write(to: URL(fileURLWithPath: file))
                #expect { try store.restore("c", fromSnapshot: made.name) } throws: { error in
                    if case StoreError.snapshot = error { true } else { false }
                }
            }
            #expect(try all(try store.collection("c")) == before)
            #expect(try FileManager.default.contentsOfDirectory(atPath: path + "/collections") == ["c"])
            store.close()
        }
    }

    @Test(
        "a snapshot whose catalogue runs what its maker wrote is refused",
        arguments: [
            ("TRIGGER gone AFTER UPDATE ON state BEGIN DELETE FROM points; END", "trigger \"gone\""),
            ("VIEW all_points AS SELECT * FROM points", "view \"all_points\""),
            ("VIRTUAL TABLE words USING fts5(text)", "table \"words\""),
        ])
    func foreignCatalogues(_ created: String, _ name: String) throws {
        try withTemporaryDirectory { path in
            var store = try Store(path: path, settings: settings())
            try store.create("c", CollectionConfiguration(dimension: 2, metric: .l2)).upsert(points(0..<10))
            store.close()
            let database = try DatabaseQueue(path: path + "/collections/c/catalog.sqlite")
            try database.write { try $0.execute(sql: "CREATE " + created) }
            try database.close()
            store = try Store(path: path, settings: settings())
            let made = try store.createSnapshot(of: "c")
            let file = try store.snapshotPath(of: "c", named: made.name)
            #expect { try store.restore("d", fromFile: file) } throws: { error in
                if case StoreError.snapshot(let what) = error { what.contains(name) } else { false }
            }
            #expect(store.names == ["c"])
            #expect(try FileManager.default.contentsOfDirectory(atPath: path + "/collections") == ["c"])
            store.close()
        }
    }

    @Test func aSnapshotMadeWhileOthersWriteIsAStateThatWas() throws {
        try withTemporaryDirectory { path in
            let store = try Store(path: path, settings: settings())
            let collection = try store.create("c", CollectionConfiguration(dimension: 2, metric: .l2, spec: "HNSW8"))
            let isDone = Flag()
            let group = DispatchGroup()
            let failures = Failures()
            // Every batch replaces the same hundred points: a state has one version of all of them.
            DispatchQueue.global().async(group: group) {
                var version = 0
                while !isDone.isSet {
                    version += 1
                    failures.catching { try collection.upsert(points(0..<100, version: version)) }
                    failures.catching {
                        try collection.upsert(points(1_000 + version * 100..<1_100 + version * 100, version: version))
                    }
                }
            }
            var made: [SnapshotDescription] = []
            for _ in 0..<4 { made.append(try store.createSnapshot(of: "c")) }
            isDone.isSet = true
            group.wait()
            #expect(failures.all == [])
            for snapshot in made {
                let file = try store.snapshotPath(of: "c", named: snapshot.name)
                let restored = try all(try store.restore("r", fromFile: file))
                let versions = Set(restored.prefix(100).map { $0.vector?[1] })
                #expect(restored.isEmpty || versions.count == 1)
                #expect(restored.allSatisfy { $0.vector?.isEmpty == false })
            }
            store.close()
        }
    }
}
