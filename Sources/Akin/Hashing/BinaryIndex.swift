internal import CAkinKernels

/// Binary codes, searched for those that differ from a query in the fewest bits (Hamming distance).
///
/// Search is exact. Every code is compared, several queries at a time, unless the index has tables of parts of the
/// codes (multi-index hashing): then a query visits codes that agree with it in some part, and compares all of them
/// only where that would be quicker.
///
/// ```swift
/// var index = BinaryIndex(bits: 256)
/// try index.add(codes)                                  // [n, 32] bytes
/// let found = try index.search(queries, k: 10)          // scores are distances: whole numbers
/// ```
///
/// The index is a value; it may be searched from many threads at once.
///
/// Norouzi, Punjani, Fleet: "Fast exact search in Hamming space with multi-index hashing" (2014),
/// `doi:10.1109/TPAMI.2013.231`.
public struct BinaryIndex: Sendable {
    /// Bits of a code.
    public let bits: Int
    /// Parts of the codes that have a table each; `nil` where every code is compared.
    public let parts: Int?

    /// Codes row after row, in whole words of 64 bits, with their ids and what else belongs to a row.
    var rows: OrderedRows
    /// The codes again, as the kernels read them: `[panels][words][32]`.
    private(set) var panels: Buffer<UInt16>
    private(set) var tables: MultiIndex?

    /// The numbers of bits that a code may have.
    public static let allowedBits = 1...32_760

    /// Makes an index without codes.
    ///
    /// - Parameters:
    ///   - bits: of a code, ``allowedBits``.
    ///   - parts: parts of the codes to have tables of, each of 1 to 32 bits; about `bits` over the logarithm of the
    ///     number of codes is a good number. `nil` for none.
    /// - Throws: ``IndexError/outOfRange(name:value:allowed:)``.
    public init(bits: Int, parts: Int? = nil) throws(IndexError) {
        guard Self.allowedBits.contains(bits) else {
            throw .outOfRange(name: "bits", value: bits, allowed: Self.allowedBits)
        }
        if let parts {
            let least = (bits + 31) / 32
            guard parts >= least, parts <= bits else {
                throw .outOfRange(name: "parts", value: parts, allowed: least...bits)
            }
        }
        let rows = OrderedRows(rowByteCount: Self.rowByteCount(bits: bits), fineByteCount: 0)
        self.init(bits: bits, parts: parts, rows: rows)
    }

    /// An index of rows that are there.
    init(bits: Int, parts: Int?, rows: OrderedRows) {
        self.bits = bits
        self.parts = parts
        self.rows = rows
        panels = Buffer(repeating: 0, count: 0)
        arrange()
    }

    /// Bytes of a code in whole words of 64 bits.
    static func rowByteCount(bits: Int) -> Int { (bits + 63) / 64 * 8 }

    /// Codes held.
    public var count: Int { rows.count }
    /// Bytes of a code as callers give it; of the last byte the lowest bits count.
    public var codeByteCount: Int { (bits + 7) / 8 }
    /// Bytes of memory in use.
    public var byteCount: Int { rows.byteCount + 2 * panels.count + (tables?.byteCount ?? 0) }
    /// 16-bit words of a code in panels.
    var words: Int { (bits + 15) / 16 }

    /// Adds codes.
    ///
    /// - Parameters:
    ///   - codes: `[n, codeByteCount]`, bit i of a code being bit `i % 8` of byte `i / 8`.
    ///   - ids: one 64-bit id per code, different from each other and from those held; the numbers that follow the
    ///     greatest when `nil`.
    /// - Throws: ``IndexError`` for bad input; the index is then as it was.
    /// - Complexity: O(``count`` + n), since codes are put in the order that kernels read.
    public mutating func add(_ codes: Matrix<UInt8>, ids: [Int64]? = nil) throws {
        try add(wholeRows(codes), count: codes.rows, ids: ids) { _ in }
    }

    /// Adds codes in whole words; `writeFine` writes what else belongs to them.
    mutating func add(
        _ whole: Buffer<UInt8>, count: Int, ids: [Int64]?, writeFine: (UnsafeMutableRawPointer) -> Void
    ) throws {
        try rows.add(count, ids: ids) { target, fine in
            target.copyMemory(from: whole.pointer, byteCount: whole.count)
            writeFine(fine)
        }
        arrange()
    }

    /// Removes the codes of some ids; those that are not held are passed over.
    ///
    /// - Parameter ids: of the codes that go.
    /// - Returns: how many were removed.
    @discardableResult
    public mutating func remove(_ ids: some Sequence<Int64>) -> Int {
        remove(where: .members(of: Set(ids)))
    }

    /// Removes the codes whose ids a filter lets pass; gives how many.
    @discardableResult
    public mutating func remove(where filter: IDFilter) -> Int {
        let removed = rows.remove { filter.allows($0) }
        if removed > 0 { arrange() }
        return removed
    }

    /// Codes in whole words, without bits that do not count.
    func wholeRows(_ codes: Matrix<UInt8>) throws(IndexError) -> Buffer<UInt8> {
        guard codes.columns == codeByteCount || codes.rows == 0 else {
            throw .dimensionMismatch(expected: codeByteCount, actual: codes.columns)
        }
        let (size, whole) = (codeByteCount, Self.rowByteCount(bits: bits))
        let result = Buffer<UInt8>(repeating: 0, count: codes.rows * whole)
        let last: UInt8 = bits % 8 == 0 ? 0xFF : UInt8(1 << (bits % 8) - 1)
        codes.withUnsafeElements { source in
            guard let source = source.baseAddress else { return }
            for row in 0..<codes.rows {
                (result.pointer + row * whole).update(from: source + row * size, count: size)
                result[row * whole + size - 1] &= last
            }
        }
        return result
    }

    /// Arranges the codes as searching reads them.
    mutating func arrange() {
        let count = (rows.count + 31) / 32 * 32
        panels = Buffer(repeating: 0, count: count * words)
        akin_hamming_pack(
            rows.primary.base.assumingMemoryBound(to: UInt8.self), rows.primary.rowByteCount, rows.count, 0,
            panels.pointer, words, codeByteCount)
        tables = parts.map { MultiIndex(parts: $0, bits: bits, rows: rows.primary) }
    }
}

extension Kernels {
    /// The kernels of akin_hamming.h at this level.
    var hamming: UnsafePointer<akin_hamming_table> {
        guard let hamming = akin_hamming_at(table.pointee.level) else {
            fatalError("every level has Hamming kernels")
        }
        return hamming
    }
}
