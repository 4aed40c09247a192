internal import CAkinKernels

/// Lists of points around centroids, and the lists that are nearest to each point.
struct GraphLists: Sendable {
    /// The points in codes, list after list.
    let codes: JoinCodes
    /// Where each of the caller's vectors has come among them.
    let places: Buffer<UInt32>
    /// List l holds points `starts[l]..<starts[l + 1]`.
    let starts: [Int]
    /// `[points, breadth]`: the lists nearest to each point, its own first.
    let probes: Buffer<UInt32>
    let breadth: Int

    /// Number of lists.
    var count: Int { starts.count - 1 }

    /// Finds the lists nearest to each point and sorts the points.
    init(
        _ codes: JoinCodes, around centroids: JoinCodes, breadth: Int, kernels: Kernels, threads: Int,
        in place: WorkPlace, monitor: ProgressMonitor
    ) throws {
        let probes = try Self.nearestLists(
            to: nil, of: codes, centroids: centroids, breadth: breadth, kernels: kernels, threads: threads,
            in: place, monitor: monitor)
        try self.init(
            codes, probes: probes, breadth: breadth, lists: centroids.count, threads: threads, in: place)
    }

    /// Sorts points into the lists that are nearest to them.
    private init(
        _ codes: JoinCodes, probes: Buffer<UInt32>, breadth: Int, lists: Int, threads: Int, in place: WorkPlace
    ) throws(FileError) {
        var starts = [Int](repeating: 0, count: lists + 1)
        for i in 0..<codes.count { starts[Int(probes[i * breadth]) + 1] += 1 }
        for list in 0..<lists { starts[list + 1] += starts[list] }
        var next = starts
        let places = try place.buffer(of: UInt32.self, count: codes.count)
        let sorted = try place.buffer(of: UInt32.self, count: codes.count * breadth)
        for i in 0..<codes.count {
            let list = Int(probes[i * breadth])
            places[i] = UInt32(next[list])
            (sorted.pointer + next[list] * breadth).update(from: probes.pointer + i * breadth, count: breadth)
            next[list] += 1
        }
        self.codes = try JoinCodes(codes, places: places, in: place, threads: threads)
        self.places = places
        self.starts = starts
        self.probes = sorted
        self.breadth = breadth
    }

    /// Exact keys of the points.
    ///
    /// Vectors in work files are copied in the order of the points, so that a block of points is one of vectors.
    func keys(
        of vectors: Matrix<Float>, kernels: Kernels, threads: Int, in workspace: GraphWorkspace
    ) throws -> PairKeys {
        guard workspace.place.folder != nil else {
            return try PairKeys(vectors, codes: codes, kernels: kernels, threads: threads)
        }
        let (rows, columns, places) = (vectors.rows, vectors.columns, places)
        let sorted = try workspace.place.matrix(rows: rows, columns: columns) { target in
            nonisolated(unsafe) let target = target
            vectors.withUnsafeElements { elements in
                nonisolated(unsafe) let source = elements.baseAddress
                forEachChunk(of: rows, size: 1024, threads: threads) { range in
                    guard let source else { return }
                    for row in range {
                        (target + Int(places[row]) * columns).update(from: source + row * columns, count: columns)
                    }
                }
            }
        }
        return try PairKeys(
            sorted, isSorted: true, codes: codes, kernels: kernels, threads: threads, in: workspace.place)
    }

    /// For each list those of some points that look into it beside their own, in ascending order.
    func visitors(among some: Range<Int>) -> (starts: [Int], points: Buffer<UInt32>) {
        var starts = [Int](repeating: 0, count: count + 1)
        for i in some {
            for rank in 1..<breadth { starts[Int(probes[i * breadth + rank]) + 1] += 1 }
        }
        for list in 0..<count { starts[list + 1] += starts[list] }
        var next = starts
        let points = Buffer<UInt32>(uninitialized: starts[count])
        for i in some {
            for rank in 1..<breadth {
                let list = Int(probes[i * breadth + rank])
                points[next[list]] = UInt32(i)
                next[list] += 1
            }
        }
        return (starts, points)
    }

    // MARK: - Centroids

    /// Lists that pay for so many points: with more, finding the lists costs more than joining them.
    static func listCount(for count: Int) -> Int { max(1, Int(2 * Double(count).squareRoot())) }

    /// Vectors that the centroids of lists are trained with.
    static func sampleCount(for count: Int) -> Int { min(count, 40 * listCount(for: count)) }

    /// Trains the centroids of lists, on unit vectors for the cosine.
    static func centroids(
        of vectors: Matrix<Float>, metric: Metric, options: KNNGraphOptions, threads: Int, in place: WorkPlace
    ) throws -> Matrix<Float> {
        let lists = listCount(for: vectors.rows)
        var training = KMeansOptions(iterations: 5, seed: options.seed, maxPointsPerCentroid: nil, threads: threads)
        training.kernels = options.kernels
        var random = SplitMix64(seeds: options.seed, 0x6c69_7374)
        let rows = KMeans.chooseSorted(sampleCount(for: vectors.rows), of: vectors.rows, using: &random)
        let sample = try place.matrix(rows: rows.count, columns: vectors.columns) { target in
            let chunk = 4096
            for first in stride(from: 0, to: rows.count, by: chunk) {
                var some = KMeans.rows(vectors, Array(rows[first..<min(rows.count, first + chunk)]))
                if metric == .cosine { some = UnitVectors.make(some, threads: threads) }
                some.withUnsafeElements { elements in
                    guard let from = elements.baseAddress else { return }
                    (target + first * vectors.columns).update(from: from, count: elements.count)
                }
            }
        }
        return try KMeans.train(sample, centroids: lists, options: training, monitor: options.monitor.quiet).centroids
    }

    /// The `breadth` lists nearest to some points, or to all of them, nearest first: `[points, breadth]`.
    static func nearestLists(
        to points: Buffer<UInt32>?, of codes: JoinCodes, centroids: JoinCodes, breadth: Int, kernels: Kernels,
        threads: Int, in place: WorkPlace = .memory, monitor: ProgressMonitor
    ) throws -> Buffer<UInt32> {
        let count = points?.count ?? codes.count
        let columns = JoinColumns(room: centroids.count, padded: centroids.padded)
        let offset: UInt32 = 1 << 31
        columns.pack(0..<centroids.count, of: centroids.view(certified: false), offset: offset)
        let found = try place.buffer(of: UInt32.self, count: count * breadth)
        nonisolated(unsafe) let join = akin_join_at(kernels.table).pointee.join
        let block = 512, blocks = (count + block - 1) / block
        try parallelFor(threads: threads, count: blocks) { task in
            let range = task * block..<min(count, (task + 1) * block)
            try monitor.update("sorting into lists", done: range.lowerBound, total: count)
            // The points of the block are numbered anew, so that their lists lie together.
            let order = Buffer<UInt32>(uninitialized: range.count)
            for i in range { order[i - range.lowerBound] = points?[i] ?? UInt32(i) }
            let block = JoinCodes(codes, choosing: order)
            for i in 0..<range.count { order[i] = UInt32(i) }
            let lists = try NearestLists(count: range.count, width: breadth, keys: nil, threads: 1)
            var rows = block.view(certified: false), some = columns.view
            _ = join?(&rows, order.pointer, range.count, &some, 0, some.panels, false, lists.view)
            for i in 0..<range.count * breadth {
                found[range.lowerBound * breadth + i] = UInt32(truncatingIfNeeded: lists.words[i]) - offset
            }
        }
        return found
    }
}
