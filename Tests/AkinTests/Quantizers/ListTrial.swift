import Akin
import AkinTestSupport
import CAkinKernels

/// One list of a codec with some queries, and what a scan of it finds.
final class ListTrial {
    struct Candidate: Equatable {
        var lo, hi: Int32
        var row: UInt32
    }

    let codec: any ListCodec
    let metric: Metric
    let count: Int
    let blocks: Buffer<UInt8>
    let codes: [UInt8]
    let centroid: [Float]?
    let queries: [[Float]]
    /// `keys[query][position]`, in double precision, from decoded vectors.
    private(set) var keys: [[Double]] = []
    private let flat: Buffer<Float>
    /// The query whose selector is full, and the kernels that compact it.
    private var table: akin_kernel_table
    private let first: UInt32 = 1000

    init(
        _ codec: any ListCodec, _ vectors: Matrix<Float>, queries: Matrix<Float>, metric: Metric, hasCentroid: Bool,
        storedAtOnce: Int = 7
    ) {
        self.codec = codec
        self.metric = metric
        count = vectors.rows
        let d = codec.dimension, count = vectors.rows
        var codes = [UInt8](repeating: 0xaa, count: count * codec.codeByteCount)
        vectors.withUnsafeElements { x in
            guard let x = x.baseAddress, count > 0 else { return }
            codec.encode(x, count: count, into: &codes)
        }
        self.codes = codes
        let centroid = hasCentroid ? Matrix.random(rows: 1, columns: d, seed: 77)[0] : nil
        self.centroid = centroid
        self.queries = (0..<queries.rows).map { queries[$0] }
        flat = Buffer(repeating: 0, count: queries.rows * d)
        for q in 0..<queries.rows { for c in 0..<d { flat[q * d + c] = queries[q, c] } }
        let blockCount = (count + codec.blockVectors - 1) / codec.blockVectors
        blocks = Buffer(repeating: 0, count: blockCount * codec.blockByteCount)
        table = Self.table(Kernels.available[0])
        for at in stride(from: 0, to: count, by: storedAtOnce) {
            codec.store(
                Array(codes[(at * codec.codeByteCount)...]), count: min(storedAtOnce, count - at), at: at,
                in: blocks.pointer, centroid: centroid, metric: metric)
        }
        if codec.boundsTrueKeys {
            // The key that decides is not that of the decoded vector.
            let scanner = codec.scanner(
                flat.pointer, count: queries.rows, metric: metric, isBounded: true, kernels: Kernels.available[0])
            keys = self.queries.indices.map { q in (0..<count).map { key(scanner, $0, q) } }
            return
        }
        let decoded = decode()
        keys = self.queries.map { x in
            decoded.map { r in
                var sum = 0.0
                for c in 0..<d {
                    let stored = (centroid.map { Double($0[c]) } ?? 0) + Double(r[c])
                    sum += metric == .l2 ? (Double(x[c]) - stored) * (Double(x[c]) - stored) : -Double(x[c]) * stored
                }
                return sum
            }
        }
    }

    /// What the codes stand for.
    func decode() -> [[Float]] {
        (0..<count).map { i in
            var x = [Float](repeating: .nan, count: codec.dimension)
            codec.decode(Array(codes[(i * codec.codeByteCount)...]), count: 1, into: &x)
            return x
        }
    }

    /// The part of a key that query and list make.
    private func offset(_ q: Int) -> Float {
        let x = queries[q]
        var sum = 0.0
        for c in x.indices {
            let center = centroid.map { Double($0[c]) } ?? 0
            sum += metric == .l2 ? (Double(x[c]) - center) * (Double(x[c]) - center) : -Double(x[c]) * center
        }
        return Float(sum)
    }

