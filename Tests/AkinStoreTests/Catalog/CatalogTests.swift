import Akin
import AkinStore
import AkinTestSupport
import Foundation
import Testing

@Suite struct CatalogTests {
    static let configuration = CollectionConfiguration(
        dimension: 4, metric: .cosine, spec: "HNSW16", space: EmbeddingSpace(id: "abc", name: "some space"))

    /// Makes a catalogue, lends it, and opens it a second time to see whether the file is as good as the object.
    static func withCatalog(_ body: (Catalog) throws -> Void, reopened check: ((Catalog) throws -> Void)? = nil) throws
    {
        try withTemporaryDirectory { folder in
            let path = folder + "/catalog.sqlite"
            let catalog = try Catalog(creatingAt: path, configuration: configuration)
            try body(catalog)
            try catalog.close()
            let again = try Catalog(opening: path)
            try (check ?? { _ in })(again)
            try again.close()
        }
    }

    static func json(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test func aNewCatalogueIsEmptyAndKeepsItsConfiguration() throws {
        try Self.withCatalog { catalog in
            #expect(catalog.configuration == Self.configuration)
        } reopened: { catalog throws in
            #expect(catalog.configuration == Self.configuration)
            #expect(try catalog.count() == 0)
            #expect(try catalog.nextRow() == 0)
            #expect(try catalog.appliedSequence() == 0)
            #expect(try catalog.sealedSequence() == 0)
            #expect(try catalog.segments().isEmpty)
            #expect(try catalog.liveRows() == [])
        }
    }

    @Test func aConfigurationWithoutASpaceHasNone() throws {
        try withTemporaryDirectory { folder in
            let plain = CollectionConfiguration(dimension: 65_536, metric: .l2)
            try Catalog(creatingAt: folder + "/c", configuration: plain).close()
            #expect(try Catalog(opening: folder + "/c").configuration == plain)
        }
    }

    @Test func pointsAreFoundByNameAndByRow() throws {
        let ids: [PointID] = [.number(7), .number(.max), .number(1 << 63), .number(0), .name("7"), .name("Schuh-é")]
        try Self.withCatalog { catalog in
            try catalog.write { writer in
                for (row, id) in ids.enumerated() {
                    try writer.upsert(
                        id, payload: row == 3 ? [] : Self.json(#"{"row":\#(row)}"#), image: row == 5 ? "f00" : nil,
                        row: Int64(row) + 10)
                }
                writer.setApplied(42)
                writer.setSealed(17)
            }
        } reopened: { catalog throws in
            #expect(try catalog.count() == ids.count)
            #expect(try catalog.nextRow() == 16)
            #expect(try catalog.appliedSequence() == 42)
            #expect(try catalog.sealedSequence() == 17)
            #expect(try catalog.liveRows() == Array(10..<16))
            let rows = try catalog.rows(of: ids + [.number(8), .name("")])
            #expect(rows == Dictionary(uniqueKeysWithValues: zip(ids, 10..<16)))
            let points = try catalog.points(rows: [9, 10, 13, 15, 16], fields: PointFields(payload: .all))
            #expect(
                points == [
                    10: StoredPoint(id: .number(7), payload: ["row": .integer(0)]),
                    13: StoredPoint(id: .number(0), payload: [:]),
                    15: StoredPoint(id: .name("Schuh-é"), payload: ["row": .integer(5)], hasImage: true),
                ])
            #expect(try catalog.points(rows: [15], fields: .init())[15]?.payload == nil)
            #expect(try catalog.image(of: .name("Schuh-é")) == "f00")
            #expect(try catalog.image(of: .name("7")) == nil)
            #expect(try catalog.image(of: .name("nobody")) == nil)
            #expect(try catalog.images() == ["f00"])
        }
    }

    @Test func aNameIsItsBytes() throws {
        let (composed, decomposed) = (PointID.name("\u{e9}"), PointID.name("e\u{301}"))
        try Self.withCatalog { catalog in
            try catalog.write { writer throws in
                #expect(try writer.upsert(composed, payload: [], row: 0) == nil)
                #expect(try writer.upsert(decomposed, payload: [], row: 1) == nil)
                #expect(try writer.rows(of: [composed, decomposed]) == [composed: 0, decomposed: 1])
            }
        }
    }

    @Test func replacingGivesTheOldRowAndForgetsIt() throws {
        try Self.withCatalog { catalog in
            try catalog.write { writer throws in
                #expect(try writer.upsert(.number(1), payload: Self.json(#"{"a":1}"#), image: "x", row: 0) == nil)
                #expect(try writer.upsert(.number(2), payload: [], row: 1) == nil)
                #expect(try writer.upsert(.number(1), payload: Self.json(#"{"a":2}"#), row: 2) == 0)
                #expect(try writer.rows(of: [.number(1)]) == [.number(1): 2])
            }
            #expect(try catalog.liveRows() == [1, 2])
            #expect(try catalog.points(rows: [2], fields: .init(payload: .all))[2]?.payload == ["a": .integer(2)])
            #expect(try catalog.images() == [])
        }
    }

    @Test func aRowIsNeverTakenTwice() throws {
        try Self.withCatalog { catalog in
            try catalog.write { try $0.upsert(.number(1), payload: [], row: 0) }
            #expect(throws: StoreError.self) {
                try catalog.write { try $0.upsert(.number(2), payload: [], row: 0) }
            }
            #expect(try catalog.rows(of: [.number(1), .number(2)]) == [.number(1): 0])
        }
    }

