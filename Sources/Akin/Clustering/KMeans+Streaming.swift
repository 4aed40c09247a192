internal import CAkinKernels

extension KMeans {
    /// Trains centroids with the vectors of a file, within a memory budget.
    ///
    /// Where the vectors to train with, at most ``KMeansOptions/maxPointsPerCentroid`` for each centroid, fit into the budget, they
    /// are drawn from all of the file and trained with as in memory: the result is that of
    /// ``train(_:centroids:options:monitor:)``. Where they do not, a sample that fits gives first centroids, and the
    /// vectors then pass through in mini-batches: after each, a centroid is the mean of all vectors that were
    /// ever assigned to it ([Sculley 2010], with batches as large as the budget allows). Batches are put together of
    /// runs of rows from all over the file, so that its order matters little.
    ///
    /// - Parameters:
    ///   - file: `[n, dimension]`; of the vectors that are read, all must be finite.
    ///   - centroids: how many to train, 1 or more.
    ///   - options: as for vectors in memory, and ``KMeansOptions/passes``.
    ///   - memory: bytes that the training may allocate; `nil` for no limit. Mapped pages of the file do not count.
    ///   - monitor: progress and cancellation.
    /// - Returns: centroids and what is known of their clusters.
    /// - Throws: as for vectors in memory; ``FileError``; ``IndexError/outOfRange(name:value:allowed:)`` for a budget in
    ///   which the centroids themselves have no room.
    public static func train(
        _ file: VectorFile, centroids: Int, options: KMeansOptions = .init(), memory: Int? = nil,
        monitor: ProgressMonitor = .silent
    ) throws -> Clustering {
        try options.check(centroids: centroids)
        try checkCount(file.count, centroids: centroids)
        let wanted = pointsWanted(of: file.count, centroids: centroids, options: options)
        let plan = StreamPlan(file: file, centroids: centroids, wanted: wanted, options: options)
        if let memory {
            let least = plan.byteCount(points: max(2 * centroids, StreamPlan.run))
            guard memory >= least || memory >= plan.byteCount(points: wanted) else {
                throw IndexError.outOfRange(name: "memory", value: memory, allowed: least...Int.max)
            }
        }
        let affordable = memory.map { plan.points(within: $0) } ?? wanted
        if affordable >= wanted {
            if wanted == file.count, memory == nil {
                let vectors = try file.floats()
                try checkFinite(vectors)
                return try trainAll(vectors, centroids: centroids, options: options, monitor: monitor)
            }
            let points = try sample(file, wanted, options: options)
            return try trainAll(points, centroids: centroids, options: options, monitor: monitor)
        }
        return try trainInBatches(
            file, centroids: centroids, wanted: wanted, batch: affordable, options: options, monitor: monitor)
    }

    /// Assigns each vector of a file to its centroid, block by block.
    ///
    /// - Parameters:
    ///   - file: `[n, dimension]`.
    ///   - clustering: what ``train(_:centroids:options:memory:monitor:)`` gave.
    ///   - isSpherical: as it was trained.
    ///   - threads: threads to use.
    ///   - device: where to do it; the processor where it is `nil`, and where there are penalties.
    ///   - monitor: progress and cancellation.
    ///   - body: receives the centroids of consecutive vectors.
    /// - Throws: ``IndexError``, ``FileError``, what `body` throws.
    public static func assign(
        _ file: VectorFile, to clustering: Clustering, isSpherical: Bool = false, threads: Int,
        device: (any ClusteringDevice)? = nil, monitor: ProgressMonitor = .silent, body: ([UInt32]) throws -> Void
    ) throws {
        let penalties =
            clustering.penalties.isEmpty ? nil : Buffer<Double>(repeating: 0, count: clustering.penalties.count)
        for (i, penalty) in clustering.penalties.enumerated() { penalties?[i] = penalty }
        let assigner = try CentroidAssigner(
            clustering.centroids, metric: isSpherical ? .innerProduct : .l2, kernels: .best, arithmetic: .automatic,
            penalties: penalties, center: nil, order: nil)
        let step = max(CentroidAssigner.blockPoints, (32 << 20) / (4 * file.dimension))
        for start in stride(from: 0, to: file.count, by: step) {
            let end = min(file.count, start + step)
            let vectors = try file.floats(start..<end)
            if let device, penalties == nil {
                try checkFinite(vectors)
                let held = try device.hold(vectors, centroids: clustering.centroids.rows, metric: assigner.metric)
                try body(held.assign(to: clustering.centroids).numbers)
            } else {
                try body(assigner.assign(vectors, threads: threads))
            }
            try monitor.update("assigning", done: end, total: file.count)
        }
    }

