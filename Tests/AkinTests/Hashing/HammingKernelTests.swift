import Akin
import AkinTestSupport
import CAkinKernels
import Testing

/// Every instruction set counts bits and selects as the plain reading does.
@Suite struct HammingKernelTests {
    static let levels: [akin_simd_level] = [
        AKIN_SIMD_SCALAR, AKIN_SIMD_AVX2, AKIN_SIMD_AVX512, AKIN_SIMD_NEON,
    ].filter { akin_hamming_at($0) != nil }

    private struct Codes {
        let bytes: Int, words: Int, count: Int
        let rows: [UInt8]
        let panels: Buffer<UInt16>

        init(bits: Int, count: Int, random: inout SplitMix64) {
            bytes = (bits + 7) / 8
            words = (bits + 15) / 16
            self.count = count
            // Few different bytes, so that many distances are equal.
            rows = (0..<count * bytes).map { _ in [0, 1, 3, 0xFF, 0x80, 0xAA][Int(random.next() % 6)] }
            panels = Buffer(repeating: 0, count: (count + 31) / 32 * 32 * words)
            akin_hamming_pack(rows, bytes, count, 0, panels.pointer, words, bytes)
        }

        func distance(_ row: Int, _ query: [UInt8]) -> Int {
            (0..<bytes).reduce(0) { $0 + (rows[row * bytes + $1] ^ query[$1]).nonzeroBitCount }
        }

        var view: akin_hamming_codes { .init(panels: panels.pointer, words: words, count: count, allowed: nil) }
    }

    @Test("distances and the nearest are right", arguments: [1, 7, 16, 17, 64, 100, 256, 500, 1024])
    func scan(bits: Int) throws {
        var random = SplitMix64(seed: UInt64(bits))
        for count in [1, 31, 32, 33, 64, 500] {
            let codes = Codes(bits: bits, count: count, random: &random)
            let view = [codes.view]
            let queries = (0..<5).map { _ in (0..<codes.bytes).map { _ in UInt8(truncatingIfNeeded: random.next()) } }
            for level in Self.levels {
                let table = akin_hamming_at(level).pointee
                for k in [1, 3, 40] {
                    let found = nearest(queries, k: min(k, count), codes, view, table)
                    for (query, found) in zip(queries, found) {
                        let expected = (0..<count).map { (codes.distance($0, query), $0) }.sorted { $0 < $1 }
                        let same = found.count == min(k, count) && zip(found, expected).allSatisfy { $0 == $1 }
                        #expect(same, "level \(level.rawValue), \(count) codes, k \(k)")
                    }
                }
                var distances = [UInt16](repeating: 0, count: (count + 31) / 32 * 32)
                let spread = Buffer<UInt16>(repeating: 0, count: 32 * codes.words)
                akin_hamming_spread(queries[0], codes.bytes, codes.words, spread.pointer)
                table.distances(view, 0, (count + 31) / 32, spread.pointer, &distances)
                let right = (0..<count).allSatisfy { Int(distances[$0]) == codes.distance($0, queries[0]) }
                #expect(right, "level \(level.rawValue)")
            }
        }
    }

    private func nearest(
        _ queries: [[UInt8]], k: Int, _ codes: Codes, _ view: [akin_hamming_codes], _ table: akin_hamming_table
    ) -> [[(Int, Int)]] {
        let n = queries.count, capacity = k + 8, greatest = 8 * codes.bytes
        let rows = Buffer<UInt32>(repeating: 0, count: n * capacity)
        let distances = Buffer<UInt16>(repeating: 0, count: n * capacity)
        let histograms = Buffer<UInt32>(repeating: 0, count: n * (greatest + 1))
        let spread = Buffer<UInt16>(repeating: 0, count: n * 32 * codes.words)
        let selectors = Buffer<akin_hamming_selector>(repeating: .init(), count: n)
        let asked = Buffer<akin_hamming_query>(repeating: .init(), count: n)
        for q in 0..<n {
            selectors[q].row = rows.pointer + q * capacity
            selectors[q].distance = distances.pointer + q * capacity
            selectors[q].histogram = histograms.pointer + q * (greatest + 1)
            selectors[q].capacity = UInt32(capacity)
            akin_hamming_reset(selectors.pointer + q, UInt32(k), UInt32(greatest))
            akin_hamming_spread(queries[q], codes.bytes, codes.words, spread.pointer + q * 32 * codes.words)
            asked[q] = .init(words: spread.pointer + q * 32 * codes.words, selector: selectors.pointer + q)
        }
        let panels = (codes.count + 31) / 32
        for first in stride(from: 0, to: panels, by: 3) {
            table.scan(view, first, min(first + 3, panels), asked.pointer, n)
        }
        return (0..<n).map { q in
            akin_hamming_compact(selectors.pointer + q)
            return (0..<Int(selectors[q].count)).map {
                (Int(selectors[q].distance[$0]), Int(selectors[q].row[$0]))
            }.sorted { $0 < $1 }
        }
    }

    @Test("distances of scattered codes are right", arguments: [1, 2, 4, 7, 8, 9, 16, 20])
    func scattered(words: Int) throws {
        var random = SplitMix64(seed: 5)
        let codes = (0..<50 * words).map { _ in random.next() }
        let rows: [UInt32] = (0..<30).map { _ in UInt32(random.next() % 50) }
        for level in Self.levels {
            var found = [UInt16](repeating: 0, count: rows.count)
            let query = (0..<words).map { _ in random.next() }
            akin_hamming_at(level).pointee.some(query, codes, words, rows, rows.count, &found)
            for (row, distance) in zip(rows, found) {
                let expected = (0..<words).reduce(0) { $0 + (codes[Int(row) * words + $1] ^ query[$1]).nonzeroBitCount }
                #expect(Int(distance) == expected)
            }
        }
    }

    @Test("codes are taken from panels as they were put there")
    func unpack() {
        var random = SplitMix64(seed: 6)
        let codes = Codes(bits: 43, count: 40, random: &random)
        for row in 0..<40 {
            var code = [UInt8](repeating: 0, count: codes.bytes)
            akin_hamming_unpack(codes.panels.pointer, codes.words, row, &code, codes.bytes)
            #expect(code == Array(codes.rows[row * codes.bytes..<(row + 1) * codes.bytes]))
        }
    }
}