    @Test func deletingGivesTheRowsOfWhatThereWas() throws {
        try Self.withCatalog { catalog in
            try catalog.write { writer in
                for row in 0..<5 { try writer.upsert(.number(UInt64(row)), payload: [], row: Int64(row)) }
                #expect(try writer.delete([.number(3), .number(9), .number(0), .number(3)]) == [3, 0])
            }
            #expect(try catalog.liveRows() == [1, 2, 4])
            #expect(try catalog.count() == 3)
            #expect(try catalog.nextRow() == 5)
        }
    }

    @Test func aTransactionThatThrowsLeavesNothing() throws {
        struct Stop: Error {}
        try Self.withCatalog { catalog in
            try catalog.write { try $0.upsert(.number(1), payload: [], row: 0) }
            #expect(throws: Stop.self) {
                try catalog.write { writer in
                    try writer.upsert(.number(1), payload: [], row: 1)
                    try writer.upsert(.number(2), payload: [], row: 2)
                    try writer.createIndex(#require(FieldPath("a")), .keyword)
                    writer.setApplied(9)
                    throw Stop()
                }
            }
            #expect(try catalog.rows(of: [.number(1), .number(2)]) == [.number(1): 0])
            #expect(try catalog.nextRow() == 1)
            #expect(try catalog.appliedSequence() == 0)
            #expect(try catalog.payloadIndexes().isEmpty)
            try catalog.write { try $0.upsert(.number(2), payload: [], row: 1) }
            #expect(try catalog.count() == 2)
        }
    }

    @Test func segmentsAreReplacedInOneTransaction() throws {
        var parts: [SegmentRecord] = []
        for i in 0..<3 as Range<Int64> {
            let files = ["s\(i).rows", "\"s\(i)\".flat"]
            parts.append(
                SegmentRecord(
                    name: "s\(i)", spec: "Flat", files: files, count: 10, firstRow: i * 10, lastRow: i * 10 + 9))
        }
        let whole = SegmentRecord(
            name: "s3", spec: "HNSW16", files: ["s3.akin"], count: 20, firstRow: 0, lastRow: 19)
        try Self.withCatalog { catalog in
            try catalog.write { try $0.replaceSegments(adding: parts.reversed()) }
            #expect(try catalog.segments() == parts)
            try catalog.write(isDurable: true) { try $0.replaceSegments(removing: ["s0", "s1"], adding: [whole]) }
            #expect(throws: StoreError.self) {
                try catalog.write { try $0.replaceSegments(removing: ["s3", "s0"], adding: []) }
            }
        } reopened: { catalog throws in
            #expect(try catalog.segments() == [whole, parts[2]])
        }
    }

    @Test func payloadsChangeWhileRowsStay() throws {
        try Self.withCatalog { catalog in
            try catalog.write { writer in
                try writer.upsert(.number(1), payload: Self.json(#"{"a":1,"b":[1,2]}"#), row: 0)
                try writer.upsert(.number(2), payload: [], row: 1)
                let ids: [PointID] = [.number(1), .number(2), .number(3)]
                #expect(try writer.change(.set(["a": .integer(5)], at: nil), of: ids) == 2)
            }
            #expect(try Self.payloads(catalog) == [#"{"a":5,"b":[1,2]}"#, #"{"a":5}"#])
            try catalog.write { try $0.change(.clear, of: [.number(2)]) }
            #expect(try Self.payloads(catalog) == [#"{"a":5,"b":[1,2]}"#, "{}"])
            #expect(try catalog.liveRows() == [0, 1])
        }
    }

    private static func payloads(_ catalog: Catalog) throws -> [String] {
        let points = try catalog.points(rows: try catalog.liveRows(), fields: .init(payload: .all))
        return points.sorted { $0.key < $1.key }.map {
            String(decoding: JSON.object($0.value.payload ?? [:]).encoded, as: UTF8.self)
        }
    }

    @Test func pagesFollowOneAnotherInTheOrderOfNames() throws {
        var random = SeededRandom(seed: 1)
        var ids: [PointID] = []
        for i in 0..<40 as Range<UInt64> { ids += [.number(i << 58), .number(i), .name("n\(i)")] }
        let order: [PointID] = Set(ids).sorted()
        try Self.withCatalog { catalog in
            try catalog.write { writer in
                for (row, id) in order.shuffled(using: &random).enumerated() {
                    try writer.upsert(id, payload: Self.json(#"{"row":\#(row)}"#), row: Int64(row))
                }
            }
            let rows = try catalog.rows(of: order)
            let isSmall = Filter(must: [.range(try #require(FieldPath("row")), .init(below: 50))])
            let small = order.filter { (rows[$0] ?? 50) < 50 }
            for (filter, wanted) in [(Filter(), order), (isSmall, small)] {
                for limit in [1, 7, wanted.count - 1, wanted.count, 1000] {
                    var seen: [PointID] = []
                    var start: PointID?
                    repeat {
                        let page = try catalog.scroll(filter, from: start, limit: limit)
                        #expect(page.points.count == min(limit, wanted.count - seen.count))
                        #expect(page.points.allSatisfy { rows[$0.id] == $0.row })
                        seen += page.points.map(\.id)
                        start = page.next
                    } while start != nil
                    #expect(seen == wanted)
                }
                #expect(try catalog.ids(matching: filter) == wanted)
                #expect(try catalog.matches(filter).rows == wanted.compactMap { rows[$0] }.sorted())
            }
        }
    }

    @Test func readersSeeTheStateBeforeATransactionUntilItEnds() throws {
        try Self.withCatalog { catalog in
            try catalog.write { writer in
                try writer.upsert(.number(1), payload: [], row: 0)
                #expect(try catalog.count() == 0)
                #expect(try writer.rows(of: [.number(1)]).count == 1)
            }
            #expect(try catalog.count() == 1)
        }
    }
}
