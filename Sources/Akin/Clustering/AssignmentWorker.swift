internal import CAkinKernels

/// Assigns blocks of points, one after the other; belongs to one thread and holds the memory that it needs.
final class AssignmentWorker {
    /// Consecutive points and what is known of them.
    struct Block {
        /// The block's first point.
        var points: UnsafePointer<Float>
        /// Which points of all these are.
        var range: Range<Int>
        var numbers: UnsafeMutablePointer<UInt32>
        var keys: UnsafeMutablePointer<Double>?
        var knowing: CentroidAssigner.Knowledge
        var first: UInt32
        var retained: RetainedPoints?
    }

    private let assigner: CentroidAssigner
    private var mode: CentroidAssigner.Mode
    private let panels: CentroidPanels?
    private var index: FlatIndex?

    private let terms: PointTerms
    private let floats: Buffer<Float>
    private let bound, upper, least, lo, second: Buffer<Float>
    private let found, row, list: Buffer<UInt32>
    private let keys: Buffer<Double>

    private var dimension: Int { assigner.centroids.columns }
    private var isProduct: Bool { assigner.metric == .innerProduct }

    init(_ assigner: CentroidAssigner) {
        self.assigner = assigner
        mode = assigner.mode
        panels = assigner.panels
        let size = CentroidAssigner.blockPoints, room = Int(AKIN_SEEKER_ROOM)
        let dimension = assigner.centroids.columns
        terms = PointTerms(count: size, dimension: dimension, isEightBit: mode == .dot8)
        floats = Buffer(repeating: 0, count: mode == .dot8 ? dimension : size * dimension)
        bound = Buffer(repeating: 0, count: size)
        upper = Buffer(repeating: 0, count: size)
        least = Buffer(repeating: 0, count: size)
        second = Buffer(repeating: 0, count: mode == .small ? size : 0)
        found = Buffer(repeating: 0, count: size)
        list = Buffer(repeating: 0, count: size)
        let held = mode == .dot8 || mode == .tiles32 ? size * room : 0
        lo = Buffer(repeating: 0, count: held)
        row = Buffer(repeating: 0, count: held)
        keys = Buffer(repeating: 0, count: size)
    }

    /// Bytes that a worker holds.
    static func byteCount(dimension: Int, isEightBit: Bool) -> Int {
        CentroidAssigner.blockPoints * ((isEightBit ? dimension : 5 * dimension) + 64 + 8 * Int(AKIN_SEEKER_ROOM))
    }

    /// Assigns a block.
    func run(_ block: Block) throws {
        switch mode {
        case .small: small(block)
        case .dot8, .tiles32: try tiles(block)
        case .exact: try exact(block)
        }
    }

    private func deciders(_ block: Block, numbers: Buffer<UInt32>) -> akin_deciders {
        akin_deciders(
            kernels: assigner.kernels.table, product: isProduct, points: block.points,
            centroids: assigner.centroids.withUnsafeElements { $0.baseAddress }, dimension: dimension,
            numbers: UnsafePointer(numbers.pointer), penalty: assigner.penalties.map { UnsafePointer($0.pointer) },
            first: block.first)
    }

    // MARK: - Tiles

