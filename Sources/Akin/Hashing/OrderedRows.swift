/// What trees and hashes keep of each vector, in the order of ids: a code or the vector itself, a finer code, the id.
///
/// As rows ascend with their ids, the smaller of two row numbers is the smaller id, and an id is found by bisection.
/// Vectors whose ids follow all others are appended; otherwise all rows are put in order again.
struct OrderedRows: Sendable {
    /// Codes or vectors.
    private(set) var primary: RowStore
    /// Finer codes; of zero bytes where there are none.
    private(set) var fine: RowStore
    private var ids: RowStore
    /// Greater than every id.
    private(set) var nextID: Int64 = 0
    /// Whether ids are the numbers in which vectors were added.
    private(set) var idsAreRows = true

    /// The most rows: each has a number of 31 bits.
    static let maximumCount = Int(Int32.max)

    var count: Int { primary.count }
    var byteCount: Int { primary.byteCount + fine.byteCount + ids.byteCount }
    /// The id of each row.
    var idPointer: UnsafePointer<Int64> { UnsafePointer(ids.base.assumingMemoryBound(to: Int64.self)) }

    init(rowByteCount: Int, fineByteCount: Int) {
        primary = RowStore(rowByteCount: rowByteCount)
        fine = RowStore(rowByteCount: fineByteCount)
        ids = RowStore(rowByteCount: 8)
    }

    /// Adds rows.
    ///
    /// - Parameters:
    ///   - added: how many.
    ///   - newIDs: one for each, different from each other and from those held; the next numbers when `nil`.
    ///   - write: puts codes and finer codes where it is told, a row after the other.
    /// - Throws: ``IndexError`` for ids that cannot be, and what `write` throws; nothing is added then.
    mutating func add(
        _ added: Int, ids newIDs: [Int64]?,
        write: (_ codes: UnsafeMutableRawPointer, _ fine: UnsafeMutableRawPointer) throws -> Void
    ) throws {
        try VectorCheck.room(for: added, beside: count, of: Self.maximumCount)
        let ascends = try check(newIDs, count: added)
        guard added > 0 else { return }
        var next = self
        try write(next.primary.append(added), next.fine.append(added))
        let target = next.ids.append(added).assumingMemoryBound(to: Int64.self)
        for i in 0..<added { target[i] = newIDs?[i] ?? nextID + Int64(i) }
        next.nextID = max(nextID, (newIDs?.max() ?? nextID + Int64(added) - 1) + 1)
        next.idsAreRows = idsAreRows && newIDs == nil
        if !ascends {
            let numbers = next.idPointer
            next.keep((0..<next.count).sorted { numbers[$0] < numbers[$1] })
        }
        self = next
    }

    /// Sees that ids are new; gives whether they follow those held in ascending order.
    private func check(_ newIDs: [Int64]?, count added: Int) throws(IndexError) -> Bool {
        guard let newIDs else {
            guard nextID <= Int64.max - Int64(added) else { throw .reservedID(.max) }
            return true
        }
        guard newIDs.count == added else { throw .idCountMismatch(vectors: added, ids: newIDs.count) }
        if newIDs.contains(.max) { throw .reservedID(.max) }
        let follows = zip(newIDs, newIDs.dropFirst()).allSatisfy { $0 < $1 }
        if follows, count == 0 || (newIDs.first ?? .max) > idPointer[count - 1] { return true }
        var seen = Set<Int64>(minimumCapacity: added)
        for id in newIDs where !seen.insert(id).inserted || row(of: id) != nil { throw .duplicateID(id) }
        return false
    }

    /// The row of an id.
    func row(of id: Int64) -> Int? {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if idPointer[middle] < id { low = middle + 1 } else { high = middle }
        }
        return low < count && idPointer[low] == id ? low : nil
    }

    /// Removes the rows whose ids are gone; gives how many.
    mutating func remove(where isGone: (Int64) -> Bool) -> Int {
        let kept = (0..<count).filter { !isGone(idPointer[$0]) }
        let removed = count - kept.count
        guard removed > 0 else { return 0 }
        keep(kept)
        idsAreRows = false
        return removed
    }

    /// Keeps some rows, in this order.
    private mutating func keep(_ rows: [Int]) {
        func kept(_ old: RowStore) -> RowStore {
            var new = RowStore(rowByteCount: old.rowByteCount)
            let target = new.append(rows.count)
            let size = old.rowByteCount
            for (i, row) in rows.enumerated() {
                (target + i * size).copyMemory(from: old.base + row * size, byteCount: size)
            }
            return new
        }
        (primary, fine, ids) = (kept(primary), kept(fine), kept(ids))
    }

    /// A bit for each row, the lowest of a word first, set where a filter lets it pass; and how many pass.
    func mask(_ filter: IDFilter) -> (words: Buffer<UInt64>, passed: Int) {
        let words = Buffer<UInt64>(repeating: 0, count: (count + 63) / 64 + 1)
        return (words, filter.mask(idPointer, count: count, into: words.pointer))
    }

    // MARK: - Files

    /// Writes the sections of the rows.
    func write(to writer: ContainerWriter) throws(FileError) {
        try writer.begin("ids", .int64)
        try writer.write(UnsafeRawBufferPointer(start: ids.base, count: ids.byteCount))
        try writer.begin("codes", .uint8)
        try writer.write(UnsafeRawBufferPointer(start: primary.base, count: primary.byteCount))
        guard fine.rowByteCount > 0 else { return }
        try writer.begin("refined", .uint8)
        try writer.write(UnsafeRawBufferPointer(start: fine.base, count: fine.byteCount))
    }

    /// Shows the rows of a container, whose ids are checked.
    init(
        _ container: ContainerReader, count: Int, rowByteCount: Int, fineByteCount: Int, nextID: Int64,
        idsAreRows: Bool, verify: Bool
    ) throws {
        guard count <= Self.maximumCount else {
            throw FileError(
                .malformed, path: container.path, "expected at most \(Self.maximumCount) vectors, found \(count)",
                section: IndexManifest.sectionName)
        }
        func rows(_ name: String, _ size: Int) throws -> RowStore {
            guard count > 0, size > 0 else { return RowStore(rowByteCount: size) }
            return RowStore(showing: try container.matrix(name, .uint8, rows: count, columns: size, of: UInt8.self))
        }
        primary = try rows("codes", rowByteCount)
        fine = try rows("refined", fineByteCount)
        let stored: Matrix<Int64> = try container.matrix("ids", .int64, rows: count, columns: 1)
        if verify { try container.check(container.section("ids", .int64)) }
        let ascends = stored.withUnsafeElements { ids in
            ids.indices.dropFirst().allSatisfy { ids[$0 - 1] < ids[$0] } && (ids.last ?? nextID - 1) < nextID
        }
        guard ascends else {
            throw FileError(
                .malformed, path: container.path, "expected ids in ascending order, below \(nextID)", section: "ids")
        }
        ids = count > 0 ? RowStore(showing: stored) : RowStore(rowByteCount: 8)
        self.nextID = nextID
        self.idsAreRows = idsAreRows
    }
}
