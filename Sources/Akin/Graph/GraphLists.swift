internal import CAkinKernels

/// Lists of points around centroids, and the lists that are nearest to each point.
struct GraphLists: Sendable {
    /// The points in codes, list after list.
    let codes: JoinCodes
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
        monitor: ProgressMonitor
    ) throws {
        let everyone = Buffer<UInt32>(uninitialized: codes.count)
        for i in 0..<codes.count { everyone[i] = UInt32(i) }
        let probes = try Self.nearestLists(
            to: everyone, of: codes, centroids: centroids, breadth: breadth, kernels: kernels, threads: threads,
            monitor: monitor)
        self.init(codes, probes: probes, breadth: breadth, lists: centroids.count, threads: threads)
    }

    /// Sorts points into the lists that are nearest to them.
    init(_ codes: JoinCodes, probes: Buffer<UInt32>, breadth: Int, lists: Int, threads: Int) {
        var starts = [Int](repeating: 0, count: lists + 1)
        for i in 0..<codes.count { starts[Int(probes[i * breadth]) + 1] += 1 }
        for list in 0..<lists { starts[list + 1] += starts[list] }
        var next = starts
        let order = Buffer<UInt32>(uninitialized: codes.count)
        for i in 0..<codes.count {
            let list = Int(probes[i * breadth])
            order[next[list]] = UInt32(i)
            next[list] += 1
        }
        let sorted = Buffer<UInt32>(uninitialized: codes.count * breadth)
        for i in 0..<codes.count {
            (sorted.pointer + i * breadth).update(from: probes.pointer + Int(order[i]) * breadth, count: breadth)
        }
        self.codes = JoinCodes(codes, order: order, threads: threads)
        self.starts = starts
        self.probes = sorted
        self.breadth = breadth
    }

    /// For each list the points that look into it at some of their ranks, in ascending order.
    func visitors(at ranks: Range<Int>) -> (starts: [Int], points: Buffer<UInt32>) {
        var starts = [Int](repeating: 0, count: count + 1)
        for i in 0..<codes.count {
            for rank in ranks { starts[Int(probes[i * breadth + rank]) + 1] += 1 }
        }
        for list in 0..<count { starts[list + 1] += starts[list] }
        var next = starts
        let points = Buffer<UInt32>(uninitialized: starts[count])
        for i in 0..<codes.count {
            for rank in ranks {
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

    /// Trains the centroids of lists, on unit vectors for the cosine.
    static func centroids(
        of vectors: Matrix<Float>, metric: Metric, options: KNNGraphOptions, threads: Int
    ) throws -> Matrix<Float> {
        let lists = listCount(for: vectors.rows)
        var training = KMeansOptions(iterations: 5, seed: options.seed, maxPointsPerCentroid: nil, threads: threads)
        training.kernels = options.kernels
        var random = SplitMix64(seeds: options.seed, 0x6c69_7374)
        let rows = KMeans.chooseSorted(min(vectors.rows, 40 * lists), of: vectors.rows, using: &random)
        var sample = KMeans.rows(vectors, rows)
        if metric == .cosine { sample = UnitVectors.make(sample, threads: threads) }
        return try KMeans.train(sample, centroids: lists, options: training, monitor: options.monitor.quiet).centroids
    }

    /// The `breadth` lists nearest to some points, nearest first: `[points, breadth]`.
    static func nearestLists(
        to points: Buffer<UInt32>, of codes: JoinCodes, centroids: JoinCodes, breadth: Int, kernels: Kernels,
        threads: Int, monitor: ProgressMonitor
    ) throws -> Buffer<UInt32> {
        let columns = JoinColumns(room: centroids.count, padded: centroids.padded)
        let offset: UInt32 = 1 << 31
        columns.pack(0..<centroids.count, of: centroids.view(certified: false), offset: offset)
        let found = Buffer<UInt32>(uninitialized: points.count * breadth)
        nonisolated(unsafe) let join = akin_join_at(kernels.table).pointee.join
        let block = 512, blocks = (points.count + block - 1) / block
        try parallelFor(threads: threads, count: blocks) { task in
            let range = task * block..<min(points.count, (task + 1) * block)
            try monitor.update("sorting into lists", done: range.lowerBound, total: points.count)
            // The points of the block are numbered anew, so that their lists lie together.
            let order = Buffer<UInt32>(uninitialized: range.count)
            for i in range { order[i - range.lowerBound] = points[i] }
            let block = JoinCodes(codes, order: order, threads: 1)
            for i in 0..<range.count { order[i] = UInt32(i) }
            let lists = NearestLists(count: range.count, width: breadth, keys: nil, threads: 1)
            var rows = block.view(certified: false), some = columns.view
            _ = join?(&rows, order.pointer, range.count, &some, 0, some.panels, false, lists.view)
            for i in 0..<range.count * breadth {
                found[range.lowerBound * breadth + i] = UInt32(truncatingIfNeeded: lists.words[i]) - offset
            }
        }
        return found
    }
}
