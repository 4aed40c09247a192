internal import CAkinKernels

/// A code found near a query.
struct HammingNeighbor: Comparable {
    var distance: UInt16
    var row: UInt32

    static func < (a: HammingNeighbor, b: HammingNeighbor) -> Bool {
        a.distance != b.distance ? a.distance < b.distance : a.row < b.row
    }
}

/// Compares all codes with a block of queries; belongs to one thread.
final class HammingScan {
    /// What all blocks of a search share.
    struct Shape: @unchecked Sendable {
        let bits: Int
        let words: Int
        let count: Int
        let k: Int
        let queryByteCount: Int
        let kernels: UnsafePointer<akin_hamming_table>
        /// Kept alive for the search.
        private let panels: Buffer<UInt16>
        private let mask: Buffer<UInt64>?

        init(_ index: BinaryIndex, k: Int, kernels: Kernels, mask: Buffer<UInt64>?) {
            bits = index.bits
            words = index.words
            count = index.count
            queryByteCount = index.codeByteCount
            panels = index.panels
            self.k = k
            self.kernels = kernels.hamming
            self.mask = mask
        }

        var codes: akin_hamming_codes {
            // Words of 64 bits hold those of 32 in their order.
            let allowed = mask.map { UnsafeRawPointer($0.pointer).assumingMemoryBound(to: UInt32.self) }
            return akin_hamming_codes(panels: panels.pointer, words: words, count: count, allowed: allowed)
        }

        /// Candidates that a selector holds before it drops some.
        var capacity: Int { k + max(k, 256) }

        /// Queries whose words and candidates stay in the cache.
        var queriesPerBlock: Int {
            let bytes = 64 * words + 6 * capacity + 4 * (bits + 1)
            return max(2, min(128, (384 << 10) / bytes) / 2 * 2)
        }

        /// Panels that stay in the fastest cache while all queries look at them.
        var panelsPerStep: Int { max(2, (8 << 10) / (64 * words) / 2 * 2) }

        /// All rows within a distance of one query.
        func within(_ radius: Int, of code: UnsafePointer<UInt8>) -> [HammingNeighbor] {
            let step = 64, codes = [codes]
            let spread = Buffer<UInt16>(uninitialized: 32 * words)
            akin_hamming_spread(code, queryByteCount, words, spread.pointer)
            let distances = Buffer<UInt16>(uninitialized: 32 * step)
            var found: [HammingNeighbor] = []
            let panelCount = (count + 31) / 32
            for first in stride(from: 0, to: panelCount, by: step) {
                let last = min(first + step, panelCount)
                kernels.pointee.distances(codes, first, last, spread.pointer, distances.pointer)
                for row in 32 * first..<min(32 * last, count) where Int(distances[row - 32 * first]) <= radius {
                    if let mask, mask[row / 64] >> UInt64(row % 64) & 1 == 0 { continue }
                    found.append(.init(distance: distances[row - 32 * first], row: UInt32(row)))
                }
            }
            return found.sorted()
        }
    }

    private let shape: Shape
    private let wanted: ArraySlice<Int>
    private let words: Buffer<UInt16>
    private let rows: Buffer<UInt32>
    private let distances: Buffer<UInt16>
    private let histograms: Buffer<UInt32>
    private let selectors: Buffer<akin_hamming_selector>
    private let queries: Buffer<akin_hamming_query>

    init(_ shape: Shape, _ wanted: ArraySlice<Int>, _ codes: Buffer<UInt8>) {
        self.shape = shape
        self.wanted = wanted
        let (n, capacity) = (wanted.count, shape.capacity)
        words = Buffer(uninitialized: n * 32 * shape.words)
        rows = Buffer(uninitialized: n * capacity)
        distances = Buffer(uninitialized: n * capacity)
        histograms = Buffer(repeating: 0, count: n * (shape.bits + 1))
        selectors = Buffer(repeating: akin_hamming_selector(), count: n)
        queries = Buffer(repeating: akin_hamming_query(), count: n)
        let rowByteCount = BinaryIndex.rowByteCount(bits: shape.bits)
        for (i, query) in wanted.enumerated() {
            let spread = words.pointer + i * 32 * shape.words
            akin_hamming_spread(codes.pointer + query * rowByteCount, shape.queryByteCount, shape.words, spread)
            selectors[i].row = rows.pointer + i * capacity
            selectors[i].distance = distances.pointer + i * capacity
            selectors[i].histogram = histograms.pointer + i * (shape.bits + 1)
            selectors[i].capacity = UInt32(capacity)
            akin_hamming_reset(selectors.pointer + i, UInt32(shape.k), UInt32(shape.bits))
            queries[i] = akin_hamming_query(words: spread, selector: selectors.pointer + i)
        }
    }

    /// Looks at some panels.
    func run(_ panels: Range<Int>, monitor: ProgressMonitor) throws {
        let codes = [shape.codes], step = shape.panelsPerStep
        let scan = shape.kernels.pointee.scan
        var next = panels.lowerBound
        for first in stride(from: panels.lowerBound, to: panels.upperBound, by: step) {
            scan?(codes, first, min(first + step, panels.upperBound), queries.pointer, wanted.count)
            guard first >= next else { continue }
            try monitor.update("searching", done: first, total: nil)
            next = first + 4096
        }
    }

    /// Gives each query and its nearest rows.
    func finish(_ receive: (Int, [HammingNeighbor]) -> Void) {
        for (i, query) in wanted.enumerated() {
            akin_hamming_compact(selectors.pointer + i)
            let selector = selectors[i]
            let found = (0..<Int(selector.count)).map {
                HammingNeighbor(distance: selector.distance[$0], row: selector.row[$0])
            }
            receive(query, Array(found.sorted().prefix(shape.k)))
        }
    }
}

/// The answers to a batch of queries; each slot is written by one thread.
final class HammingAnswers: @unchecked Sendable {
    private let slots: UnsafeMutableBufferPointer<[HammingNeighbor]?>
    private let sum = SharedCount()

    init(queries: Int) {
        slots = .allocate(capacity: queries)
        slots.initialize(repeating: nil)
    }

    deinit { slots.deinitialize().deallocate() }

    subscript(query: Int) -> [HammingNeighbor] { slots[query] ?? [] }
    func isSet(_ query: Int) -> Bool { slots[query] != nil }
    func set(_ found: [HammingNeighbor], query: Int) { slots[query] = found }
    func add(visited: Int) { sum.add(visited) }
    var visited: Int { sum.value }
}

/// Scans of parts of the codes; each slot is written by one thread.
final class HammingParts: @unchecked Sendable {
    private let slots: UnsafeMutableBufferPointer<HammingScan?>

    init(count: Int) {
        slots = .allocate(capacity: count)
        slots.initialize(repeating: nil)
    }

    deinit { slots.deinitialize().deallocate() }

    subscript(task: Int) -> HammingScan? { slots[task] }
    func set(_ scan: HammingScan, task: Int) { slots[task] = scan }
}
