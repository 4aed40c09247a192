internal import Akin
internal import Synchronization

/// The newest points, in memory: appended to by the one writer while others read what was there before.
///
/// Vectors lie in blocks that never move. Who reads knows how many positions to see (``SegmentView/count``), and those
/// are not written again, so that neither side waits.
final class MutableSegment: Segment, @unchecked Sendable {
    let name = "memory"
    let spec = "Flat"
    let isIndexed = false
    let byteCount = 0
    let dimension: Int
    private let metric: Metric
    /// Where the blocks are, for readers; the writer replaces the array when a block is added.
    private let blocks: Mutex<[Block]>
    /// Positions that are written.
    ///
    /// Readers may look up rows of all of them.
    private let written = Atomic<Int>(0)

    init(dimension: Int, metric: Metric) {
        self.dimension = dimension
        self.metric = metric
        blocks = Mutex([])
    }

    var count: Int { written.load(ordering: .acquiring) }
    var firstRow: Int64 { count == 0 ? .max : row(at: 0) }
    var lastRow: Int64 {
        let count = count
        return count == 0 ? -1 : row(at: count - 1)
    }

    // MARK: Writing

    /// Appends a point; its row is greater than all before.
    ///
    /// Only the writer calls it.
    func append(row: Int64, id: PointID, hasImage: Bool, vector: UnsafePointer<Float>) {
        let position = written.load(ordering: .relaxed)
        let number = position / Block.capacity
        let block = blocks.withLock { blocks in
            if number == blocks.count { blocks.append(Block(dimension: dimension)) }
            return blocks[number]
        }
        block.append(row: row, id: id, hasImage: hasImage, vector: vector)
        written.store(position + 1, ordering: .releasing)
        if block.count == Block.capacity { block.makeIndex(metric) }
    }

    /// Forgets the last positions, which no view shows.
    ///
    /// Only the writer calls it.
    func truncate(to count: Int) {
        while written.load(ordering: .relaxed) > count {
            let position = written.load(ordering: .relaxed) - 1
            written.store(position, ordering: .releasing)
            // An empty block stays: someone may be on the way to it.
            block(position / Block.capacity).removeLast()
        }
    }

    // MARK: Reading

    private func block(_ number: Int) -> Block { blocks.withLock { $0[number] } }

    func position(of row: Int64) -> Int? {
        let count = count
        guard count > 0 else { return nil }
        let blocks = blocks.withLock { $0 }
        let position = (0..<count).firstPosition {
            blocks[$0 / Block.capacity].rows[$0 % Block.capacity] >= row
        }
        guard position < count, blocks[position / Block.capacity].rows[position % Block.capacity] == row else {
            return nil
        }
        return position
    }

    func row(at position: Int) -> Int64 { block(position / Block.capacity).rows[position % Block.capacity] }
    func id(at position: Int) -> PointID { block(position / Block.capacity).ids[position % Block.capacity] }
    func hasImage(at position: Int) -> Bool { block(position / Block.capacity).images[position % Block.capacity] }

    func forEachRun(of range: Range<Int>, _ body: (Int, UnsafePointer<Float>, Int) -> Void) {
        let blocks = blocks.withLock { $0 }
        var start = range.lowerBound
        while start < range.upperBound {
            let inside = start % Block.capacity
            let count = min(range.upperBound - start, Block.capacity - inside)
            let block = blocks[start / Block.capacity]
            body(start, block.vectors + inside * dimension, count)
            withExtendedLifetime(block) {}
            start += count
        }
    }

    func withVector<Result>(at position: Int, _ body: (UnsafePointer<Float>) -> Result) -> Result {
        let block = block(position / Block.capacity)
        defer { withExtendedLifetime(block) {} }
        return body(block.vectors + position % Block.capacity * dimension)
    }

    func search(_ search: SegmentSearch) {
        let blocks = blocks.withLock { $0 }
        for (number, block) in blocks.enumerated() {
            let first = number * Block.capacity, end = min(first + Block.capacity, search.view.count)
            guard first < end else { return }
            if end - first == Block.capacity, let index = block.index {
                search.ask(index, first..<end, isExact: true, scoresAreExact: true)
            } else {
                search.scan(first..<end)
            }
        }
    }
}

/// A run of positions of a mutable segment.
private final class Block: @unchecked Sendable {
    static let capacity = 4096

    let vectors: UnsafeMutablePointer<Float>
    let rows: UnsafeMutablePointer<Int64>
    let ids: UnsafeMutablePointer<PointID>
    let images: UnsafeMutablePointer<Bool>
    private let dimension: Int
    /// Positions that are written; the writer's own.
    private(set) var count = 0
    private let made: Mutex<FlatIndex?> = Mutex(nil)

    init(dimension: Int) {
        self.dimension = dimension
        vectors = .allocate(capacity: Self.capacity * dimension)
        rows = .allocate(capacity: Self.capacity)
        ids = .allocate(capacity: Self.capacity)
        images = .allocate(capacity: Self.capacity)
    }

    deinit {
        ids.deinitialize(count: count)
        vectors.deallocate()
        rows.deallocate()
        ids.deallocate()
        images.deallocate()
    }

    /// What searches a full block, once it was made.
    var index: FlatIndex? { made.withLock { $0 } }

    func append(row: Int64, id: PointID, hasImage: Bool, vector: UnsafePointer<Float>) {
        (vectors + count * dimension).update(from: vector, count: dimension)
        rows[count] = row
        images[count] = hasImage
        (ids + count).initialize(to: id)
        count += 1
    }

    func removeLast() {
        count -= 1
        (ids + count).deinitialize(count: 1)
        made.withLock { $0 = nil }
    }

    /// Measures the vectors of a full block, so that they are searched faster than one by one.
    func makeIndex(_ metric: Metric) {
        let shown = Matrix<Float>(
            rows: Self.capacity, columns: dimension, storage: BlockVectors(self, dimension: dimension), byteOffset: 0)
        let rows = Array(UnsafeBufferPointer(start: rows, count: Self.capacity))
        // What cannot be measured is compared one by one.
        let index = try? FlatIndex(shown, ids: rows, metric: metric, threads: 1)
        made.withLock { $0 = index }
    }
}

/// The vectors of a block as a matrix shows them.
///
/// The block owns what it lends its own index, which must not keep the block alive in turn; whoever searches that index
/// holds the block.
private final class BlockVectors: MatrixStorage, @unchecked Sendable {
    let start: UnsafeRawPointer
    let byteCount: Int

    init(_ block: Block, dimension: Int) {
        start = UnsafeRawPointer(block.vectors)
        byteCount = Block.capacity * dimension * MemoryLayout<Float>.stride
    }
}
