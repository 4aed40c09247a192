package import CAkinKernels

/// Vectors as they are, 32-bit floats: the codec of `IVF…,Flat`.
///
/// For the inner product each row is followed by its length, which bounds what rounding can do to a product; the
/// queries carry a zero in that place.
struct FlatCodec: ListCodec {
    let dimension: Int
    /// L2 or inner product.
    let metric: Metric

    var specification: IndexSpec.Codec { .flat }
    var tables: [Matrix<Float>] { [] }
    var codeByteCount: Int { 4 * dimension }
    var queryByteCount: Int { 8 }
    var blockVectors: Int { 1 }
    var blockByteCount: Int { 4 * stride }
    /// Floats from one row to the next.
    var stride: Int { metric == .l2 ? dimension : dimension + 1 }

    func encode(_ vectors: UnsafePointer<Float>, count: Int, into codes: UnsafeMutablePointer<UInt8>) {
        UnsafeMutableRawPointer(codes).copyMemory(from: vectors, byteCount: 4 * dimension * count)
    }

    func decode(_ codes: UnsafePointer<UInt8>, count: Int, into vectors: UnsafeMutablePointer<Float>) {
        UnsafeMutableRawPointer(vectors).copyMemory(from: codes, byteCount: 4 * dimension * count)
    }

    func store(
        _ codes: UnsafePointer<UInt8>, count: Int, at position: Int, in blocks: UnsafeMutablePointer<UInt8>,
        centroid: UnsafePointer<Float>?, metric: Metric
    ) {
        for i in 0..<count {
            let row = UnsafeMutableRawPointer(blocks + (position + i) * blockByteCount)
            row.copyMemory(from: codes + i * codeByteCount, byteCount: codeByteCount)
            guard metric != .l2 else { continue }
            let floats = row.assumingMemoryBound(to: Float.self)
            let square = Kernels.best.table.pointee.product(floats, floats, dimension)
            floats[dimension] = roundedUp(square.squareRoot())
        }
    }

    func load(_ position: Int, in blocks: UnsafePointer<UInt8>, into code: UnsafeMutablePointer<UInt8>) {
        code.update(from: blocks + position * blockByteCount, count: codeByteCount)
    }

    func scanner(
        _ queries: UnsafePointer<Float>, count: Int, metric: Metric, isBounded: Bool, kernels: Kernels
    ) -> any ListScanner {
        FlatScanner(self, queries, count: count, isBounded: isBounded, kernels: kernels)
    }
}

/// Compares rows of floats with queries by the row-major kernels of exact search.
final class FlatScanner: ListScanner {
    private let codec: FlatCodec
    private let queries: UnsafePointer<Float>
    private let isBounded: Bool
    private let kernels: akin_kernel_table
    private let lengths: Buffer<Float>

    /// Queries that a kernel sees at a time.
    private static let most = 64
    private let shared = Buffer<akin_queries>(repeating: akin_queries(), count: 1)
    private let selectors = Buffer<akin_selector>(repeating: akin_selector(), count: most)
    private let packed: Buffer<Float>
    private let bound = Buffer<Float>(repeating: 0, count: most)
    private let offset = Buffer<Float>(repeating: 0, count: most)
    private let offset64 = Buffer<Double>(repeating: 0, count: most)
    private let slack = Buffer<Float>(repeating: 0, count: most)
    private let x1 = Buffer<Float>(repeating: 0, count: most)
    private let x2 = Buffer<Float>(repeating: 0, count: most)
    private var ones = Buffer<Float>(repeating: 1, count: 0)
    private var norms = Buffer<Float>(repeating: 0, count: 0)
    /// What the kernel calls back about: the list at hand and the first of its queries the kernel sees.
    private var current: UnsafeMutablePointer<akin_list_scan>?
    private var first = 0

    init(_ codec: FlatCodec, _ queries: UnsafePointer<Float>, count: Int, isBounded: Bool, kernels: Kernels) {
        self.codec = codec
        self.queries = queries
        self.isBounded = isBounded
        self.kernels = kernels.table.pointee
        packed = Buffer(repeating: 0, count: Self.most * codec.stride)
        lengths = Buffer(repeating: 0, count: codec.metric == .l2 ? 0 : count)
        for q in 0..<lengths.count {
            let x = queries + q * codec.dimension
            lengths[q] = roundedUp(self.kernels.product(x, x, codec.dimension).squareRoot())
        }
        let shared = shared.pointer
        shared.pointee.packed = UnsafeRawPointer(packed.pointer)
        shared.pointee.bound = bound.pointer
        shared.pointee.offset = UnsafePointer(offset.pointer)
        shared.pointee.offset64 = UnsafePointer(offset64.pointer)
        shared.pointee.slack = UnsafePointer(slack.pointer)
        shared.pointee.x1 = UnsafePointer(x1.pointer)
        shared.pointee.x2 = UnsafePointer(x2.pointer)
        shared.pointee.selectors = selectors.pointer
        shared.pointee.resolve = { context, _, query in
            guard let context else { return }
            Unmanaged<FlatScanner>.fromOpaque(context).takeUnretainedValue().makeRoom(query)
        }
        shared.pointee.context = Unmanaged.passUnretained(self).toOpaque()
        for q in 0..<Self.most { slack[q] = roundedUp(underflowSlack) }
    }

