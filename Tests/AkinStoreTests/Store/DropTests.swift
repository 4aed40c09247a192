import AkinStore
import AkinTestSupport
import Foundation
import Testing

@Suite("Collections that are dropped") struct DropTests {
    /// What readers got.
    private final class Errors: @unchecked Sendable {
        private let lock = NSLock()
        private var kept: [StoreError] = []
        private var reads = 0
        private var isStopped = false

        func add(_ error: StoreError?) {
            lock.withLock {
                reads += 1
                if let error { kept.append(error) }
            }
        }
        func stop() { lock.withLock { isStopped = true } }
        var shouldStop: Bool { lock.withLock { isStopped } }
        var readCount: Int { lock.withLock { reads } }
        var all: [StoreError] { lock.withLock { kept } }
    }

    @Test("readers under way are told that it is gone, not that a file is broken")
    func readers() throws {
        try withTemporaryDirectory { path in
            let store = try Store(path: path)
            let errors = Errors()
            let group = DispatchGroup()
            for round in 0..<12 {
                let name = "c\(round)"
                let collection = try store.create(name, CollectionConfiguration(dimension: 2, metric: .l2))
                try collection.upsert(
                    (0..<200).map { Point(id: .number($0), vector: [Float($0), 1], payload: ["a": .bool(true)]) })
                let path = try #require(FieldPath("a"))
                let before = errors.readCount
                for reader in 0..<4 {
                    DispatchQueue.global().async(group: group) {
                        while !errors.shouldStop {
                            do {
                                switch reader {
                                case 0: _ = try collection.retrieve([.number(3), .number(4)])
                                case 1: _ = try collection.count(Filter(must: [.match(path, .bool(true))]))
                                case 2: _ = try collection.scroll(limit: 50)
                                default:
                                    _ = try collection.search([
                                        SearchQuery(vector: [1, 1], fields: PointFields(payload: .all))
                                    ])
                                }
                                errors.add(nil)
                            } catch {
                                errors.add(error as? StoreError)
                                return
                            }
                        }
                    }
                }
                while errors.readCount < before + 40 { Thread.sleep(forTimeInterval: 0.001) }
                try store.drop(name)
                group.wait()
            }
            #expect(errors.all.count == 48)
            for error in errors.all {
                #expect(error.code == "unavailable", "\(error)")
            }
            store.close()
        }
    }

    @Test("a collection that is made again under the same name is another one")
    func identity() throws {
        try withTemporaryDirectory { path in
            let store = try Store(path: path)
            let configuration = CollectionConfiguration(dimension: 2, metric: .l2)
            let first = try store.create("c", configuration).describe().identity
            #expect(try store.collection("c").describe().identity == first)
            try store.drop("c")
            let second = try store.create("c", configuration).describe().identity
            #expect(!first.isEmpty && !second.isEmpty && first != second)
            store.close()
        }
    }

    @Test("points that wait to be indexed are said to, those that are too few are not")
    func waiting() throws {
        try withTemporaryDirectory { path in
            var settings = StoreSettings()
            settings.indexedCount = 2_000
            // Nothing happens by itself as long as this test takes.
            settings.idleSeconds = 3_600
            let store = try Store(path: path, settings: settings)
            let collection = try store.create("c", CollectionConfiguration(dimension: 2, metric: .l2))
            func upsert(_ range: Range<UInt64>) throws {
                try collection.upsert(range.map { Point(id: .number($0), vector: [Float($0), Float($0 % 7)]) })
            }
            func rests(_ wanted: Bool) throws -> Bool {
                // Workers look whether there is something to do after each write; then they rest.
                for _ in 0..<5_000 {
                    if try collection.describe().isIndexing != wanted { return true }
                    Thread.sleep(forTimeInterval: 0.002)
                }
                return false
            }
            try upsert(0..<900)
            #expect(try rests(true), "900 points are compared one by one")
            try upsert(900..<3_000)
            for _ in 0..<200 {
                #expect(try collection.describe().isIndexing)
                Thread.sleep(forTimeInterval: 0.002)
            }
            try collection.waitForIndexing()
            let description = try collection.describe()
            #expect(!description.isIndexing && description.indexedCount == 3_000)
            store.close()
        }
    }
}