    /// Scans the list and gives the candidates of each query that are left, by row.
    func scan(
        _ level: Kernels, k: Int, isBounded: Bool, allowed: [Bool]? = nil, boundsTrueKeys: Bool = false
    ) -> [[Candidate]] {
        let scanner =
            boundsTrueKeys
            ? codec.trueKeyScanner(flat.pointer, count: queries.count, metric: metric, kernels: level)
            : codec.scanner(flat.pointer, count: queries.count, metric: metric, isBounded: isBounded, kernels: level)
        table = Self.table(level)
        let capacity = (k + 4 * 48 + 40) / 16 * 16, guardZone = 32
        let room = capacity + guardZone
        let lo = Buffer<Int32>(repeating: 0, count: queries.count * room)
        let hi = Buffer<Int32>(repeating: 0, count: queries.count * room)
        let rows = Buffer<UInt32>(repeating: .max, count: queries.count * room)
        let selectors = Buffer<akin_selector>(repeating: akin_selector(), count: queries.count)
        let entries = Buffer<akin_list_query>(repeating: akin_list_query(), count: queries.count)
        for q in queries.indices {
            selectors[q] = akin_selector(
                lo: lo.pointer + q * room, hi: hi.pointer + q * room, row: rows.pointer + q * room, count: 0,
                limit: UInt32(k), capacity: UInt32(capacity), k: UInt32(k), bound: .max)
            // Queries come in another order than they were prepared in.
            let number = queries.count - 1 - q
            entries[q] = akin_list_query(
                query: UInt32(number), offset: offset(number), selector: selectors.pointer + number)
        }
        let bits = Buffer<UInt64>(repeating: 0, count: (count + 63) / 64)
        for (i, isAllowed) in (allowed ?? []).enumerated() where isAllowed { bits[i / 64] |= 1 << UInt64(i % 64) }
        let scan = Buffer<akin_list_scan>(repeating: akin_list_scan(), count: 1)
        scan[0] = akin_list_scan(
            blocks: blocks.pointer, count: UInt32(count), first: first,
            allowed: allowed == nil ? nil : UnsafePointer(bits.pointer), queries: entries.pointer,
            query_count: queries.count,
            make_room: { scan, query, selector in
                guard let scan, let selector, let context = scan.pointee.context else { return }
                Unmanaged<ListTrial>.fromOpaque(context).takeUnretainedValue().makeRoom(selector, Int(query))
            }, context: Unmanaged.passUnretained(self).toOpaque(), appended: 0)
        scanner.scan(scan.pointer)
        return queries.indices.map { q in
            let end = Int(selectors[q].count)
            precondition((q * room + capacity..<(q + 1) * room).allSatisfy { rows[$0] == .max }, "wrote past capacity")
            return (0..<end).map {
                Candidate(lo: lo[q * room + $0], hi: hi[q * room + $0], row: rows[q * room + $0] - first)
            }.sorted { $0.row < $1.row }
        }
    }

    /// Discards the hopeless; where intervals cannot tell, takes the keys themselves.
    private func makeRoom(_ selector: UnsafeMutablePointer<akin_selector>, _ query: Int) {
        precondition(selector.pointee.count >= selector.pointee.limit, "called too early")
        table.compact(selector)
        guard selector.pointee.count + 16 > selector.pointee.capacity - 96 else { return }
        let exact = (0..<Int(selector.pointee.count)).map { i in
            (akin_ordered(Float(keys[query][Int(selector.pointee.row[i] - first)])), selector.pointee.row[i])
        }.sorted { $0 < $1 }
        for (i, candidate) in exact.prefix(Int(selector.pointee.k)).enumerated() {
            selector.pointee.lo[i] = candidate.0
            selector.pointee.hi[i] = candidate.0
            selector.pointee.row[i] = candidate.1
        }
        selector.pointee.count = min(selector.pointee.k, selector.pointee.count)
        table.compact(selector)
    }

    /// The key of a place as the scanner computes it.
    func key(_ level: Kernels, _ position: Int, _ query: Int) -> Double {
        let scanner = codec.scanner(flat.pointer, count: queries.count, metric: metric, isBounded: true, kernels: level)
        return key(scanner, position, query)
    }

    private func key(_ scanner: any ListScanner, _ position: Int, _ query: Int) -> Double {
        guard let centroid else { return scanner.key(position, in: blocks.pointer, query: query, centroid: nil) }
        return scanner.key(position, in: blocks.pointer, query: query, centroid: centroid)
    }

    private static func table(_ level: Kernels) -> akin_kernel_table {
        for simd in [AKIN_SIMD_SCALAR, AKIN_SIMD_AVX2, AKIN_SIMD_AVX512, AKIN_SIMD_NEON] {
            if let table = akin_kernels_at(simd), String(cString: table.pointee.name) == level.name {
                return table.pointee
            }
        }
        fatalError("no table for \(level.name)")
    }
}
