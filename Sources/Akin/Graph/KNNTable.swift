/// The rows of a graph while it is being built; each row is written by one thread.
final class KNNTable: @unchecked Sendable {
    let count: Int
    let degree: Int
    let metric: Metric
    private let ids: Buffer<Int32>
    private let scores: Buffer<Float>

    init(count: Int, degree: Int, metric: Metric, in place: WorkPlace) throws(FileError) {
        self.count = count
        self.degree = degree
        self.metric = metric
        ids = try place.buffer(count: count * degree)
        scores = try place.buffer(count: count * degree)
    }

    /// Takes the answer to a row's own vector, leaving out the row itself.
    func set(_ neighbors: some Sequence<Neighbor>, row: Int) {
        var place = row * degree
        for neighbor in neighbors where neighbor.id != Int64(row) && place < (row + 1) * degree {
            ids[place] = Int32(neighbor.id)
            scores[place] = neighbor.score
            place += 1
        }
    }

    /// Takes the first of `count` words of exact keys.
    func set(_ words: UnsafePointer<UInt64>, count: Int, row: Int) {
        for j in 0..<min(count, degree) {
            let (number, key) = PairKeys.neighbor(words[j])
            ids[row * degree + j] = Int32(number)
            scores[row * degree + j] = metric.isSimilarity ? 0 - key : key
        }
    }

    /// Takes the first of the words of every row, which are where `places` says; `counts` are how many each has, or
    /// nothing where all have enough.
    func set(
        _ words: Buffer<UInt64>, width: Int, counts: Buffer<UInt32>?, places: Buffer<UInt32>, threads: Int
    ) {
        forEachChunk(of: count, size: 4096, threads: threads) { range in
            for row in range {
                let i = Int(places[row])
                self.set(words.pointer + i * width, count: counts.map { Int($0[i]) } ?? width, row: row)
            }
        }
    }

    /// The keys of a row: smaller is nearer.
    func keys(_ row: Int) -> [Float] {
        (row * degree..<(row + 1) * degree).map { metric.isSimilarity ? 0 - scores[$0] : scores[$0] }
    }

    /// The key of the farthest neighbour of a row.
    func lastKey(_ row: Int) -> Float {
        let score = scores[row * degree + degree - 1]
        return metric.isSimilarity ? 0 - score : score
    }

    /// Some rows, copied.
    func rows(_ range: Range<Int>) -> (ids: Matrix<Int32>, scores: Matrix<Float>) {
        func copy<Element>(_ all: Buffer<Element>) -> Matrix<Element> {
            Matrix(rows: range.count, columns: degree) { elements in
                elements.baseAddress?.update(from: all.pointer + range.lowerBound * degree, count: elements.count)
            }
        }
        return (copy(ids), copy(scores))
    }
}

/// A table that is finished, and what is known of it.
struct FinishedTable {
    var table: KNNTable
    var isExact: Bool
    /// Share of the true neighbours that a sample showed, for an approximate graph.
    var measuredRecall: Double?

    /// The table as a graph in memory.
    var graph: KNNGraph {
        let (ids, scores) = table.rows(0..<table.count)
        return KNNGraph(
            ids: ids, scores: scores, metric: table.metric, isExact: isExact, measuredRecall: measuredRecall)
    }
}
