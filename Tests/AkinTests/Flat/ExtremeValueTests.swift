import Akin
import AkinTestSupport
import Testing

@Suite("Exact search at the ends of the float range")
struct ExtremeValueTests {
    /// Lengths whose squares, products or reciprocals leave the range of floats, while the scores stay within it.
    static let cases: [(Metric, Float)] =
        [0x1p-149, 0x1p-133, 1e-34, 1e-30, 1e-25, 1e-15, 1e15].flatMap { (scale: Float) in
            Metric.allCases.map { ($0, scale) }
        } + [(.cosine, 1e25), (.cosine, 1e34), (.cosine, 1e38)]

    @Test("one row of any length among ordinary ones", arguments: cases)
    func extremeRow(_ metric: Metric, scale: Float) throws {
        let ordinary = Matrix<Float>.random(rows: 120, columns: 9, seed: 1)
        let base = Matrix<Float>(
            (0..<120).map { i in i == 60 ? ordinary[i].map { max(-3, min(3, $0)) * scale } : ordinary[i] })
        let queries = Matrix<Float>.random(rows: 40, columns: 9, seed: 2)
        let index = try FlatIndex(base, metric: metric)
        for batch in [queries, queries.rows(0..<1)] {
            let found = try index.search(batch, k: 5).neighbors
            #expect(agree(found, bruteForce(base, batch, k: 5, metric: metric)))
        }
    }

    @Test("one query of any length among ordinary ones", arguments: cases)
    func extremeQuery(_ metric: Metric, scale: Float) throws {
        let base = Matrix<Float>.random(rows: 120, columns: 9, seed: 3)
        let ordinary = Matrix<Float>.random(rows: 40, columns: 9, seed: 4)
        let queries = Matrix<Float>(
            (0..<40).map { i in i == 7 ? ordinary[i].map { max(-3, min(3, $0)) * scale } : ordinary[i] })
        let index = try FlatIndex(base, metric: metric)
        for batch in [queries, queries.rows(7..<8)] {
            let found = try index.search(batch, k: 5).neighbors
            #expect(agree(found, bruteForce(base, batch, k: 5, metric: metric)))
        }
    }
}