    func scan(_ scan: UnsafeMutablePointer<akin_list_scan>) {
        current = scan
        let total = Int(scan.pointee.query_count)
        for first in Swift.stride(from: 0, to: total, by: Self.most) {
            self.first = first
            let count = min(Self.most, total - first)
            gather(scan.pointee.queries + first, count: count)
            if let allowed = scan.pointee.allowed {
                forEachRun(of: allowed, count: Int(scan.pointee.count)) { nominate(scan, $0) }
            } else {
                nominate(scan, 0..<Int(scan.pointee.count))
            }
            for i in 0..<count { scan.pointee.queries[first + i].selector.pointee = selectors[i] }
        }
        scan.pointee.appended += shared[0].appended
        shared[0].appended = 0
    }

    private func gather(_ asked: UnsafePointer<akin_list_query>, count: Int) {
        shared.pointer.pointee.count = count
        shared.pointer.pointee.groups = (count + groupQueries - 1) / groupQueries
        let gamma = roundedUp((sumError(codec.dimension + 4) + 4 * unitRoundoff))
        for i in 0..<count {
            let query = Int(asked[i].query)
            let row = packed.pointer + i * codec.stride
            row.update(from: queries + query * codec.dimension, count: codec.dimension)
            if codec.metric != .l2 {
                row[codec.dimension] = 0
                x1[i] = isBounded ? gamma * lengths[query] : 0
            }
            selectors[i] = asked[i].selector.pointee
            akin_queries_update_bound(shared.pointer, i)
        }
    }

    private func nominate(_ scan: UnsafeMutablePointer<akin_list_scan>, _ range: Range<Int>) {
        let rows = UnsafeRawPointer(scan.pointee.blocks).assumingMemoryBound(to: Float.self)
        let data = rows + range.lowerBound * codec.stride
        if ones.count < range.count { ones = Buffer(repeating: 1, count: range.count + range.count / 2) }
        var view = akin_rows(
            data: data, sigma: ones.pointer, norm: ones.pointer,
            first_row: scan.pointee.first + UInt32(range.lowerBound),
            rows: UInt32(range.count))
        if codec.metric == .l2 {
            let relative = isBounded ? roundedUp(sumError(codec.dimension + 8)) : 0
            kernels.nominate_difference(&view, shared.pointer, codec.dimension, relative)
        } else {
            if norms.count < range.count { norms = Buffer(repeating: 0, count: range.count + range.count / 2) }
            for i in 0..<range.count { norms[i] = data[i * codec.stride + codec.dimension] }
            view.norm = UnsafePointer(norms.pointer)
            kernels.nominate_product(&view, shared.pointer, codec.stride)
        }
    }

    private func makeRoom(_ query: Int) {
        guard let current else { return }
        current.pointee.make_room(
            current, current.pointee.queries[first + query].query, selectors.pointer + query)
    }

    func key(
        _ position: Int, in blocks: UnsafePointer<UInt8>, query: Int, centroid: UnsafePointer<Float>?
    ) -> Double {
        let row = UnsafeRawPointer(blocks + position * codec.blockByteCount).assumingMemoryBound(to: Float.self)
        let x = queries + query * codec.dimension
        return codec.metric == .l2
            ? kernels.distance(x, row, codec.dimension) : 0 - kernels.product(x, row, codec.dimension)
    }
}

/// Calls `body` with each longest run of places whose bits are set.
private func forEachRun(of words: UnsafePointer<UInt64>, count: Int, _ body: (Range<Int>) -> Void) {
    func isSet(_ i: Int) -> Bool { words[i / 64] >> UInt64(i % 64) & 1 == 1 }
    var i = 0
    while i < count {
        if words[i / 64] >> UInt64(i % 64) == 0 {
            i = (i / 64 + 1) * 64
            continue
        }
        guard isSet(i) else {
            i += 1
            continue
        }
        let start = i
        while i < count, isSet(i) { i += 1 }
        body(start..<i)
    }
}