    private func tiles(_ block: Block) throws {
        guard let panels else { return }
        let count = block.range.count
        let kept = mode == .dot8 ? block.retained?.terms : nil
        let terms = kept ?? self.terms
        let start = kept == nil ? 0 : block.range.lowerBound
        var view = terms.view(from: start)
        let codes = terms.codes.pointer + start * terms.padded
        if kept == nil {
            let fits = akin_assign_prepare(
                assigner.table, block.points, count, dimension, assigner.center.pointer, isProduct, assigner.center2,
                &view, mode == .dot8 ? nil : floats.pointer, mode == .dot8 ? codes : nil, floats.pointer)
            guard fits else { return try exact(block) }
        }
        var decide = deciders(block, numbers: assigner.numbers)
        let keys = block.keys ?? self.keys.pointer
        if block.knowing == .numbers {
            for q in 0..<count { keys[q] = akin_assign_key(&decide, q, block.numbers[q] - block.first) }
        }
        let isKnown = block.knowing != .nothing
        for q in 0..<count {
            found[q] = 0
            guard isKnown else {
                bound[q] = .infinity
                continue
            }
            let key = keys[q], above = key - Double(view.a[q])
            bound[q] = roundedUp(above + abs(above) * 0x1p-20 + 2 * Double(view.slack[q]))
            upper[q] =
                isProduct ? Float(key + abs(key) * 0x1p-20).nextUp : Float(key.squareRoot() * (1 + 0x1p-20)).nextUp
        }
        var seekers = akin_seekers(
            count: count, points: mode == .dot8 ? UnsafeRawPointer(codes) : UnsafeRawPointer(floats.pointer),
            stride: mode == .dot8 ? terms.padded : dimension * 4, scale: UnsafePointer(view.scale),
            x1: UnsafePointer(view.x1), x2: UnsafePointer(view.x2), slack: UnsafePointer(view.slack),
            bound: bound.pointer, found: found.pointer, lo: lo.pointer, row: row.pointer)
        var centroids = panels.view
        if let retained = block.retained, retained.hasBounds, isKnown {
            var groups = retained.view(from: block.range.lowerBound, upper: upper.pointer)
            akin_assign_scan(
                assigner.table, &centroids, &seekers, &view, isProduct, &groups, list.pointer, least.pointer)
        } else {
            akin_assign_scan(assigner.table, &centroids, &seekers, &view, isProduct, nil, list.pointer, least.pointer)
        }
        let wantsKeys = block.keys != nil || isKnown
        let lost = akin_assign_settle(
            &decide, &seekers, isKnown, block.numbers, wantsKeys ? keys : nil, list.pointer)
        if lost > 0 {
            try decideLost(block, keys: keys, lost: (0..<lost).map { Int(list[$0]) })
            if lost > count / 8 { mode = .exact }  // bounds do not help with these data
        }
    }

    // MARK: - Few components

    private func small(_ block: Block) {
        guard let centroids = assigner.small else { return }
        let count = block.range.count
        let points = floats.pointer
        for q in 0..<count {
            for c in 0..<dimension { points[q * dimension + c] = block.points[q * dimension + c] - assigner.center[c] }
        }
        let numbers = row.count > 0 ? row.pointer : list.pointer
        assigner.table.pointee.nearest_small(
            points, count, dimension, centroids.rows.pointer, centroids.numbers.count, numbers, least.pointer,
            second.pointer)
        var decide = deciders(block, numbers: centroids.numbers)
        akin_assign_settle_small(
            &decide, points, count, centroids.rows.pointer, centroids.numbers.count, centroids.errorPerLength,
            centroids.error, least.pointer, second.pointer, numbers)
        for q in 0..<count {
            guard block.keys != nil || block.knowing == .keys else {
                block.numbers[q] = numbers[q]
                continue
            }
            adopt(numbers[q], key: akin_assign_key(&decide, q, numbers[q] - block.first), at: q, of: block)
        }
    }

    /// Takes a centroid for a point, unless a nearer one is known.
    private func adopt(_ number: UInt32, key: Double, at q: Int, of block: Block) {
        if block.knowing == .keys, let keys = block.keys {
            let (new, old) = (Float(key), Float(keys[q]))
            guard new < old || (new == old && number < block.numbers[q]) else { return }
        }
        block.numbers[q] = number
        block.keys?[q] = key
    }

    // MARK: - Exact

    private func exact(_ block: Block) throws {
        block.retained?.void(from: block.range.lowerBound)
        try decideLost(block, keys: block.keys ?? keys.pointer, lost: Array(0..<block.range.count))
    }

    /// Decides points whose centroids bounds cannot tell apart.
    private func decideLost(_ block: Block, keys: UnsafeMutablePointer<Double>, lost: [Int]) throws {
        var decide = deciders(block, numbers: assigner.numbers)
        if assigner.penalties != nil || dimension == 0 {
            for q in lost {
                var number: UInt32 = 0, key = 0.0
                akin_assign_exactly(&decide, q, assigner.centroids.rows, false, &number, &key)
                adopt(number, key: key, at: q, of: block)
            }
            return
        }
        let index =
            try self.index
            ?? FlatIndex(
                assigner.centroids, metric: assigner.metric, eightBit: false, threads: 1, kernels: assigner.kernels)
        self.index = index
        let points = Matrix<Float>(rows: lost.count, columns: dimension) { elements in
            for (i, q) in lost.enumerated() {
                for c in 0..<dimension { elements[i * dimension + c] = block.points[q * dimension + c] }
            }
        }
        let nearest = try index.search(points, k: 1, options: SearchOptions(threads: 1)).neighbors
        for (i, q) in lost.enumerated() {
            guard let number = nearest[i].first.map({ UInt32($0.id) }) else { continue }
            let key = block.keys != nil ? akin_assign_key(&decide, q, number) : 0
            adopt(number + block.first, key: key, at: q, of: block)
        }
    }
}