    static func pointsWanted(of count: Int, centroids: Int, options: KMeansOptions) -> Int {
        guard let most = options.maxPointsPerCentroid else { return count }
        let (wanted, overflow) = most.multipliedReportingOverflow(by: centroids)
        return overflow ? count : min(count, wanted)
    }

    /// Some rows drawn from all of the file, in its order.
    private static func sample(_ file: VectorFile, _ wanted: Int, options: KMeansOptions) throws -> Matrix<Float> {
        let dimension = file.dimension, step = max(1, (8 << 20) / (4 * dimension))
        var chooser = Chooser(wanted, of: file.count, random: sampling(options))
        let points = try Matrix<Float>(rows: wanted, columns: dimension) { target in
            guard let to = target.baseAddress else { return }
            var row = 0
            for start in stride(from: 0, to: file.count, by: step) {
                let end = min(file.count, start + step)
                let chosen = (start..<end).filter { _ in chooser.takesNext() }
                guard !chosen.isEmpty else { continue }
                try file.floats(start..<end).withUnsafeElements { source in
                    guard let from = source.baseAddress else { return }
                    for number in chosen {
                        (to + row * dimension).update(from: from + (number - start) * dimension, count: dimension)
                        row += 1
                    }
                }
            }
        }
        try checkFinite(points)
        return points
    }

    private static func trainInBatches(
        _ file: VectorFile, centroids: Int, wanted: Int, batch: Int, options: KMeansOptions, monitor: ProgressMonitor
    ) throws -> Clustering {
        let dimension = file.dimension, run = StreamPlan.run
        var clustering = try trainAll(
            try sample(file, batch, options: options), centroids: centroids, options: options, monitor: monitor)
        let threads = options.threads ?? availableCores()
        let penalties =
            clustering.penalties.isEmpty ? nil : Buffer<Double>(repeating: 0, count: clustering.penalties.count)
        for (i, penalty) in clustering.penalties.enumerated() { penalties?[i] = penalty }
        // The sample counts as the first batch.
        var weights = clustering.sizes.map(Double.init)
        let sums = Buffer<Double>(repeating: 0, count: centroids * dimension)
        clustering.centroids.withUnsafeElements { c in
            for i in 0..<centroids * dimension { sums[i] = Double(c[i]) * weights[i / dimension] }
        }
        var random = SplitMix64(seeds: options.seed, 0x6261_7463_6865_73)
        let runs = (file.count + run - 1) / run
        let runsWanted = min(runs, (wanted + run - 1) / run)
        for pass in 0..<options.passes {
            var order = Array(chooseSorted(runsWanted, of: runs, using: &random))
            order.shuffle(using: &random)
            var sizes = [Int](repeating: 0, count: centroids)
            var total = 0.0, seen = 0
            for first in stride(from: 0, to: order.count, by: max(1, batch / run)) {
                let some = order[first..<min(order.count, first + max(1, batch / run))].sorted()
                let points = try read(file, runs: some)
                try checkFinite(points)
                let numbers = Buffer<UInt32>(repeating: 0, count: points.rows)
                let keys = Buffer<Double>(repeating: 0, count: points.rows)
                let metric: Metric = options.isSpherical ? .innerProduct : .l2
                let progress: @Sendable (Int) throws -> Void = { [seen] done in
                    try monitor.update(
                        "training in batches", done: pass * wanted + seen + done, total: options.passes * wanted)
                }
                if let device = options.device {
                    let held = try device.hold(points, centroids: centroids, metric: metric)
                    numbers.fill(from: try held.assign(to: clustering.centroids).numbers)
                    try progress(points.rows)
                } else {
                    let assigner = try CentroidAssigner(
                        clustering.centroids, metric: metric, kernels: options.kernels,
                        arithmetic: options.arithmetic, penalties: penalties, center: nil, order: nil)
                    try assigner.run(
                        points, threads: threads, numbers: numbers, keys: keys, knowing: .nothing, progress: progress)
                }
                for i in 0..<points.rows {
                    sizes[Int(numbers[i])] += 1
                    weights[Int(numbers[i])] += 1
                    total += squaredDistance(
                        points, i, clustering.centroids, Int(numbers[i]), kernels: options.kernels)
                }
                CentroidUpdate(points: points, numbers: numbers, sizes: sizes, kernels: options.kernels)
                    .add(to: sums, threads: threads)
                seen += points.rows
                clustering.centroids = CentroidUpdate.means(
                    sums, sizes: weights, old: clustering.centroids, isSpherical: options.isSpherical)
            }
            clustering.sizes = sizes
            clustering.trained = seen
            clustering.objective = total
            clustering.history.append(total)
            clustering.iterations += 1
        }
        return clustering
    }

