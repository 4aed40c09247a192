/// The rows of a graph while it is being built; each row is written by one thread.
final class KNNTable: @unchecked Sendable {
    let count: Int
    let degree: Int
    let metric: Metric
    private let ids: Buffer<Int32>
    private let scores: Buffer<Float>

    init(count: Int, degree: Int, metric: Metric) {
        self.count = count
        self.degree = degree
        self.metric = metric
        ids = Buffer(uninitialized: count * degree)
        scores = Buffer(uninitialized: count * degree)
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

    /// The keys of a row: smaller is nearer.
    func keys(_ row: Int) -> [Float] {
        (row * degree..<(row + 1) * degree).map { metric.isSimilarity ? 0 - scores[$0] : scores[$0] }
    }

    /// The key of the farthest neighbour of a row.
    func lastKey(_ row: Int) -> Float {
        let score = scores[row * degree + degree - 1]
        return metric.isSimilarity ? 0 - score : score
    }

    func graph(isExact: Bool, measuredRecall: Double? = nil) -> KNNGraph {
        KNNGraph(
            ids: Matrix(rows: count, columns: degree) { $0.baseAddress?.update(from: ids.pointer, count: ids.count) },
            scores: Matrix(rows: count, columns: degree) {
                $0.baseAddress?.update(from: scores.pointer, count: scores.count)
            },
            metric: metric, isExact: isExact, measuredRecall: measuredRecall)
    }
}
