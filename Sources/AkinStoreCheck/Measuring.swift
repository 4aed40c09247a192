import Akin
import AkinStore
import Foundation
import Synchronization

/// How fast a store writes, indexes and is searched, beside the index alone.
struct Measuring {
    var folder: String
    var count: Int
    var dimension: Int
    var writers: Int
    private let batch = 100
    private let spec = "HNSW16"

    init(folder: String, count: Int, dimension: Int, writers: Int) {
        self.folder = folder
        self.count = count
        self.dimension = dimension
        self.writers = writers
    }

    func run() throws {
        let base = vectors(count, from: 0), queries = vectors(2_000, from: count)
        let store = try Store(path: folder)
        defer { store.close() }
        let collection = try store.create(
            "c", CollectionConfiguration(dimension: dimension, metric: .l2, spec: spec))
        let start = ContinuousClock.now
        try write(base, to: collection)
        let written = ContinuousClock.now - start
        print(
            "written: \(rate(count, written)) vectors/s, batches of \(batch), \(writers) writers, each batch synchronized"
        )
        try collection.waitForIndexing()
        let indexed = ContinuousClock.now - start
        let description = try collection.describe()
        print(
            "indexed: \(rate(count, indexed)) vectors/s from the first write on, \(description.indexedCount) of "
                + "\(description.pointCount) in \(description.segments.count) segments, \(description.byteCount) bytes")

        let began = ContinuousClock.now
        let index = try BuiltIndex(IndexSpec(parsing: spec), base, metric: .l2, space: nil).index
        let built = ContinuousClock.now - began
        print("built offline: \(rate(count, built)) vectors/s; the store reaches \(percent(built / indexed))")

        for ef in [32, 64, 128] {
            let alone = try time(queries) {
                _ = try index.search($0, k: 10, options: SearchOptions(threads: 1, efSearch: ef))
            }
            let stored = try time(queries) {
                _ = try collection.search([SearchQuery(vector: $0[0], limit: 10, efSearch: ef)])
            }
            print(
                "search, k = 10, ef = \(ef): \(rate(queries.rows, stored)) queries/s one at a time, the index alone "
                    + "\(rate(queries.rows, alone)); the store reaches \(percent(alone / stored))")
        }
    }

    private func write(_ base: Matrix<Float>, to collection: VectorCollection) throws {
        let next = Atomic<Int>(0)
        let failure = Mutex<(any Error)?>(nil)
        DispatchQueue.concurrentPerform(iterations: writers) { _ in
            while true {
                let first = next.add(batch, ordering: .relaxed).oldValue
                guard first < count else { return }
                let points = (first..<min(first + batch, count)).map { number in
                    Point(id: .number(UInt64(number)), vector: base[number])
                }
                do { try collection.upsert(points) } catch {
                    failure.withLock { $0 = error }
                    return
                }
            }
        }
        if let failure = failure.withLock({ $0 }) { throw failure }
    }

    private func time(_ queries: Matrix<Float>, _ search: (Matrix<Float>) throws -> Void) throws -> Duration {
        let rows = (0..<queries.rows).map { queries.rows($0..<$0 + 1) }
        for row in rows.prefix(200) { try search(row) }
        let start = ContinuousClock.now
        for row in rows { try search(row) }
        return ContinuousClock.now - start
    }

    /// Points around centres, on planes of few directions, as networks give them.
    private func vectors(_ rows: Int, from first: Int) -> Matrix<Float> {
        func noise(_ a: Int, _ b: Int) -> Float {
            var z =
                UInt64(bitPattern: Int64(a)) &* 0x9E37_79B9_7F4A_7C15 ^ UInt64(bitPattern: Int64(b))
                &* 0xD1B5_4A32_D192_ED03
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            z ^= z >> 31
            // The sum of four even ones is near enough to normal.
            return (0..<4).reduce(0) { $0 + Float((z >> (16 * UInt64($1))) & 0xFFFF) / 65_536 } - 2
        }
        let directions = max(2, dimension / 8)
        return Matrix(rows: rows, columns: dimension) { elements in
            for row in 0..<rows {
                let number = first + row, centre = Int(UInt64(number) &* 0x9E37_79B9 % 1_000)
                let along = (0..<directions).map { noise(number, $0 - 1_000) }
                for c in 0..<dimension {
                    var value = 2 * noise(centre, c - 9_000_000) + 0.1 * noise(number, c)
                    for (d, z) in along.enumerated() {
                        value += 0.4 * z * noise(centre % 16 * 1_000 + d, c - 5_000_000)
                    }
                    elements[row * dimension + c] = value
                }
            }
        }
    }

    private func rate(_ count: Int, _ duration: Duration) -> String {
        "\(Int(Double(count) / (duration / .seconds(1))))"
    }
    private func percent(_ share: Double) -> String { "\(Int((100 * share).rounded())) %" }
}
