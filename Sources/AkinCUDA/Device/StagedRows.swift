import CAkinCUDA

/// Rows that are too many for a device's memory, brought there piece by piece: while the device works on one piece the
/// next is copied, and the one after is read.
///
/// Each slot has pinned memory on the host, memory on the device, and two marks. The host fills a slot again when its
/// copy is done; the copy starts when the work on what the slot held before is done; the work starts when its copy is
/// done. Two slots keep the copy engine and the multiprocessors busy; a third helps where pieces take uneven time.
package struct StagedRows: Sendable {
    private let rowBytes: Int
    private let rowsPerPiece: Int
    private let copying: CUDAStream
    private let working: CUDAStream
    private let slots: [Slot]

    private struct Slot: Sendable {
        let pinned: PinnedBuffer
        let buffer: DeviceBuffer<UInt8>
        let copied: CUDAEvent
        let used: CUDAEvent
    }

    /// Takes memory for `slots` pieces, on the host and from the pool.
    ///
    /// - Parameters:
    ///   - pool: where the device's memory comes from.
    ///   - working: the stream that works on the pieces.
    ///   - rowBytes: bytes of a row, 1 or more.
    ///   - pieceBytes: about how many bytes a piece has; at least one row. Copies reach their full speed at a few MiB.
    ///   - slots: 2 or more.
    /// - Throws: ``CUDAError``: what ``DevicePool`` and ``PinnedBuffer`` throw.
    package init(
        pool: DevicePool, working: CUDAStream, rowBytes: Int, pieceBytes: Int = 64 << 20, slots: Int = 2
    ) throws(CUDAError) {
        guard rowBytes > 0 else { throw .outOfRange(name: "rowBytes", value: rowBytes, allowed: 1...Int.max) }
        guard (2...16).contains(slots) else { throw .outOfRange(name: "slots", value: slots, allowed: 2...16) }
        self.rowBytes = rowBytes
        rowsPerPiece = max(1, pieceBytes / rowBytes)
        self.working = working
        copying = try CUDAStream(pool.context)
        var made: [Slot] = []
        for _ in 0..<slots {
            // The memory belongs to the working stream, whose marks the copies wait for.
            made.append(
                Slot(
                    pinned: try PinnedBuffer(pool.context, byteCount: rowsPerPiece * rowBytes),
                    buffer: try pool.allocate(count: rowsPerPiece * rowBytes, on: working),
                    copied: try CUDAEvent(pool.context), used: try CUDAEvent(pool.context)))
        }
        self.slots = made
        // Memory from the pool may still be in use by work put into the working stream before.
        for slot in made { try slot.used.record(on: working) }
    }

    /// Rows of a piece; the last may have fewer.
    package var pieceRows: Int { rowsPerPiece }

    /// Brings rows `0..<count` to the device, in order, and waits until all work on them is done.
    ///
    /// - Parameters:
    ///   - count: rows in all.
    ///   - fill: writes the bytes of some rows, all of them.
    ///   - work: puts work on some rows into the working stream; the buffer holds them from its start, until the work put
    ///     in here is done.
    /// - Throws: what `fill` and `work` throw, and ``CUDAError``; nothing is under way any more then.
    package func run(
        count: Int, fill: (Range<Int>, UnsafeMutableRawBufferPointer) throws -> Void,
        work: (Range<Int>, DeviceBuffer<UInt8>) throws -> Void
    ) throws {
        do {
            for (i, first) in stride(from: 0, to: count, by: rowsPerPiece).enumerated() {
                let rows = first..<min(first + rowsPerPiece, count)
                let slot = slots[i % slots.count]
                try slot.copied.synchronize()
                try slot.pinned.withUnsafeMutableBytes {
                    try fill(rows, UnsafeMutableRawBufferPointer(rebasing: $0[..<(rows.count * rowBytes)]))
                }
                try copying.wait(for: slot.used)
                try copying.upload(slot.pinned, count: rows.count * rowBytes, to: slot.buffer)
                try slot.copied.record(on: copying)
                try working.wait(for: slot.copied)
                try work(rows, slot.buffer)
                try slot.used.record(on: working)
            }
        } catch {
            // Nothing may touch the slots any more when they are given back; the first failure is the one to tell.
            try? copying.synchronize()
            try? working.synchronize()
            throw error
        }
        try copying.synchronize()
        try working.synchronize()
    }
}