    private static func squaredDistance(
        _ points: Matrix<Float>, _ i: Int, _ centroids: Matrix<Float>, _ c: Int, kernels: Kernels
    ) -> Double {
        points.withUnsafeElements { x in
            centroids.withUnsafeElements { y in
                guard let x = x.baseAddress, let y = y.baseAddress else { return 0 }
                return kernels.table.pointee.distance(
                    x + i * points.columns, y + c * points.columns, points.columns)
            }
        }
    }

    /// Runs of rows, one after the other, copied.
    private static func read(_ file: VectorFile, runs: [Int]) throws -> Matrix<Float> {
        let dimension = file.dimension
        let ranges = runs.map { $0 * StreamPlan.run..<min(file.count, ($0 + 1) * StreamPlan.run) }
        return try Matrix(rows: ranges.reduce(0) { $0 + $1.count }, columns: dimension) { target in
            var next = target.baseAddress
            for range in ranges {
                try file.floats(range).withUnsafeElements { source in
                    guard let from = source.baseAddress else { return }
                    next?.update(from: from, count: source.count)
                }
                next = next.map { $0 + range.count * dimension }
            }
        }
    }
}

/// What a training takes of memory.
private struct StreamPlan {
    /// Rows that are read together.
    static let run = 1_024

    private let perPoint: Int
    private let fixed: Int

    init(file: VectorFile, centroids: Int, wanted: Int, options: KMeansOptions) {
        let d = file.dimension
        let panels = (centroids + panelRows - 1) / panelRows
        // A point, its codes and terms, bounds of groups, number, key, and its place in lists of members.
        perPoint =
            4 * d + PointTerms.byteCount(count: 1, dimension: d)
            + 4 * RetainedPoints.grouping(panels: panels, dimension: d).groups + 12 + 24
        // Centroids before and after a move, their sums, panels, tables; blocks of rows that are read. Workers count as
        // for eight threads whatever their number, since the batches must not depend on it.
        fixed =
            centroids * (d * (3 * 4 + 8 + 4) + 200) + 8 * AssignmentWorker.byteCount(dimension: d, isEightBit: false)
            + (16 << 20)
    }

    func byteCount(points: Int) -> Int { fixed + points * perPoint + CentroidAssigner.blockPoints * perPoint }

    func points(within memory: Int) -> Int { max(0, (memory - byteCount(points: 0)) / perPoint) }
}
