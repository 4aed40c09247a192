import Akin
import AkinStore
import AkinTestSupport
import Foundation
import Testing

/// Readers beside writers, sealing and indexing.
@Suite struct ConcurrencyTests {
    /// Points that are replaced all the time are found all the time, and never twice.
    @Test func aPointThatIsReplacedIsAlwaysThereOnce() throws {
        try withTemporaryDirectory { path in
            var settings = StoreSettings()
            settings.sealCount = 1_000
            settings.indexedCount = 1_500
            settings.idleSeconds = 0
            settings.indexingThreads = 1
            let store = try Store(path: path, settings: settings)
            let collection = try store.create(
                "c", CollectionConfiguration(dimension: 8, metric: .l2, spec: "HNSW8"))
            let ids = (0..<400).map { PointID.number(UInt64($0)) }
            @Sendable func points(_ version: Int, _ some: Range<Int>) -> [Point] {
                some.map { number in
                    var random = SeededRandom(seed: UInt64(version * 400 + number))
                    let vector = (0..<8).map { _ in random.gaussian() }
                    return Point(
                        id: .number(UInt64(number)), vector: vector,
                        payload: ["version": .integer(Int64(version)), "stays": .bool(true)])
                }
            }
            try collection.upsert(points(0, 0..<400))
            let stays = try #require(FieldPath("stays"))
            let isDone = Flag()
            let failures = Failures()
            let group = DispatchGroup()
            for writer in 0..<2 {
                DispatchQueue.global().async(group: group) {
                    for version in 1...40 {
                        failures.catching {
                            for start in stride(from: writer * 200, to: writer * 200 + 200, by: 50) {
                                try collection.upsert(points(version, start..<start + 50))
                            }
                        }
                    }
                }
            }
            let readers = DispatchGroup()
            for reader in 0..<3 {
                DispatchQueue.global().async(group: readers) {
                    var query = SearchQuery(vector: [Float](repeating: 0, count: 8), limit: 1_000)
                    switch reader {
                    case 0: query.fields = PointFields(payload: .all, vector: true)
                    case 1: query.filter = Filter(must: [.match(stays, .bool(true))])
                    default: query.isExact = true
                    }
                    while !isDone.isSet {
                        failures.catching {
                            let hits = try collection.search([query])[0].hits
                            failures.check(
                                Set(hits.map(\.point.id)) == Set(ids) && hits.count == 400, "\(hits.count) hits")
                            for hit in hits {
                                guard let version = hit.point.payload?["version"]?.double,
                                    case .number(let number) = hit.point.id
                                else { continue }
                                let expected = points(Int(version), Int(number)..<Int(number) + 1)[0].vector
                                failures.check(hit.point.vector == expected, "a payload beside another vector")
                            }
                            let read = try collection.retrieve(ids, fields: PointFields(vector: true))
                            failures.check(read.count == 400 && read.allSatisfy { $0.vector != nil }, "retrieved")
                        }
                    }
                }
            }
            group.wait()
            isDone.isSet = true
            readers.wait()
            #expect(failures.all == [])
            try collection.waitForIndexing()
            #expect(try collection.describe().pointCount == 400)
            store.close()
        }
    }

    @Test func writersThatComeTogetherAllGetTheirAnswers() throws {
        try withTemporaryDirectory { path in
            let store = try Store(path: path)
            let collection = try store.create("c", CollectionConfiguration(dimension: 2, metric: .cosine))
            let failures = Failures()
            DispatchQueue.concurrentPerform(iterations: 8) { writer in
                for number in 0..<50 {
                    failures.catching {
                        let id = PointID.number(UInt64(writer * 50 + number))
                        try collection.upsert([Point(id: id, vector: [1, Float(number)])])
                        let answer = try collection.search([SearchQuery(vector: [1, Float(number)], limit: 400)])[0]
                        failures.check(answer.hits.contains { $0.point.id == id }, "not seen at once")
                        if number % 2 == 0 {
                            failures.check(try collection.delete(.ids([id])) == 1, "deleted")
                            let answer = try collection.search([SearchQuery(vector: [1, Float(number)], limit: 400)])[0]
                            failures.check(!answer.hits.contains { $0.point.id == id }, "seen after its deletion")
                        }
                    }
                }
            }
            #expect(failures.all == [])
            #expect(try collection.count() == 200)
            store.close()
        }
    }
}

/// What went wrong on any thread.
final class Failures: @unchecked Sendable {
    private let lock = NSLock()
    private var texts: Set<String> = []
    var all: Set<String> { lock.withLock { texts } }

    func check(_ isGood: Bool, _ text: @autoclosure () -> String) {
        if !isGood { lock.withLock { _ = texts.insert(text()) } }
    }
    func catching(_ body: () throws -> Void) {
        do { try body() } catch { check(false, "\(error)") }
    }
}
