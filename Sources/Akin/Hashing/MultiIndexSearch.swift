internal import CAkinKernels

/// Finds the codes nearest to a query through tables of their parts; belongs to one thread.
///
/// Buckets are visited in rounds: those that differ from the query's in no bit, in one, in two, table by table. After
/// round r has seen table t (both from 0), every code within m · r + t of the query was met: one that was not differs in
/// more than r bits in each of the t + 1 tables and in r at least in the others. Where the rounds come to cost more than
/// looking at every code, they are given up.
final class MultiIndexSearch {
    private let index: MultiIndex
    private let codes: UnsafePointer<UInt64>
    private let words: Int
    private let k: Int
    private let allowed: Buffer<UInt64>?
    private let kernels: UnsafePointer<akin_hamming_table>
    private let seen: Buffer<UInt64>
    private let candidates: Buffer<UInt32>
    private let distances: Buffer<UInt16>
    private var met: [HammingNeighbor] = []
    private var histogram: [Int]
    /// Codes compared, of all queries.
    private(set) var visited = 0

    /// What visiting a bucket, and comparing a code that lies anywhere, cost in codes compared in their order: both wait
    /// for memory, while codes in order take a third of a nanosecond each.
    private static let bucketCost = 64, codeCost = 128
    private static let step = 256

    init(_ index: MultiIndex, rows: RowStore, k: Int, allowed: Buffer<UInt64>?, kernels: Kernels?) {
        self.index = index
        codes = UnsafePointer(rows.base.assumingMemoryBound(to: UInt64.self))
        words = rows.rowByteCount / 8
        self.k = k
        self.allowed = allowed
        self.kernels = (kernels ?? .best).hamming
        seen = Buffer(repeating: 0, count: index.count / 64 + 1)
        candidates = Buffer(uninitialized: Self.step)
        distances = Buffer(uninitialized: Self.step)
        histogram = Array(repeating: 0, count: 64 * words + 1)
    }

    /// The `k` nearest rows of a code in whole words; `nil` where looking at every code is quicker.
    func nearest(_ code: UnsafePointer<UInt8>) -> [HammingNeighbor]? {
        defer { forget() }
        return UnsafeRawPointer(code).withMemoryRebound(to: UInt64.self, capacity: words) { query in
            let m = index.tables.count
            let longest = index.tables.map(\.bits).max() ?? 0
            var visitedBuckets = 0
            for round in 0...longest {
                for (t, table) in index.tables.enumerated() {
                    visitedBuckets += min(Self.choose(table.bits, round), index.count)
                    if Self.bucketCost * visitedBuckets + Self.codeCost * met.count > index.count / 2 { return nil }
                    if round <= table.bits { visit(table, round, query) }
                    if isComplete(m * round + t) { return best }
                }
            }
            return best  // every bucket was visited
        }
    }

    /// Whether `k` rows are within a distance.
    private func isComplete(_ distance: Int) -> Bool {
        var sum = 0
        for d in 0..<min(distance + 1, histogram.count) {
            sum += histogram[d]
            if sum >= k { return true }
        }
        return false
    }

    private var best: [HammingNeighbor] { Array(met.sorted().prefix(k)) }

    /// Buckets of `bits` bits that differ in `round` of them.
    private static func choose(_ bits: Int, _ round: Int) -> Int {
        guard round <= bits else { return 0 }
        var value = 1
        for i in 0..<round {
            value = value * (bits - i) / (i + 1)
            if value > 1 << 32 { return value }
        }
        return value
    }

    private func visit(_ table: MultiIndex.Table, _ round: Int, _ query: UnsafePointer<UInt64>) {
        let own = MultiIndex.number(query, first: table.firstBit, bits: table.bits)
        var flips: UInt64 = 1 << UInt64(round) - 1
        var held = 0
        while flips < 1 << UInt64(table.bits) {
            let bucket = Int(own ^ UInt32(flips))
            for i in Int(table.starts[bucket])..<Int(table.starts[bucket + 1]) {
                let row = Int(table.rows[i]), bit: UInt64 = 1 << UInt64(row % 64)
                guard seen[row / 64] & bit == 0 else { continue }
                if let allowed, allowed[row / 64] & bit == 0 { continue }
                seen[row / 64] |= bit
                candidates[held] = UInt32(row)
                held += 1
                if held == Self.step {
                    compare(query, held)
                    held = 0
                }
            }
            guard flips != 0 else { break }
            // The next greater number with as many bits set.
            let lowest = flips & (~flips &+ 1), ripple = flips + lowest
            flips = ripple | ((flips ^ ripple) >> 2) / lowest
        }
        compare(query, held)
    }

    private func compare(_ query: UnsafePointer<UInt64>, _ count: Int) {
        kernels.pointee.some(query, codes, words, candidates.pointer, count, distances.pointer)
        for i in 0..<count {
            met.append(.init(distance: distances[i], row: candidates[i]))
            histogram[Int(distances[i])] += 1
        }
        visited += count
    }

    /// Makes ready for the next query.
    private func forget() {
        for neighbor in met {
            seen[Int(neighbor.row) / 64] = 0
            histogram[Int(neighbor.distance)] = 0
        }
        met.removeAll(keepingCapacity: true)
    }
}
