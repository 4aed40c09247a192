#if canImport(Glibc)
    internal import Glibc
#endif

/// Rows of equal size, one after the other, aligned to a cache line: codes, links, ids.
///
/// A store is a value: a copy shares its bytes until one of them changes. It may show the bytes of a file, which are
/// copied when the store changes.
struct RowStore: Sendable {
    /// Bytes from one row to the next.
    let rowByteCount: Int
    /// Rows held.
    private(set) var count: Int
    private var memory: Memory

    /// Where row 0 begins; valid until the store changes.
    var base: UnsafeRawPointer { memory.start }
    /// Bytes of the rows held.
    var byteCount: Int { count * rowByteCount }
    /// Bytes that are in memory of our own, not in a file.
    var residentByteCount: Int { memory.isOwned ? memory.capacity * rowByteCount : 0 }

    /// A store of `count` rows that the caller writes.
    init(rowByteCount: Int, count: Int = 0) {
        self.rowByteCount = rowByteCount
        self.count = count
        memory = Memory(rows: count, rowByteCount: rowByteCount)
    }

    /// Shows rows that are elsewhere; they begin at a multiple of 64 bytes.
    init<Element>(showing matrix: Matrix<Element>) {
        rowByteCount = matrix.columns * MemoryLayout<Element>.stride
        count = matrix.rows
        memory = Memory(matrix) ?? Memory(rows: count, rowByteCount: rowByteCount)
    }

    /// Makes room for `count` rows in all.
    mutating func reserve(_ count: Int) { makeUnique(capacity: count) }

    /// Adds rows that the caller writes, and gives where the first is; valid until the store changes again.
    mutating func append(_ rows: Int) -> UnsafeMutableRawPointer {
        let grown = count + rows > memory.capacity ? max(count + rows, count + count / 2) : memory.capacity
        makeUnique(capacity: grown)
        defer { count += rows }
        return memory.mutable + count * rowByteCount
    }

    /// Adds the rows of another store, whose rows are as large.
    mutating func append(of other: RowStore) {
        precondition(other.rowByteCount == rowByteCount)
        let count = other.count
        append(count).copyMemory(from: other.base, byteCount: count * rowByteCount)
    }

    /// Drops the rows from `count` on.
    mutating func truncate(to count: Int) {
        precondition(count <= self.count)
        self.count = count
    }

    /// Where row 0 begins, to be written; valid until the store changes.
    mutating func mutableBase() -> UnsafeMutableRawPointer {
        makeUnique(capacity: count)
        return memory.mutable
    }

    private mutating func makeUnique(capacity: Int) {
        let capacity = max(capacity, count)
        guard !memory.isOwned || capacity > memory.capacity || !isKnownUniquelyReferenced(&memory) else { return }
        let fresh = Memory(rows: capacity, rowByteCount: rowByteCount)
        fresh.mutable.copyMemory(from: memory.start, byteCount: byteCount)
        memory = fresh
    }

    private final class Memory: @unchecked Sendable {
        let start: UnsafeRawPointer
        let capacity: Int
        /// Whose bytes these are, where not our own.
        private let owner: (any Sendable)?
        var isOwned: Bool { owner == nil }
        var mutable: UnsafeMutableRawPointer { UnsafeMutableRawPointer(mutating: start) }

        init(rows: Int, rowByteCount: Int) {
            // Walks touch rows in no order: pages of 2 MiB, where the system has them, spare them looking up addresses.
            let large = 1 << 21, byteCount = max(rows * rowByteCount, 64)
            let address = UnsafeMutableRawPointer.allocate(
                byteCount: byteCount, alignment: byteCount >= 4 * large ? large : 64)
            #if canImport(Glibc)
                if byteCount >= 4 * large { madvise(address, byteCount, MADV_HUGEPAGE) }
            #endif
            start = UnsafeRawPointer(address)
            capacity = rows
            owner = nil
        }

        /// The bytes of a matrix, where it has any.
        init?<Element>(_ matrix: Matrix<Element>) {
            guard matrix.rows > 0, let start = matrix.withUnsafeElements({ UnsafeRawPointer($0.baseAddress) }) else {
                return nil
            }
            self.start = start
            capacity = matrix.rows
            owner = matrix
        }

        deinit { if isOwned { mutable.deallocate() } }
    }
}
