/// How a store works; the defaults are good.
public struct StoreSettings: Sendable {
    /// When a write is on the disk for certain.
    public enum Synchronization: Sendable, Equatable {
        /// Before it is acknowledged: nothing that was acknowledged is ever lost.
        case everyWrite
        /// At most so many milliseconds later, 1 to 60,000: a power failure may take what was acknowledged since; the
        /// death of the process alone takes nothing.
        case interval(milliseconds: Int)
    }

    /// When acknowledged writes are on the disk.
    public var synchronization = Synchronization.everyWrite
    /// Vectors held in memory before they become a segment in a file, 1,000 to 1,000,000.
    ///
    /// They are compared with every query one by one: more make searches slower, fewer make more files.
    public var sealCount = 32_768
    /// Bytes of vectors held in memory before they become a segment in a file, whatever their number; 64 KiB or more.
    public var sealByteCount = 128 << 20
    /// Vectors from which an index is built, 1 or more; fewer are compared one by one.
    public var indexedCount = 20_000
    /// Vectors outside an index join it when they are this share of those in it, 0.01 to 1.
    ///
    /// Each time the index is copied and written anew: less makes faster searches while writing, and more work.
    public var absorbShare = 0.2
    /// A segment of which more than this share is deleted is written anew, 0.01 to 0.9.
    public var vacuumShare = 0.2
    /// Vectors in one index at most, 1,000 or more; then another is begun.
    public var largestSegment = 1 << 21
    /// Seconds without a write after which what waits to be indexed is.
    public var idleSeconds = 5.0
    /// Threads that build indexes; one per core where it is `nil`.
    public var indexingThreads: Int?
    /// Threads that answer one batch of queries; one per core where it is `nil`.
    ///
    /// One query is answered by one.
    public var searchThreads: Int?
    /// Whether all bytes are compared with their checksums when a collection is opened, which reads all of them.
    public var verifiesOnOpen = true
    /// Bytes of the log from which it is cut, even where few vectors came.
    package var logByteCount = 256 << 20
    /// Makes writes fail, for tests.
    package var faults: DiskFaults?

    /// The defaults.
    public init() {}

    /// Refuses what is out of range.
    func check() throws(StoreError) {
        func check(_ name: String, _ isGood: Bool, _ expected: String, _ actual: some Any) throws(StoreError) {
            guard isGood else { throw .invalid(field: name, expected: expected, actual: "\(actual)") }
        }
        if case .interval(let milliseconds) = synchronization {
            try check(
                "synchronization", (1...60_000).contains(milliseconds), "1 to 60,000 milliseconds", milliseconds)
        }
        try check("sealCount", (1_000...1_000_000).contains(sealCount), "1,000 to 1,000,000", sealCount)
        try check("sealByteCount", sealByteCount >= 1 << 16, "65,536 bytes or more", sealByteCount)
        try check("indexedCount", indexedCount >= 1, "1 or more", indexedCount)
        try check("absorbShare", (0.01...1).contains(absorbShare), "0.01 to 1", absorbShare)
        try check("vacuumShare", (0.01...0.9).contains(vacuumShare), "0.01 to 0.9", vacuumShare)
        try check("largestSegment", largestSegment >= 1_000, "1,000 or more", largestSegment)
        try check("idleSeconds", idleSeconds >= 0, "0 or more", idleSeconds)
        for (name, threads) in [("indexingThreads", indexingThreads), ("searchThreads", searchThreads)] {
            try check(name, threads.map { (1...4096).contains($0) } ?? true, "1 to 4,096", threads ?? 0)
        }
    }
}
