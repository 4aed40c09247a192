internal import CAkinKernels
internal import Synchronization

/// Finds the nearest centroid of many points: the certified nearest, whatever the threads, the arithmetic and the CPU.
///
/// Centroids are nominated by bounds in 8-bit integers or 32-bit floats, as in exact search, and decided by keys in
/// double precision. Of centroids whose scores are equal as floats the smaller number wins, so the answer is that of
/// `FlatIndex.search(_:k:options:)` with k = 1.
///
/// ```swift
/// let assigner = try CentroidAssigner(centroids, metric: .l2)
/// let lists = try assigner.assign(vectors)   // [UInt32], one number per vector
/// ```
package final class CentroidAssigner: Sendable {
    /// How centroids are nominated.
    enum Mode: Sendable {
        /// 8-bit integer products.
        case dot8
        /// 32-bit products in tiles.
        case tiles32
        /// Few components: points in the lanes of registers, no tiles.
        case small
        /// Exact keys, or an exact index: for values beyond the range of floats, and where bounds do not help.
        case exact
    }

    /// `[k, dimension]`.
    package let centroids: Matrix<Float>
    /// `.l2` or `.innerProduct`.
    package let metric: Metric

    let kernels: Kernels
    nonisolated(unsafe) let table: UnsafePointer<akin_assign_table>  // a constant of the program
    /// `[k]`, added to the keys; for balanced clustering.
    let penalties: Buffer<Double>?
    let center: Buffer<Float>
    let center2: Double
    /// Which centroid each row of the panels is.
    let numbers: Buffer<UInt32>
    /// `[k]`: exact copies of a centroid of smaller number, which are never the answer.
    let isCopy: [Bool]
    /// The fastest way that these centroids allow.
    let mode: Mode
    let panels: CentroidPanels?
    let small: SmallCentroids?

    /// Points that one worker takes at a time.
    static let blockPoints = 2_048

    /// Prepares centroids.
    ///
    /// - Parameters:
    ///   - centroids: `[k, dimension]`, finite, at least one.
    ///   - metric: `.l2` or `.innerProduct`.
    ///   - kernels: the SIMD level; the answer is the same for each.
    ///   - threads: accepted for symmetry; preparing is the work of one thread.
    ///   - arithmetic: what nominates; the answer is the same for each.
    /// - Throws: ``IndexError/empty``, ``IndexError/notFinite(row:column:)``.
    /// - Complexity: O(k · dimension).
    package convenience init(
        _ centroids: Matrix<Float>, metric: Metric, kernels: Kernels = .best, threads: Int = 1,
        arithmetic: SearchOptions.Arithmetic = .automatic
    ) throws(IndexError) {
        try self.init(
            centroids, metric: metric, kernels: kernels, arithmetic: arithmetic, penalties: nil, center: nil,
            order: nil)
    }

    /// Prepares centroids for a training: points are taken relative to `center` (the mean of the centroids where it is
    /// `nil`), `order` is that of the centroids in panels, a permutation of `0..<k`, and `wanted` the way to nominate
    /// where tiles are used at all.
    init(
        _ centroids: Matrix<Float>, metric: Metric, kernels: Kernels, arithmetic: SearchOptions.Arithmetic,
        penalties: Buffer<Double>?, center: Buffer<Float>?, order: [UInt32]?, preferring wanted: Mode? = nil
    ) throws(IndexError) {
        precondition(metric != .cosine, "normalise the vectors and use the inner product")
        guard centroids.rows > 0 else { throw .empty }
        try checkFinite(centroids)
        let isProduct = metric == .innerProduct, dimension = centroids.columns
        self.centroids = centroids
        self.metric = metric
        self.kernels = kernels
        guard let table = akin_assign_at(kernels.table) else { fatalError("every level can assign") }
        self.table = table
        self.penalties = penalties
        let middle = center ?? meanRow(centroids)
        self.center = middle
        center2 = (0..<dimension).reduce(0) { $0 + Double(middle[$1]) * Double(middle[$1]) }
        let isCopy = findCopies(centroids, penalties: penalties)
        let numbers = Buffer<UInt32>(repeating: 0, count: centroids.rows)
        for i in 0..<centroids.rows { numbers[i] = order?[i] ?? UInt32(i) }
        self.isCopy = isCopy
        self.numbers = numbers
        let largest = centroids.withUnsafeElements { akin_largest_magnitude($0.baseAddress, $0.count) }
        let penalty = penalties.map { p in (0..<p.count).reduce(0) { max($0, p[$1]) } } ?? 0
        let isExtreme = Double(largest) * Double(largest) * Double(dimension) > 0x1p86 || penalty > 0x1p86
        if isExtreme || dimension == 0 {
            mode = .exact
        } else if dimension <= SmallCentroids.mostDimensions {
            mode = .small
        } else if let wanted {
            mode = wanted
        } else {
            let hasBytes = kernels.hasFastBytes && dimension <= 32_768
            mode = arithmetic == .automatic && hasBytes ? .dot8 : .tiles32
        }
        panels =
            mode == .dot8 || mode == .tiles32
            ? CentroidPanels(
                centroids, numbers: numbers, isCopy: isCopy, center: middle, isProduct: isProduct,
                penalties: penalties, isEightBit: mode == .dot8) : nil
        small =
            mode == .small
            ? SmallCentroids(
                centroids, isCopy: isCopy, center: middle, isProduct: isProduct, penalties: penalties) : nil
    }

    /// The number of the nearest centroid of each vector.
    ///
    /// Vectors are taken in blocks; beside the answer, memory is a few megabytes per thread, whatever their number.
    ///
    /// - Parameters:
    ///   - vectors: `[n, dimension]`, finite.
    ///   - threads: threads to use.
    ///   - previous: a centroid for each vector that is likely near it, which saves work; the answer does not depend
    ///     on it.
    ///   - monitor: progress and cancellation.
    /// - Returns: `[n]`.
    /// - Throws: ``IndexError/dimensionMismatch(expected:actual:)``, ``IndexError/notFinite(row:column:)``;
    ///   `CancellationError`.
    /// - Complexity: O(n · k · dimension).
    package func assign(
        _ vectors: Matrix<Float>, threads: Int = 1, previous: [UInt32]? = nil, monitor: ProgressMonitor = .silent
    ) throws -> [UInt32] {
        guard vectors.columns == centroids.columns || vectors.rows == 0 else {
            throw IndexError.dimensionMismatch(expected: centroids.columns, actual: vectors.columns)
        }
        guard threads >= 1 else { throw IndexError.outOfRange(name: "threads", value: threads, allowed: 1...4096) }
        try checkFinite(vectors)
        let numbers = Buffer<UInt32>(repeating: 0, count: vectors.rows)
        if let previous {
            precondition(previous.count == vectors.rows, "one previous centroid per vector")
            for i in 0..<vectors.rows {
                precondition(previous[i] < centroids.rows, "a previous centroid is a number below their count")
                numbers[i] = previous[i]
            }
        }
        try run(
            vectors, threads: threads, numbers: numbers, keys: nil, knowing: previous == nil ? .nothing : .numbers,
            progress: { try monitor.update("assigning", done: $0, total: vectors.rows) })
        return Array(UnsafeBufferPointer(start: numbers.pointer, count: vectors.rows))
    }

    /// The nearest centroid of each vector and its key: the squared distance, or the inner product with its sign changed.
    ///
    /// The key is computed in double precision; otherwise as ``assign(_:threads:previous:monitor:)``.
    func nearest(_ vectors: Matrix<Float>, threads: Int) throws -> (numbers: Buffer<UInt32>, keys: Buffer<Double>) {
        let numbers = Buffer<UInt32>(repeating: 0, count: vectors.rows)
        let keys = Buffer<Double>(repeating: 0, count: vectors.rows)
        try run(vectors, threads: threads, numbers: numbers, keys: keys, knowing: .nothing, progress: { _ in })
        return (numbers, keys)
    }

    /// What is known of each point before a pass.
    enum Knowledge: Sendable {
        case nothing
        /// A centroid that may be near.
        case numbers
        /// A centroid and its exact key, maybe one of another set.
        case keys
    }

    /// One pass over all points, in blocks that threads take in turn.
    ///
    /// `numbers`, `[n]`, go in (where known) and out, and so do `keys`, their exact keys. `first` is added to the number
    /// of each centroid; `retained` is what a training keeps of its points between passes.
    func run(
        _ points: Matrix<Float>, threads: Int, numbers: Buffer<UInt32>, keys: Buffer<Double>?,
        knowing: Knowledge, first: UInt32 = 0, retained: RetainedPoints? = nil,
        progress: @Sendable (Int) throws -> Void
    ) throws {
        let count = points.rows, size = Self.blockPoints
        let blocks = (count + size - 1) / size
        let next = Atomic<Int>(0)
        let workers = max(1, min(threads, blocks))
        try points.withUnsafeElements { elements in
            guard let base = elements.baseAddress, count > 0 else { return }
            nonisolated(unsafe) let start = base
            try parallelFor(threads: workers, count: workers) { _ in
                let worker = AssignmentWorker(self)
                while true {
                    let block = next.wrappingAdd(1, ordering: .relaxed).oldValue
                    guard block < blocks else { return }
                    let range = block * size..<min(count, (block + 1) * size)
                    try worker.run(
                        AssignmentWorker.Block(
                            points: start + range.lowerBound * centroids.columns, range: range,
                            numbers: numbers.pointer + range.lowerBound,
                            keys: keys.map { $0.pointer + range.lowerBound }, knowing: knowing, first: first,
                            retained: retained))
                    try progress(range.upperBound)
                }
            }
        }
    }
}

