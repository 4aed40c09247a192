import Akin
import AkinStore
import AkinTestSupport
import Foundation
import Synchronization
import Testing

/// Disks that are full or fail, and files that are damaged.
@Suite struct FaultTests {
    private func points(_ range: Range<Int>) -> [Point] {
        range.map { Point(id: .number(UInt64($0)), vector: [Float($0), 1, 2, 3], payload: ["n": .integer(Int64($0))]) }
    }

    private func settings(_ faults: DiskFaults? = nil) -> StoreSettings {
        var settings = StoreSettings()
        settings.sealCount = 1_000
        settings.indexedCount = 2_000
        settings.indexingThreads = 1
        settings.idleSeconds = 1_000
        settings.faults = faults
        return settings
    }

    private let configuration = CollectionConfiguration(dimension: 4, metric: .l2, spec: "HNSW8")

    private func ids(_ collection: VectorCollection) throws -> [PointID] {
        let query = SearchQuery(vector: [0, 0, 0, 0], limit: 100_000, isExact: true)
        return try collection.search([query])[0].hits.map(\.point.id).sorted()
    }

    @Test(
        "a write that fails leaves nothing, and later ones work",
        arguments: [DiskFaults.Operation.writeLog, .synchronizeLog, .catalogue])
    func failedWrites(_ operation: DiskFaults.Operation) throws {
        try withTemporaryDirectory { path in
            let fails = Flag()
            let faults = DiskFaults { fails.isSet && $0 == operation ? .init(errno: ENOSPC, writtenBytes: 40) : nil }
            var store = try Store(path: path, settings: settings(faults))
            var collection = try store.create("c", configuration)
            try collection.upsert(points(0..<50))
            fails.isSet = true
            for _ in 0..<3 {
                #expect { try collection.upsert(points(40..<60)) } throws: { error in
                    if case StoreError.diskFull = error { true } else { false }
                }
                #expect(throws: StoreError.self) { try collection.delete(.ids([.number(1)])) }
                #expect(try ids(collection) == points(0..<50).map(\.id))
                #expect(try collection.count() == 50)
            }
            fails.isSet = false
            try collection.upsert(points(50..<70))
            #expect(try ids(collection) == points(0..<70).map(\.id))
            store.close()
            store = try Store(path: path, settings: settings())
            collection = try store.collection("c")
            #expect(try ids(collection) == points(0..<70).map(\.id))
            #expect(try collection.describe().damage == [])
            store.close()
        }
    }

    @Test func aWriteThatCannotBeUndoneStopsWritingButNotReading() throws {
        try withTemporaryDirectory { path in
            let fails = Flag()
            let faults = DiskFaults {
                fails.isSet && ($0 == .writeLog || $0 == .truncateLog) ? .init(errno: EIO, writtenBytes: 40) : nil
            }
            var store = try Store(path: path, settings: settings(faults))
            var collection = try store.create("c", configuration)
            try collection.upsert(points(0..<50))
            fails.isSet = true
            #expect(throws: StoreError.self) { try collection.upsert(points(50..<60)) }
            fails.isSet = false
            #expect { try collection.upsert(points(50..<60)) } throws: { error in
                if case StoreError.unavailable = error { true } else { false }
            }
            #expect(try ids(collection).count == 50)
            store.close()
            store = try Store(path: path, settings: settings())
            collection = try store.collection("c")
            #expect(try ids(collection).count == 50)
            try collection.upsert(points(50..<60))
            store.close()
        }
    }

    @Test func aFullDiskPutsOffSealingAndIndexingOnly() throws {
        try withTemporaryDirectory { path in
            let fails = Flag()
            let faults = DiskFaults { fails.isSet && $0 == .writeSegment ? .init(errno: ENOSPC) : nil }
            let store = try Store(path: path, settings: settings(faults))
            let collection = try store.create("c", configuration)
            fails.isSet = true
            for start in stride(from: 0, to: 5_000, by: 500) { try collection.upsert(points(start..<start + 500)) }
            #expect { try collection.waitForIndexing() } throws: { error in
                if case StoreError.diskFull = error { true } else { false }
            }
            #expect(try collection.describe().damage.contains { $0.hasPrefix("cannot index") })
            #expect(try ids(collection).count == 5_000)
            fails.isSet = false
            // The failure of a worker that sleeps is told once more.
            while (try? collection.waitForIndexing()) == nil {}
            #expect(try collection.describe().indexedCount == 5_000)
            #expect(try ids(collection).count == 5_000)
            store.close()
        }
    }

    @Test func anImageThatCannotBeStoredIsRefusedWithItsPoint() throws {
        try withTemporaryDirectory { path in
            let fails = Flag()
            let faults = DiskFaults { fails.isSet && $0 == .writeImage ? .init(errno: ENOSPC) : nil }
            let store = try Store(path: path, settings: settings(faults))
            let collection = try store.create("c", configuration)
            var point = points(0..<1)[0]
            point.image = Data("an image".utf8)
            fails.isSet = true
            #expect(throws: StoreError.self) { try collection.upsert([point]) }
            #expect(try collection.count() == 0)
            fails.isSet = false
            try collection.upsert([point])
            #expect(try collection.image(point.id) == point.image)
            store.close()
        }
    }

    @Test("a damaged file is set aside, and the rest is served", arguments: [".vectors", ".akin"])
    func damagedFiles(_ kind: String) throws {
        try withTemporaryDirectory { path in
            var store = try Store(path: path, settings: settings())
            var collection = try store.create("c", configuration)
            for start in stride(from: 0, to: 3_000, by: 500) { try collection.upsert(points(start..<start + 500)) }
            try collection.waitForIndexing()
            try collection.upsert(points(3_000..<3_100))
            #expect(try collection.describe().indexedCount == 3_000)
            store.close()

            let folder = path + "/collections/c/segments"
            let file = try #require(
                try FileManager.default.contentsOfDirectory(atPath: folder).sorted().first { $0.hasSuffix(kind) })
            var bytes = try Data(contentsOf: URL(fileURLWithPath: folder + "/" + file))
            bytes[bytes.count / 2] ^= 1
            try bytes.write(to: URL(fileURLWithPath: folder + "/" + file))

            for _ in 0..<2 {
                store = try Store(path: path, settings: settings())
                collection = try store.collection("c")
                let damage = try collection.describe().damage
                #expect(damage.contains { $0.contains(file + ".damaged") }, "\(damage)")
                let left = try ids(collection)
                if kind == ".akin" {
                    // The vectors are whole: they are indexed anew.
                    #expect(left.count == 3_100)
                    try collection.waitForIndexing()
                    #expect(try collection.describe().indexedCount >= 3_000)
                } else {
                    #expect(left.count < 3_100 && left.count >= 100)
                    #expect(damage.contains { $0.contains("\(3_100 - left.count) points have lost their vectors") })
                    // What was known beside the vectors can be read, and the points stored again.
                    #expect(try collection.count() == 3_100)
                }
                store.close()
            }
            store = try Store(path: path, settings: settings())
            collection = try store.collection("c")
            try collection.upsert(points(0..<3_100))
            #expect(try ids(collection).count == 3_100)
            store.close()
        }
    }

    @Test func aDamagedCatalogueKeepsOneCollectionFromServingNotTheOthers() throws {
        try withTemporaryDirectory { path in
            var store = try Store(path: path)
            try store.create("good", configuration).upsert(points(0..<5))
            try store.create("bad", configuration)
            store.close()
            let file = path + "/collections/bad/catalog.sqlite"
            try Data(repeating: 7, count: 8192).write(to: URL(fileURLWithPath: file))
            store = try Store(path: path)
            #expect(store.names == ["bad", "good"])
            #expect(try store.collection("good").count() == 5)
            #expect(throws: StoreError.self) { try store.collection("bad") }
            store.close()
        }
    }
}
