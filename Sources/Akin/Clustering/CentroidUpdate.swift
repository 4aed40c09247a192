internal import CAkinKernels

/// The step that moves centroids: means of the assigned points, and a new place for those without any.
struct CentroidUpdate {
    let points: Matrix<Float>
    /// `[n]`: the centroid of each point.
    let numbers: Buffer<UInt32>
    /// `[k]`: points of each centroid.
    let sizes: [Int]
    let kernels: Kernels

    private var dimension: Int { points.columns }

    /// The mean of each cluster, summed in doubles in the order of its points; `old` where a cluster is empty.
    func means(old: Matrix<Float>, isSpherical: Bool, threads: Int) -> Matrix<Float> {
        let count = sizes.count, dimension = dimension
        let sums = Buffer<Double>(repeating: 0, count: count * dimension)
        add(to: sums, threads: threads)
        return Self.means(sums, sizes: sizes.map(Double.init), old: old, isSpherical: isSpherical)
    }

    /// Adds each point to the sums `[k, dimension]` of its centroid.
    func add(to sums: Buffer<Double>, threads: Int) {
        let count = sizes.count, dimension = dimension
        guard let table = akin_assign_at(kernels.table) else { return }
        nonisolated(unsafe) let add = table.pointee.add
        // Each thread adds up some of the centroids, so that the order of addition does not depend on their number.
        let parts = max(1, min(threads, count))
        points.withUnsafeElements { elements in
            guard let base = elements.baseAddress else { return }
            nonisolated(unsafe) let x = base
            forEach(parts) { part in
                let first = UInt32(count * part / parts), last = UInt32(count * (part + 1) / parts)
                for i in 0..<points.rows {
                    let number = numbers[i]
                    if number >= first, number < last {
                        add?(sums.pointer + Int(number) * dimension, x + i * dimension, dimension)
                    }
                }
            }
        }
    }

    /// Sums over weights; of length 1 where `isSpherical`.
    static func means(
        _ sums: Buffer<Double>, sizes: [Double], old: Matrix<Float>, isSpherical: Bool
    ) -> Matrix<Float> {
        let dimension = old.columns
        return old.withUnsafeElements { before in
            Matrix(rows: old.rows, columns: dimension) { target in
                for c in 0..<old.rows {
                    let range = c * dimension..<(c + 1) * dimension
                    var scale = sizes[c]
                    if isSpherical { scale = range.reduce(0) { $0 + sums[$1] * sums[$1] }.squareRoot() }
                    for i in range { target[i] = sizes[c] > 0 && scale > 0 ? Float(sums[i] / scale) : before[i] }
                }
            }
        }
    }

    /// Rows of length 1; a row of length zero stays.
    static func normalised(_ rows: Matrix<Float>) -> Matrix<Float> {
        rows.withUnsafeElements { source in
            Matrix(rows: rows.rows, columns: rows.columns) { target in
                for r in 0..<rows.rows {
                    let range = r * rows.columns..<(r + 1) * rows.columns
                    let length = range.reduce(0.0) { $0 + Double(source[$1]) * Double(source[$1]) }.squareRoot()
                    for i in range { target[i] = length > 0 ? Float(Double(source[i]) / length) : source[i] }
                }
            }
        }
    }

    /// Gives each centroid without points the farthest point of the largest cluster, which then counts half.
    ///
    /// The larger its key in `keys`, `[n]`, the farther a point is from its centroid.
    func repair(_ centroids: Matrix<Float>, keys: Buffer<Double>, isSpherical: Bool) -> Matrix<Float> {
        let empty = sizes.indices.filter { sizes[$0] == 0 }
        guard !empty.isEmpty else { return centroids }
        var weights = sizes.map(Double.init)
        var members = Members(numbers: numbers, count: points.rows, sizes: sizes, keys: keys)
        var moved: [(centroid: Int, point: Int)] = []
        var largest = Heap(weights)
        for centroid in empty {
            var point: Int?
            while point == nil, let cluster = largest.first, weights[cluster] > 0 {
                while let candidate = members.next(of: cluster) {
                    if !equal(point: candidate, centroid: cluster, of: centroids, isSpherical: isSpherical) {
                        point = candidate
                        break
                    }
                }
                // A cluster whose points all lie on its centroid cannot be split.
                weights[cluster] = point == nil ? 0 : weights[cluster] / 2
                largest.replaceFirst(weights[cluster])
            }
            guard let point else { break }
            moved.append((centroid, point))
        }
        let columns = dimension
        let result = centroids.withUnsafeElements { before in
            points.withUnsafeElements { x in
                Matrix<Float>(rows: centroids.rows, columns: columns) { target in
                    for i in target.indices { target[i] = before[i] }
                    for (centroid, point) in moved {
                        for c in 0..<columns { target[centroid * columns + c] = x[point * columns + c] }
                    }
                }
            }
        }
        return isSpherical ? Self.normalised(result) : result
    }

    private func equal(point: Int, centroid: Int, of centroids: Matrix<Float>, isSpherical: Bool) -> Bool {
        let row = points.rows(point..<point + 1)
        let place = isSpherical ? Self.normalised(row) : row
        return place == centroids.rows(centroid..<centroid + 1)
    }

    private func forEach(_ count: Int, _ body: @Sendable (Int) -> Void) {
        do { try parallelFor(threads: count, count: count, body) } catch {
            fatalError("sums cannot fail: \(error)")
        }
    }
}

/// The points of each cluster, the farthest first; of equally far ones the first.
private struct Members {
    private let starts: [Int]
    private var points: [Int]
    private var taken: [Int]
    private let keys: Buffer<Double>

    init(numbers: Buffer<UInt32>, count: Int, sizes: [Int], keys: Buffer<Double>) {
        var starts = [0]
        for size in sizes { starts.append(starts[starts.count - 1] + size) }
        var next = starts
        points = [Int](repeating: 0, count: count)
        for i in 0..<count {
            points[next[Int(numbers[i])]] = i
            next[Int(numbers[i])] += 1
        }
        self.starts = starts
        self.keys = keys
        taken = [Int](repeating: -1, count: sizes.count)
    }

    /// The next point of a cluster, or `nil` when all were given.
    mutating func next(of cluster: Int) -> Int? {
        let range = starts[cluster]..<starts[cluster + 1]
        if taken[cluster] < 0 {
            let keys = keys
            points[range].sort { keys[$0] != keys[$1] ? keys[$0] > keys[$1] : $0 < $1 }
            taken[cluster] = 0
        }
        guard taken[cluster] < range.count else { return nil }
        taken[cluster] += 1
        return points[range.lowerBound + taken[cluster] - 1]
    }
}

/// Clusters by weight, the heaviest first; of equally heavy ones the smaller number.
private struct Heap {
    private var items: [(weight: Double, cluster: Int)]

    init(_ weights: [Double]) {
        items = weights.indices.map { (weights[$0], $0) }.sorted { Self.isBefore($0, $1) }  // sorted is a heap
    }

    var first: Int? { items.first?.cluster }

    private static func isBefore(_ a: (weight: Double, cluster: Int), _ b: (weight: Double, cluster: Int)) -> Bool {
        a.weight != b.weight ? a.weight > b.weight : a.cluster < b.cluster
    }

    mutating func replaceFirst(_ weight: Double) {
        items[0].weight = weight
        var i = 0
        while true {
            var least = i
            for child in [2 * i + 1, 2 * i + 2] where child < items.count {
                if Self.isBefore(items[child], items[least]) { least = child }
            }
            if least == i { return }
            items.swapAt(i, least)
            i = least
        }
    }
}
