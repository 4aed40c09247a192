import Akin
import AkinStore
import AkinTestSupport
import Foundation
import Testing

@Suite struct StoreTests {
    private let configuration = CollectionConfiguration(dimension: 3, metric: .l2)

    @Test func collectionsComeAndGo() throws {
        try withTemporaryDirectory { path in
            var store = try Store(path: path + "/deeper/data")
            #expect(store.names == [])
            try store.create("b", configuration).upsert([Point(id: .number(1), vector: [1, 2, 3])])
            try store.create("A.2_x-y", configuration)
            #expect(throws: StoreError.collectionExists("b")) { try store.create("b", configuration) }
            #expect(throws: StoreError.noCollection("c")) { try store.collection("c") }
            store.close()
            store = try Store(path: path + "/deeper/data")
            #expect(store.names == ["A.2_x-y", "b"])
            let old = try store.collection("b")
            try store.drop("b")
            #expect(throws: StoreError.noCollection("b")) { try store.drop("b") }
            #expect(throws: StoreError.self) { try old.count() }
            #expect(try store.create("b", configuration).count() == 0)
            store.close()
            #expect(throws: StoreError.self) { try store.collection("b") }
        }
    }

    @Test(arguments: ["", ".hidden", "a/b", "..", "ä", "a b", String(repeating: "x", count: 241)])
    func namesThatCannotBeFoldersAreRefused(_ name: String) throws {
        try withTemporaryDirectory { path in
            let store = try Store(path: path)
            #expect { try store.create(name, configuration) } throws: { error in
                if case StoreError.invalid(field: "collection", _, _) = error { true } else { false }
            }
            #expect(throws: StoreError.self) { try store.snapshots(of: name) }
            store.close()
        }
    }

    @Test func onlyOneMayHaveItOpen() throws {
        try withTemporaryDirectory { path in
            let store = try Store(path: path)
            #expect { try Store(path: path) } throws: { error in
                if case StoreError.unavailable = error { true } else { false }
            }
            store.close()
            try Store(path: path).close()
        }
    }

    @Test func whatACrashLeftOfCreatingDroppingAndExchangingIsFinished() throws {
        try withTemporaryDirectory { path in
            var store = try Store(path: path)
            try store.create("old", configuration).upsert([Point(id: .number(1), vector: [1, 2, 3])])
            try store.create("new", configuration).upsert([Point(id: .number(2), vector: [1, 2, 3])])
            try store.create("half", configuration)
            store.close()
            let folder = path + "/collections"
            // As an exchange, a creation and a removal leave them in between.
            try FileManager.default.moveItem(atPath: folder + "/new", toPath: folder + "/.ready-old")
            try FileManager.default.moveItem(atPath: folder + "/half", toPath: folder + "/.new-1")
            try FileManager.default.createDirectory(
                atPath: folder + "/.old-1/segments", withIntermediateDirectories: true)
            store = try Store(path: path)
            #expect(store.names == ["old"])
            #expect(try store.collection("old").retrieve([.number(1), .number(2)]).map(\.id) == [.number(2)])
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["old"])
            store.close()
        }
    }

    @Test func badInputIsNamed() throws {
        try withTemporaryDirectory { path in
            let store = try Store(path: path)
            #expect(
                isInvalid("dimension") { _ = try store.create("c", CollectionConfiguration(dimension: 0, metric: .l2)) }
            )
            #expect(
                isInvalid("spec") {
                    _ = try store.create("c", CollectionConfiguration(dimension: 3, metric: .l2, spec: "HNSW8,PQ2"))
                })
            #expect(store.names == [])
            let space = EmbeddingSpace(id: "aa", name: "a")
            let collection = try store.create(
                "c", CollectionConfiguration(dimension: 3, metric: .l2, space: space))
            #expect(isInvalid("vector") { try collection.upsert([Point(id: .number(1), vector: [1, 2])]) })
            #expect(isInvalid("vector") { try collection.upsert([Point(id: .number(1), vector: [1, 2, .nan])]) })
            #expect(isInvalid("vector") { try collection.upsert([Point(id: .number(1), vector: [1, 2, -.infinity])]) })
            #expect(isInvalid("vector") { try collection.upsert([Point(id: .number(1), vector: [1, 2, 1e30])]) })
            #expect(isInvalid("vector") { _ = try collection.search([SearchQuery(vector: [1])]) })
            #expect(isInvalid("vector") { _ = try collection.search([SearchQuery(vector: [1, .nan, 1])]) })
            #expect(isInvalid("limit") { _ = try collection.search([SearchQuery(vector: [1, 1, 1], limit: 0)]) })
            #expect(isInvalid("limit") { _ = try collection.search([SearchQuery(vector: [1, 1, 1], limit: .max)]) })
            #expect(isInvalid("offset") { _ = try collection.search([SearchQuery(vector: [1, 1, 1], offset: -1)]) })
            #expect(isInvalid("offset") { _ = try collection.search([SearchQuery(vector: [1, 1, 1], offset: .max)]) })
            #expect(isInvalid("efSearch") { _ = try collection.search([SearchQuery(vector: [1, 1, 1], efSearch: 0)]) })
            #expect(
                isInvalid("threshold") { _ = try collection.search([SearchQuery(vector: [1, 1, 1], threshold: .nan)]) })
            #expect(isInvalid("limit") { _ = try collection.scroll(limit: 0) })
            #expect(throws: StoreError.noPoint(.number(9))) { try collection.image(.number(9)) }
            let other = EmbeddingSpace(id: "bb", name: "b")
            #expect(throws: StoreError.self) {
                try collection.upsert([Point(id: .number(1), vector: [1, 2, 3])], space: other)
            }
            try collection.upsert([Point(id: .number(1), vector: [1, 2, 3])], space: space)
            #expect(try collection.count() == 1)
            var settings = StoreSettings()
            settings.absorbShare = .nan
            #expect(isInvalid("absorbShare") { _ = try Store(path: path + "/2", settings: settings) })
            store.close()
        }
    }

    @Test func imagesAreStoredOnceAndRemovedWithTheirLastPoint() throws {
        try withTemporaryDirectory { path in
            let store = try Store(path: path)
            let collection = try store.create("c", configuration)
            let image = Data((0..<10_000).map { UInt8(truncatingIfNeeded: $0 * 7) })
            func files() throws -> Int {
                let folder = path + "/collections/c/images"
                return try FileManager.default.subpathsOfDirectory(atPath: folder).count { $0.utf8.count > 64 }
            }
            try collection.upsert((0..<3).map { Point(id: .number($0), vector: [1, 2, 3], image: image) })
            try collection.upsert([Point(id: .number(3), vector: [1, 2, 3], image: Data("other".utf8))])
            #expect(try files() == 2)
            #expect(try collection.image(.number(2)) == image)
            #expect(try collection.describe().byteCount > 10_000)
            try collection.delete(.ids([.number(0), .number(1)]))
            try collection.waitForIndexing()
            #expect(try files() == 2)
            // Replaced without one.
            try collection.upsert([Point(id: .number(2), vector: [1, 2, 3])])
            #expect(try collection.image(.number(2)) == nil)
            try collection.waitForIndexing()
            #expect(try files() == 1)
            #expect(try collection.image(.number(3)) == Data("other".utf8))
            store.close()
        }
    }

    @Test func spaceIsGivenBack() throws {
        try withTemporaryDirectory { path in
            var settings = StoreSettings()
            settings.sealCount = 1_000
            settings.indexedCount = 1_000
            settings.indexingThreads = 1
            let store = try Store(path: path, settings: settings)
            let collection = try store.create("c", CollectionConfiguration(dimension: 64, metric: .l2, spec: "HNSW8"))
            func write(_ range: Range<Int>) throws {
                try collection.upsert(
                    range.map { Point(id: .number(UInt64($0)), vector: [Float](repeating: Float($0), count: 64)) })
            }
            for start in stride(from: 0, to: 6_000, by: 500) { try write(start..<start + 500) }
            try collection.waitForIndexing()
            let full = try collection.describe().byteCount
            for _ in 0..<6 {
                for start in stride(from: 0, to: 3_000, by: 500) { try write(start..<start + 500) }
            }
            try collection.delete(.ids((1_000..<6_000).map { .number(UInt64($0)) }))
            try collection.waitForIndexing()
            let description = try collection.describe()
            #expect(description.pointCount == 1_000)
            #expect(description.segments.reduce(0) { $0 + $1.count } < 1_400)
            // The catalogue keeps its pages for later use.
            #expect(description.byteCount < full)
            store.close()
        }
    }
}

/// Whether something is refused because of one field.
private func isInvalid(_ field: String, _ body: () throws -> Void) -> Bool {
    do {
        try body()
        return false
    } catch StoreError.invalid(let found, _, _) {
        return found == field
    } catch {
        return false
    }
}
