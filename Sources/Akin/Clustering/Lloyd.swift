internal import CAkinKernels

/// Lloyd's iteration from one start: assign, move, repair, until nothing changes.
final class Lloyd {
    /// Points and what is made of them once for all starts.
    final class Points: Sendable {
        let vectors: Matrix<Float>
        let center: Buffer<Float>
        /// 8-bit codes, where they will be used.
        let terms: PointTerms?
        /// Sum of all squared lengths, in a fixed order.
        let squares: Double

        init(_ vectors: Matrix<Float>, options: KMeansOptions) {
            self.vectors = vectors
            let center = meanRow(vectors)
            self.center = center
            let dimension = vectors.columns, isProduct = options.isSpherical
            let isCoded =
                options.device == nil && options.arithmetic == .automatic && options.kernels.hasFastBytes
                && dimension <= 32_768 && dimension > SmallCentroids.mostDimensions
            terms = isCoded ? Points.code(vectors, center: center, isProduct: isProduct, options: options) : nil
            let kernels = options.kernels
            squares =
                isProduct
                ? vectors.withUnsafeElements { x in
                    guard let x = x.baseAddress else { return 0 }
                    return (0..<vectors.rows).reduce(0) { sum, i in
                        sum + kernels.table.pointee.product(x + i * dimension, x + i * dimension, dimension)
                    }
                } : 0
        }

        /// Codes of all points; `nil` where one is too long for floats.
        private static func code(
            _ vectors: Matrix<Float>, center: Buffer<Float>, isProduct: Bool, options: KMeansOptions
        ) -> PointTerms? {
            let (count, dimension) = (vectors.rows, vectors.columns)
            guard let table = akin_assign_at(options.kernels.table) else { return nil }
            nonisolated(unsafe) let kernels = table
            let terms = PointTerms(count: count, dimension: dimension, isEightBit: true)
            let center2 = (0..<dimension).reduce(0) { $0 + Double(center[$1]) * Double(center[$1]) }
            let chunks = (count + 3071) / 3072
            let fits = Buffer<Bool>(repeating: true, count: chunks)
            forEachChunk(of: count, threads: options.threads ?? availableCores()) { range in
                let spare = Buffer<Float>(repeating: 0, count: dimension)
                var view = terms.view(from: range.lowerBound)
                vectors.withUnsafeElements { x in
                    guard let x = x.baseAddress else { return }
                    fits[range.lowerBound / 3072] = akin_assign_prepare(
                        kernels, x + range.lowerBound * dimension, range.count, dimension, center.pointer, isProduct,
                        center2, &view, nil, terms.codes.pointer + range.lowerBound * terms.padded, spare.pointer)
                }
            }
            return (0..<chunks).allSatisfy { fits[$0] } ? terms : nil
        }
    }

    let shared: Points
    /// The points on a device, which then does both steps.
    private let held: (any HeldPoints)?
    let options: KMeansOptions
    let monitor: ProgressMonitor
    let threads: Int
    private(set) var centroids: Matrix<Float>
    /// `[n]`: the centroid of each point, and its key.
    let numbers: Buffer<UInt32>
    let keys: Buffer<Double>
    private var knowledge = CentroidAssigner.Knowledge.nothing
    /// `[k]`, balanced clustering.
    private var penalties: Buffer<Double>?
    /// The most that a penalty changes at a time.
    private var step = 0.0
    private var previous: CentroidAssigner?
    private var order: [UInt32]?
    private var retained: RetainedPoints?

    var points: Matrix<Float> { shared.vectors }
    var count: Int { centroids.rows }
    var dimension: Int { centroids.columns }
    var metric: Metric { options.isSpherical ? .innerProduct : .l2 }

    init(
        _ shared: Points, held: (any HeldPoints)?, centroids: Matrix<Float>, options: KMeansOptions,
        monitor: ProgressMonitor
    ) {
        self.shared = shared
        self.held = held
        self.options = options
        self.monitor = monitor
        threads = options.threads ?? availableCores()
        self.centroids = options.isSpherical ? CentroidUpdate.normalised(centroids) : centroids
        numbers = Buffer(repeating: 0, count: shared.vectors.rows)
        keys = Buffer(repeating: 0, count: shared.vectors.rows)
    }

    func run() throws -> Clustering {
        var history: [Double] = []
        var moves = 0
        while true {
            let isLast = moves == options.iterations
            try assign(after: moves)
            let objective = objective()
            let before = history.last
            history.append(objective)
            if isLast { break }
            if let before, penalties == nil, before - objective <= options.tolerance * before { break }
            try move()
            moves += 1
        }
        return Clustering(
            centroids: centroids, sizes: sizes(), objective: history[history.count - 1], history: history,
            iterations: moves, trained: points.rows,
            penalties: penalties.map { p in (0..<p.count).map { p[$0] } } ?? [])
    }

