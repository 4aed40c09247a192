internal import Foundation

/// How many bytes each vector takes in the inverted lists of an index.
struct ListShape: Sendable, Equatable {
    /// Vectors in a block of codes.
    var blockVectors: Int
    /// Bytes of a block.
    var blockByteCount: Int
    /// Bytes of the second code, which re-ranking reads; 0 without one.
    var refinedByteCount: Int

    init(_ codec: some ListCodec, refinedByteCount: Int) {
        blockVectors = codec.blockVectors
        blockByteCount = codec.blockByteCount
        self.refinedByteCount = refinedByteCount
    }

    /// Bytes of the blocks that hold `count` vectors.
    func codeByteCount(_ count: Int) -> Int { (count + blockVectors - 1) / blockVectors * blockByteCount }
}

/// One inverted list as searching sees it, wherever its bytes are.
struct ListView: @unchecked Sendable {
    /// Vectors in the list.
    var count: Int
    /// `[count]`, the caller's.
    var ids: UnsafePointer<Int64>
    /// Codes and terms, as the codec lays them out.
    var blocks: UnsafePointer<UInt8>
    /// `[count]` codes for re-ranking.
    var refined: UnsafePointer<UInt8>
}

/// One inverted list in memory of its own, with room to grow.
///
/// Not to be changed once it is shared: ``InvertedLists`` copies it then.
final class InvertedList: @unchecked Sendable {
    let shape: ListShape
    private(set) var count = 0
    private(set) var capacity = 0
    private(set) var ids: UnsafeMutablePointer<Int64>
    private(set) var blocks: UnsafeMutablePointer<UInt8>
    private(set) var refined: UnsafeMutablePointer<UInt8>

    init(shape: ListShape, capacity: Int = 0) {
        self.shape = shape
        ids = Self.bytes(0).assumingMemoryBound(to: Int64.self)
        blocks = Self.bytes(0).assumingMemoryBound(to: UInt8.self)
        refined = Self.bytes(0).assumingMemoryBound(to: UInt8.self)
        reserve(capacity)
    }

    /// Copies a list.
    convenience init(_ view: ListView, shape: ListShape, capacity: Int) {
        self.init(shape: shape, capacity: max(capacity, view.count))
        ids.update(from: view.ids, count: view.count)
        blocks.update(from: view.blocks, count: shape.codeByteCount(view.count))
        refined.update(from: view.refined, count: view.count * shape.refinedByteCount)
        count = view.count
    }

    deinit {
        ids.deallocate()
        blocks.deallocate()
        refined.deallocate()
    }

    var view: ListView { ListView(count: count, ids: ids, blocks: blocks, refined: refined) }

    /// Bytes allocated.
    var byteCount: Int { capacity * (8 + shape.refinedByteCount) + shape.codeByteCount(capacity) }

    /// Makes room for `needed` vectors in all.
    func reserve(_ needed: Int) {
        guard needed > capacity else { return }
        // A list that grows one by one grows by a quarter; one that is filled at once gets what it needs.
        let wanted = count == 0 ? needed : max(needed, count + count / 4 + 4)
        let rounded = (wanted + shape.blockVectors - 1) / shape.blockVectors * shape.blockVectors
        func grow<T>(_ old: UnsafeMutablePointer<T>, from used: Int, to size: Int) -> UnsafeMutablePointer<T> {
            let new = Self.bytes(size * MemoryLayout<T>.stride).assumingMemoryBound(to: T.self)
            new.update(from: old, count: used)
            memset(new + used, 0, (size - used) * MemoryLayout<T>.stride)
            old.deallocate()
            return new
        }
        ids = grow(ids, from: count, to: rounded)
        blocks = grow(blocks, from: shape.codeByteCount(count), to: shape.codeByteCount(rounded))
        refined = grow(refined, from: count * shape.refinedByteCount, to: rounded * shape.refinedByteCount)
        capacity = rounded
    }

    /// Counts vectors that were written behind the others.
    func grow(by added: Int) {
        precondition(count + added <= capacity)
        count += added
    }

    private static func bytes(_ count: Int) -> UnsafeMutableRawPointer {
        .allocate(byteCount: max(count, 1), alignment: 64)
    }
}
