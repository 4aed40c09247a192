internal import CAkinKernels

/// A worth that every pair of points reaches.
private let needAll = Int32(AKIN_NEED_ALL)

/// The nearest found so far of each point; see `akin_nearest`.
final class NearestLists: @unchecked Sendable {
    let count: Int
    /// Words of each list.
    let width: Int
    /// `[count, width]`, ascending.
    let words: Buffer<UInt64>
    let need: Buffer<Int32>
    private let locks: Buffer<UInt8>
    private let keys: PairKeys?
    private let exactMemory: Buffer<akin_exact_keys>?
    /// What the kernels see.
    private let shared: Buffer<akin_nearest>

    /// Empty lists for `count` points; with `keys` they hold exact keys, otherwise worths.
    ///
    /// With `only` there are lists for these points alone, and no more memory than theirs is touched.
    convenience init(count: Int, width: Int, keys: PairKeys?, only some: [Int], threads: Int) {
        self.init(
            words: Buffer(untouched: count * width), need: Buffer(untouched: count), count: count, width: width,
            keys: keys, threads: threads)
        for point in some { clear(point) }
    }

    /// Empty lists for `count` points.
    convenience init(
        count: Int, width: Int, keys: PairKeys?, in place: WorkPlace = .memory, threads: Int
    ) throws(FileError) {
        self.init(
            words: try place.buffer(count: count * width), need: try place.buffer(count: count), count: count,
            width: width, keys: keys, threads: threads)
        forEachChunk(of: count, size: 1 << 14, threads: threads) { range in
            for i in range { self.clear(i) }
        }
    }

    private init(
        words: Buffer<UInt64>, need: Buffer<Int32>, count: Int, width: Int, keys: PairKeys?, threads: Int
    ) {
        let locked = threads > 1
        let stripes = locked ? 1 << 16 : 1
        self.count = count
        self.width = width
        self.words = words
        self.need = need
        locks = Buffer(repeating: 0, count: stripes)
        self.keys = keys
        exactMemory = keys.map { Buffer(repeating: $0.view, count: 1) }
        shared = Buffer(
            repeating: akin_nearest(
                k: width, words: words.pointer, need: need.pointer, locks: locked ? locks.pointer : nil,
                lock_mask: stripes - 1, exact: exactMemory.map { UnsafePointer($0.pointer) }),
            count: 1)
    }

    /// Empties the list of a point.
    private func clear(_ point: Int) {
        need[point] = needAll
        for place in point * width..<(point + 1) * width { words[place] = .max }
    }

    var view: UnsafeMutablePointer<akin_nearest> { shared.pointer }
}

/// Exact keys of pairs of points; see `akin_exact_keys`.
final class PairKeys: @unchecked Sendable {
    private let vectors: Matrix<Float>
    private let number: Buffer<UInt32>
    private let lengths: Buffer<Double>?
    /// Valid while this object lives.
    let view: akin_exact_keys
    var dimension: Int { vectors.columns }

    /// Keys of the points that `codes` holds; lengths are kept at `place`.
    ///
    /// Vectors are as the caller numbers them, or with `isSorted` in the order of the points.
    convenience init(
        _ vectors: Matrix<Float>, isSorted: Bool = false, codes: JoinCodes, kernels: Kernels, threads: Int,
        in place: WorkPlace = .memory
    ) throws(FileError) {
        let frame = codes.frame
        try self.init(
            vectors, number: codes.number, isSorted: isSorted, metric: frame.metric,
            worth: (unit: frame.unit, offset: frame.offset, slack: frame.slack), kernels: kernels, threads: threads,
            in: place)
    }

    /// Keys of vectors by their own numbers, without worths.
    convenience init(
        _ vectors: Matrix<Float>, metric: Metric, kernels: Kernels, threads: Int, in place: WorkPlace
    ) throws(FileError) {
        let number = try place.buffer(of: UInt32.self, count: vectors.rows)
        for i in 0..<vectors.rows { number[i] = UInt32(i) }
        try self.init(
            vectors, number: number, isSorted: true, metric: metric, worth: (unit: 1, offset: 0, slack: 0),
            kernels: kernels, threads: threads, in: place)
    }

    private init(
        _ vectors: Matrix<Float>, number: Buffer<UInt32>, isSorted: Bool, metric: Metric,
        worth: (unit: Double, offset: Double, slack: Double), kernels: Kernels, threads: Int, in place: WorkPlace
    ) throws(FileError) {
        let (count, dimension) = (vectors.rows, vectors.columns)
        self.vectors = vectors
        self.number = number
        let base = vectors.withUnsafeElements { $0.baseAddress }
        nonisolated(unsafe) let (start, table) = (base, kernels.table)
        if metric == .cosine {
            let lengths = try place.buffer(of: Double.self, count: count)
            forEachChunk(of: count, size: 4096, threads: threads) { range in
                guard let start else { return }
                for i in range {
                    let row = start + (isSorted ? i : Int(number[i])) * dimension
                    lengths[i] = table.pointee.product(row, row, dimension).squareRoot()
                }
            }
            self.lengths = lengths
        } else {
            lengths = nil
        }
        view = akin_exact_keys(
            kernels: kernels.table, vectors: base, row: isSorted ? nil : UnsafePointer(number.pointer),
            number: UnsafePointer(number.pointer), dimension: dimension, product: metric != .l2,
            lengths: lengths.map { UnsafePointer($0.pointer) }, unit: worth.unit, offset: worth.offset,
            slack: worth.slack)
    }

    /// The key of a word, and the number of the vector.
    static func neighbor(_ word: UInt64) -> (number: UInt32, key: Float) {
        let ordered = Int32(bitPattern: UInt32(word >> 32)) ^ .min
        return (UInt32(truncatingIfNeeded: word), akin_unordered(ordered))
    }
}
