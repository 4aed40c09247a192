import AkinStore
import AkinTestSupport
import Testing

@Suite struct LogRecordTests {
    static func records() throws -> [LogRecord] {
        let path = try #require(FieldPath("shop.city"))
        let entries: [LoggedPoints.Entry] = [
            .init(id: .number(.max), payload: Array(#"{"a":1}"#.utf8), image: String(repeating: "0a", count: 32)),
            .init(id: .name("é"), payload: [], image: nil),
        ]
        return [
            .upsert(firstRow: 7, LoggedPoints(entries: entries, vectors: [1, -0.5, 3e-9, 0, 2, 4], dimension: 3)),
            .delete([.number(0), .name("x")]), .delete([]),
            .change(.set(["b": .array([.null, .bool(true)])], at: nil), [.number(1)]),
            .change(.set(["b": .number(0.5)], at: path), [.number(1)]),
            .change(.replace([:]), [.name("y")]), .change(.delete([path, path]), []), .change(.clear, [.number(3)]),
            .createIndex(path, .datetime), .deleteIndex(path),
            .position(0), .position(1 << 62),
        ]
    }

    private func read(_ kind: LogRecord.Kind, _ body: [UInt8]) throws -> LogRecord {
        try body.withUnsafeBytes { try LogRecord(kind, $0) }
    }

    @Test func everyRecordComesBackFromItsBytes() throws {
        for record in try Self.records() { #expect(try read(record.kind, record.body) == record) }
    }

    @Test func aBodyCutShortOrTooLongIsRefused() throws {
        for record in try Self.records() {
            for length in 0..<record.body.count {
                #expect(throws: (any Error).self) { try read(record.kind, Array(record.body[..<length])) }
            }
            #expect(throws: (any Error).self) { try read(record.kind, record.body + [0]) }
        }
    }

    @Test func anyBytesAreReadOrRefused() throws {
        var random = SeededRandom(seed: 5)
        for record in try Self.records() {
            for _ in 0..<2_000 {
                var body = record.body
                for _ in 0..<Int.random(in: 1...4, using: &random) where !body.isEmpty {
                    body[Int.random(in: 0..<body.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
                }
                // What is read is written as it was, so nothing was made up.
                if let read = try? read(record.kind, body), case .upsert = read { #expect(read.body == body) }
            }
        }
    }

    @Test func theFirstRowCanBeSetLater() throws {
        let points = LoggedPoints(
            entries: [.init(id: .number(1), payload: [], image: nil)], vectors: [1], dimension: 1)
        var body = LogRecord.upsert(firstRow: 0, points).body
        LogRecord.setFirstRow(1 << 40, of: &body)
        #expect(body == LogRecord.upsert(firstRow: 1 << 40, points).body)
    }
}
