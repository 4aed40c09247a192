internal import CAkinKernels

/// The candidates of some queries while lists are scanned.
final class ListSelection {
    /// Candidates wanted of each query.
    let wanted: Int
    private let capacity: Int
    private let memory: Buffer<Int32>
    private let selectors: Buffer<akin_selector>
    private let kernels: akin_kernel_table

    private static func capacity(_ wanted: Int) -> Int {
        let room = 2 * panelRows + max(64, wanted / 2) + 32
        return (wanted + room + 15) / 16 * 16
    }

    /// Bytes that one query needs.
    static func byteCount(wanted: Int) -> Int { capacity(wanted) * 12 + MemoryLayout<akin_selector>.stride }

    /// Keeps the `wanted` nearest of each query, or with `within` all whose ordered key does not exceed it.
    init(queries: Int, wanted: Int, within: Int32? = nil, kernels: Kernels) {
        self.wanted = wanted
        self.kernels = kernels.table.pointee
        capacity = Self.capacity(wanted)
        memory = Buffer(uninitialized: queries * capacity * 3)
        selectors = Buffer(uninitialized: queries)
        for q in 0..<queries {
            let lo = memory.pointer + q * capacity * 3
            let rows = UnsafeMutableRawPointer(lo + 2 * capacity).assumingMemoryBound(to: UInt32.self)
            // Where everything within a bound is wanted, no number of candidates lets the kernels drop some.
            let limit = within == nil ? wanted : capacity - 2 * panelRows
            selectors[q] = akin_selector(
                lo: lo, hi: lo + capacity, row: rows, count: 0, limit: UInt32(limit), capacity: UInt32(capacity),
                k: within == nil ? UInt32(wanted) : .max, bound: within ?? .max)
        }
    }

    subscript(query: Int) -> UnsafeMutablePointer<akin_selector> { selectors.pointer + query }

    /// Drops what cannot be among the wanted; gives whether that left room for more.
    func compact(_ selector: UnsafeMutablePointer<akin_selector>) -> Bool {
        kernels.compact(selector)
        return Int(selector.pointee.count) + 16 <= capacity - 2 * panelRows
    }
}
