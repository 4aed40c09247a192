internal import CAkinKernels

/// Finds the true neighbours of rows by searching for each: what a graph is made of where pairs cannot be joined.
///
/// Vectors are searched block by block, and what the blocks find is put together by exact keys.
struct GraphSearch {
    let vectors: Matrix<Float>
    let table: KNNTable
    let options: KNNGraphOptions
    let workspace: GraphWorkspace

    private var threads: Int { options.threads ?? availableCores() }

    /// Fills all rows.
    func run() throws { try run(count: vectors.rows, numbered: nil) }

    /// Fills some rows.
    func run(_ rows: [Int]) throws { try run(count: rows.count, numbered: rows) }

    private func run(count: Int, numbered rows: [Int]?) throws {
        guard table.degree > 0, count > 0 else { return }
        let blocks = workspace.blocks(
            of: vectors.rows, bytesEach: GraphWorkspace.searchBytes(dimension: vectors.columns))
        let merge = blocks.count > 1 ? try Merge(self, count: count) : nil
        if merge != nil { try checkFinite(vectors) }
        // What is found for a chunk is an array for each row.
        let chunk = max(256, min(1 << 14, (16 << 20) / (32 * (table.degree + 1))))
        for (number, block) in blocks.enumerated() {
            let index = try FlatIndex(
                vectors.rows(block), metric: table.metric, threads: options.threads, kernels: options.kernels)
            for first in stride(from: 0, to: count, by: chunk) {
                let some = first..<min(first + chunk, count)
                try options.monitor.update("comparing", done: number * count + first, total: blocks.count * count)
                let found = try index.search(
                    rows.map { KMeans.rows(vectors, Array($0[some])) } ?? vectors.rows(some), k: table.degree + 1,
                    options: SearchOptions(threads: options.threads, monitor: options.monitor.quiet)
                ).neighbors
                for place in some {
                    let row = rows?[place] ?? place
                    if let merge {
                        merge.add(found[place - first], from: block.lowerBound, row: row, place: place)
                    } else {
                        table.set(found[place - first], row: row)
                    }
                }
            }
        }
        merge?.finish(rows, into: table)
    }
}

/// The nearest of each row among what several blocks have found.
private struct Merge {
    private let keys: PairKeys
    private let nearest: NearestLists
    private let candidates: Buffer<UInt32>
    private let words: Buffer<UInt64>

    init(_ search: GraphSearch, count: Int) throws {
        let place = search.workspace.place
        keys = try PairKeys(
            search.vectors, metric: search.table.metric, kernels: search.options.kernels, threads: 1, in: place)
        nearest = try NearestLists(count: count, width: search.table.degree, keys: keys, in: place, threads: 1)
        candidates = Buffer(uninitialized: search.table.degree + 1)
        words = Buffer(uninitialized: search.table.degree + 1)
    }

    func add(_ found: ArraySlice<Neighbor>, from first: Int, row: Int, place: Int) {
        for (j, neighbor) in found.enumerated() { candidates[j] = UInt32(first + Int(neighbor.id)) }
        var view = keys.view
        let count = akin_exact_words(&view, UInt32(row), candidates.pointer, found.count, words.pointer)
        for j in 0..<count { akin_nearest_offer(nearest.view, UInt32(place), words[j]) }
    }

    func finish(_ rows: [Int]?, into table: KNNTable) {
        let width = nearest.width
        for place in 0..<nearest.count {
            table.set(nearest.words.pointer + place * width, count: width, row: rows?[place] ?? place)
        }
    }
}
