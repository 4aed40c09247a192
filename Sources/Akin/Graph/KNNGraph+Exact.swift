extension KNNGraph {
    /// Builds the true graph: every vector is compared with every other.
    ///
    /// Rows are those of ``FlatIndex/search(_:k:options:)`` without the vector itself: scores computed by difference in
    /// double precision, whatever the threads and the CPU.
    ///
    /// - Parameters:
    ///   - vectors: `[n, dimension]`, finite.
    ///   - k: neighbours of each, 1 or more; all others where there are fewer.
    ///   - metric: how nearness is measured.
    ///   - options: threads, progress and cancellation.
    /// - Returns: the graph; without neighbours for fewer than two vectors.
    /// - Throws: ``IndexError/outOfRange(name:value:allowed:)``, ``IndexError/notFinite(row:column:)``;
    ///   `CancellationError` when the monitor says stop.
    /// - Complexity: O(n² · dimension).
    public static func exact(
        _ vectors: Matrix<Float>, k: Int, metric: Metric = .l2, options: KNNGraphOptions = .init()
    ) throws -> KNNGraph {
        try check(count: vectors.rows, k: k, options: options)
        let index = try FlatIndex(vectors, metric: metric, threads: options.threads, kernels: options.kernels)
        let degree = min(k, max(0, vectors.rows - 1))
        var table = KNNTable(count: vectors.rows, degree: degree)
        let block = 1 << 14
        for first in stride(from: 0, to: degree > 0 ? vectors.rows : 0, by: block) {
            let some = first..<min(first + block, vectors.rows)
            try options.monitor.update("comparing", done: first, total: vectors.rows)
            let found = try index.search(
                vectors.rows(some), k: degree + 1,
                options: SearchOptions(threads: options.threads, monitor: options.monitor.quiet)
            ).neighbors
            for row in some { table.set(found[row - first], row: row) }
        }
        return table.graph(metric: metric, isExact: true)
    }
}

/// The rows of a graph while it is being built.
struct KNNTable {
    let count: Int
    let degree: Int
    private var ids: [Int32]
    private var scores: [Float]

    init(count: Int, degree: Int) {
        self.count = count
        self.degree = degree
        ids = Array(repeating: 0, count: count * degree)
        scores = Array(repeating: 0, count: count * degree)
    }

    /// Takes the answer to a row's own vector, leaving out the row itself.
    mutating func set(_ neighbors: some Sequence<Neighbor>, row: Int) {
        var place = row * degree
        for neighbor in neighbors where neighbor.id != Int64(row) && place < (row + 1) * degree {
            ids[place] = Int32(neighbor.id)
            scores[place] = neighbor.score
            place += 1
        }
    }

    func graph(metric: Metric, isExact: Bool) -> KNNGraph {
        KNNGraph(
            ids: Matrix(rows: count, columns: degree) { _ = $0.update(from: ids) },
            scores: Matrix(rows: count, columns: degree) { _ = $0.update(from: scores) },
            metric: metric, isExact: isExact)
    }
}
