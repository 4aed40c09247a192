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
    private let exactMemory: Buffer<akin_exact_keys>?
    /// What the kernels see.
    private let shared: Buffer<akin_nearest>

    /// Empty lists for `count` points; with `keys` they hold exact keys, otherwise worths.
    ///
    /// With `only` there are lists for these points alone, and no more memory than theirs is touched.
    init(count: Int, width: Int, keys: akin_exact_keys?, only some: [Int]? = nil, threads: Int) {
        let locked = threads > 1
        let stripes = locked ? 1 << 16 : 1
        self.count = count
        self.width = width
        words = Buffer(uninitialized: count * width)
        need = Buffer(uninitialized: count)
        locks = Buffer(repeating: 0, count: stripes)
        exactMemory = keys.map { Buffer(repeating: $0, count: 1) }
        shared = Buffer(
            repeating: akin_nearest(
                k: width, words: words.pointer, need: need.pointer, locks: locked ? locks.pointer : nil,
                lock_mask: stripes - 1, exact: exactMemory.map { UnsafePointer($0.pointer) }),
            count: 1)
        if let some {
            for point in some { clear(point) }
            return
        }
        let (words, need) = (self.words, self.need)
        forEachChunk(of: count, size: 1 << 14, threads: threads) { range in
            for i in range {
                need[i] = needAll
                for place in i * width..<(i + 1) * width { words[place] = .max }
            }
        }
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

    init(_ vectors: Matrix<Float>, codes: JoinCodes, kernels: Kernels, threads: Int) {
        let frame = codes.frame, dimension = vectors.columns
        self.vectors = vectors
        number = codes.number
        let base = vectors.withUnsafeElements { $0.baseAddress }
        nonisolated(unsafe) let (start, table) = (base, kernels.table)
        if frame.metric == .cosine {
            let lengths = Buffer<Double>(repeating: 0, count: codes.count)
            let number = codes.number
            forEachChunk(of: codes.count, size: 4096, threads: threads) { range in
                guard let start else { return }
                for i in range {
                    let row = start + Int(number[i]) * dimension
                    lengths[i] = table.pointee.product(row, row, dimension).squareRoot()
                }
            }
            self.lengths = lengths
        } else {
            lengths = nil
        }
        view = akin_exact_keys(
            kernels: kernels.table, vectors: base, number: UnsafePointer(number.pointer), dimension: dimension,
            product: frame.metric != .l2, lengths: lengths.map { UnsafePointer($0.pointer) }, unit: frame.unit,
            offset: frame.offset, slack: frame.slack)
    }

    /// The key of a word, and the number of the vector.
    static func neighbor(_ word: UInt64) -> (number: UInt32, key: Float) {
        let ordered = Int32(bitPattern: UInt32(word >> 32)) ^ .min
        return (UInt32(truncatingIfNeeded: word), akin_unordered(ordered))
    }
}
