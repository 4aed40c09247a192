import Akin
import AkinVision
import Foundation

/// Loads vectors, whose names are their row numbers.
struct VectorLoader: Sendable {
    /// Numbers of one request, at most.
    static let batchNumbers = 256 << 10
    /// Vectors of one request, at most.
    static let mostVectors = 2_000

    let collection: ServiceCollection
    let progress: LoadProgress
    /// Whether vectors that are stored already are loaded again.
    let replaces: Bool

    /// Loads all vectors, with a JSON object for each row or with none at all.
    func load(_ vectors: Matrix<Float>, payloads: PayloadLines?, threads: Int) throws {
        let size = min(max(1, Self.batchNumbers / vectors.columns), Self.mostVectors)
        var start = 0
        try ParallelBatches.run(threads: threads) {
            guard start < vectors.rows else { return nil as Range<Int>? }
            defer { start += size }
            return start..<min(start + size, vectors.rows)
        } work: { rows in
            try send(rows, of: vectors, payloads)
        }
    }

    private func send(_ rows: Range<Int>, of vectors: Matrix<Float>, _ payloads: PayloadLines?) throws {
        let stored = replaces ? [] : try collection.stored(Array(rows))
        let missing = rows.filter { !stored.contains("\($0)") }
        if !missing.isEmpty {
            let body = Self.body(missing, of: vectors, payloads)
            _ = try collection.client.ask(
                "PUT", collection.points + "?wait=true", body: body)
        }
        try progress.add(loaded: missing.count, present: rows.count - missing.count)
    }

    /// The body that adds these rows: `{"points": [{"id": 0, "vector": […], "payload": {…}}, …]}`.
    static func body(_ rows: [Int], of vectors: Matrix<Float>, _ payloads: PayloadLines?) -> Data {
        var text = Data()
        text.reserveCapacity(rows.count * (vectors.columns * 12 + 64))
        text.append(contentsOf: "{\"points\":[".utf8)
        vectors.withUnsafeElements { elements in
            for (i, row) in rows.enumerated() {
                text.append(contentsOf: "\(i > 0 ? "," : ""){\"id\":\(row),\"vector\":[".utf8)
                for column in 0..<vectors.columns {
                    if column > 0 { text.append(UInt8(ascii: ",")) }
                    text.append(contentsOf: elements[row * vectors.columns + column].description.utf8)
                }
                text.append(UInt8(ascii: "]"))
                if let payload = payloads?[row] {
                    text.append(contentsOf: ",\"payload\":".utf8)
                    text.append(contentsOf: payload)
                }
                text.append(UInt8(ascii: "}"))
            }
        }
        text.append(contentsOf: "]}".utf8)
        return text
    }
}