    /// Finds the nearest centroid of each point.
    private func assign(after moves: Int) throws {
        if let held {
            try monitor.update(
                "training", done: moves * points.rows, total: (options.iterations + 1) * points.rows)
            let (found, distances) = try held.assign(to: centroids)
            numbers.fill(from: found)
            keys.fill(from: distances)
            return try monitor.update(
                "training", done: (moves + 1) * points.rows, total: (options.iterations + 1) * points.rows)
        }
        // Copies of centroids hide in groups without a bound of their own, so a former copy voids its group.
        let isReady = order != nil
        let assigner = try CentroidAssigner(
            centroids, metric: metric, kernels: options.kernels, arithmetic: options.arithmetic, penalties: penalties,
            center: shared.center, order: order, preferring: shared.terms == nil ? .tiles32 : .dot8)
        if let panels = assigner.panels?.panels, retained == nil {
            retained = RetainedPoints(
                terms: shared.terms, count: points.rows, panels: panels, dimension: dimension,
                hasBounds: options.iterations > 1 && panels > 2 && (options.balance == nil || !options.isSpherical))
        }
        let pass = retained?.next(
            hasBounds: isReady,
            drift: isReady && hasBounds ? previous.map { drift(from: $0, to: assigner) } : nil)
        try assigner.run(
            points, threads: threads, numbers: numbers, keys: keys, knowing: knowledge, retained: pass,
            progress: { [monitor, count = points.rows, total = options.iterations] done in
                try monitor.update("training", done: moves * count + done, total: (total + 1) * count)
            })
        if isReady { hasBounds = true }
        knowledge = .numbers
        previous = assigner
    }

    /// Whether the retained bounds belong to the last pass.
    private var hasBounds = false

    /// How far the centroids of each group moved, penalties included.
    private func drift(from old: CentroidAssigner, to new: CentroidAssigner) -> Buffer<Float> {
        guard let retained else { return Buffer(repeating: 0, count: 0) }
        let drift = Buffer<Float>(repeating: 0, count: retained.groups)
        let size = retained.groupPanels * panelRows
        old.centroids.withUnsafeElements { a in
            new.centroids.withUnsafeElements { b in
                guard let a = a.baseAddress, let b = b.baseAddress else { return }
                for row in 0..<new.numbers.count {
                    let number = Int(new.numbers[row]), group = row / size
                    var moved = options.kernels.table.pointee.distance(
                        a + number * dimension, b + number * dimension, dimension)
                    if let before = old.penalties?[number], let now = new.penalties?[number] {
                        let step = before.squareRoot() - now.squareRoot()
                        moved += step * step
                    }
                    let distance = old.isCopy[number] ? Float.infinity : roundedUp(moved.squareRoot())
                    drift[group] = max(drift[group], distance)
                }
            }
        }
        return drift
    }

    /// Sum of squared distances, in a fixed order.
    private func objective() -> Double {
        var sum = 0.0
        if let penalties {
            for i in 0..<points.rows { sum += keys[i] - penalties[Int(numbers[i])] }
        } else {
            for i in 0..<points.rows { sum += keys[i] }
        }
        guard options.isSpherical else { return sum }
        // |x - c|^2 = |x|^2 + |c|^2 - 2 <x, c>
        let sizes = sizes()
        let lengths = centroids.withUnsafeElements { y in
            guard let y = y.baseAddress else { return 0.0 }
            return (0..<count).reduce(0.0) { total, c in
                total + Double(sizes[c])
                    * options.kernels.table.pointee.product(y + c * dimension, y + c * dimension, dimension)
            }
        }
        return max(0, shared.squares + lengths + 2 * sum)
    }

    private func sizes() -> [Int] {
        var sizes = [Int](repeating: 0, count: count)
        for i in 0..<points.rows { sizes[Int(numbers[i])] += 1 }
        return sizes
    }

    /// Moves each centroid to the mean of its points.
    private func move() throws {
        let sizes = sizes()
        let update = CentroidUpdate(points: points, numbers: numbers, sizes: sizes, kernels: options.kernels)
        let means =
            try held?.means(isSpherical: options.isSpherical)
            ?? update.means(old: centroids, isSpherical: options.isSpherical, threads: threads)
        let repaired = update.repair(means, keys: keys, isSpherical: options.isSpherical)
        if let balance = options.balance { raisePenalties(balance, sizes: sizes) }
        centroids = repaired
        if order == nil, let panels = previous?.panels?.panels, panels > 2 {
            order = CentroidOrder.near(centroids, kernels: options.kernels)
        }
    }

    /// Makes clusters beyond the bound less attractive: a step of the multipliers along the subgradient.
    private func raisePenalties(_ bound: Double, sizes: [Int]) {
        let mean = Double(points.rows) / Double(count)
        let old = penalties ?? Buffer(repeating: 0, count: count)
        if penalties == nil {
            // Steps in proportion to what a point is away from its centroid.
            let sum = (0..<points.rows).reduce(0.0) { $0 + keys[$1] } / Double(points.rows)
            let length = (shared.squares / Double(points.rows)).squareRoot()
            step = 0.1 * max(0, options.isSpherical ? length + sum : sum)
        }
        let new = Buffer<Double>(repeating: 0, count: count)
        for c in 0..<count {
            let excess = sizes[c] > 0 ? DeterministicMath.logarithm(Double(sizes[c]) / (bound * mean)) : -1
            new[c] = min(max(0, old[c] + step * max(-1, min(1, excess))), 0x1p80)
        }
        penalties = new
    }
}