/// The mean of all rows, as floats.
func meanRow(_ vectors: Matrix<Float>) -> Buffer<Float> {
    let mean = Buffer<Float>(repeating: 0, count: vectors.columns)
    let sums = Buffer<Double>(repeating: 0, count: vectors.columns)
    let one = Buffer<Float>(repeating: 1, count: vectors.rows)
    vectors.withUnsafeElements { elements in
        guard let base = elements.baseAddress, vectors.rows > 0 else { return }
        akin_add_rows(base, vectors.rows, vectors.columns, one.pointer, sums.pointer)
    }
    for c in 0..<vectors.columns { mean[c] = Float(sums[c] / Double(max(1, vectors.rows))) }
    return mean
}

/// Which rows are exact copies of a row of smaller number.
private func findCopies(_ rows: Matrix<Float>, penalties: Buffer<Double>?) -> [Bool] {
    let count = rows.rows, columns = rows.columns
    var isCopy = [Bool](repeating: false, count: count)
    rows.withUnsafeElements { elements in
        var buckets: [UInt64: [Int]] = [:]
        buckets.reserveCapacity(count)
        for i in 0..<count {
            var hash: UInt64 = 0xcbf2_9ce4_8422_2325
            for c in 0..<columns {
                let value = elements[i * columns + c]
                hash = (hash ^ UInt64((value == 0 ? 0 : value).bitPattern)) &* 0x9E37_79B9_7F4A_7C15
                hash ^= hash >> 29
            }
            isCopy[i] = buckets[hash, default: []].contains { j in
                penalties.map { $0[i] == $0[j] } ?? true
                    && (0..<columns).allSatisfy { elements[i * columns + $0] == elements[j * columns + $0] }
            }
            if !isCopy[i] { buckets[hash, default: []].append(i) }
        }
    }
    return isCopy
}
