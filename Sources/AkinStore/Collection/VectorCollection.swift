internal import Akin
internal import Foundation
internal import Synchronization

/// Points that last: vectors with names and payloads, searched for what is near.
///
/// Every method may be called from any thread and returns when its work is done. A write is in the log, on the disk as
/// ``StoreSettings/synchronization`` says, before its method returns, and every search that begins afterwards sees it.
/// Searches never wait for writes.
///
/// ```swift
/// let store = try Store(path: "data")
/// let shoes = try store.create("shoes", CollectionConfiguration(dimension: 3, metric: .l2))
/// try shoes.upsert([Point(id: .number(1), vector: [1, 0, 0], payload: ["brand": .string("Ares")])])
/// let answer = try shoes.search([SearchQuery(vector: [1, 0.1, 0])])[0]
/// ```
///
/// Vectors lie in segments in the order in which they came. The newest are in memory, and in the log; when there are
/// enough of them they are sealed into a file, and in the background files join an index. Replacing a point writes a new
/// one and buries the old.
public final class VectorCollection: Sendable {
    /// What people call it.
    public let name: String
    /// What it is made of.
    public let configuration: CollectionConfiguration
    /// Another each time a collection is opened or made, also under the same name.
    public let identity = String(UInt64.random(in: .min ... .max), radix: 16)

    let folder: String
    let settings: StoreSettings
    let catalog: Catalog
    let log: WriteAheadLog
    let images: ImageFolder
    let deletions: FileDeletions
    /// What readers see.
    let published: Mutex<CollectionState>
    /// What has been set aside.
    let damage: Mutex<[String]>
    /// Points whose vectors were lost to damage before it was opened, at most.
    let lostCount: Int
    /// What only one thread at a time touches, within ``GroupCommit``.
    let writing: WriterSide
    let commits: GroupCommit<WriteJob>
    let maintenance = Maintenance()
    let isClosed = Mutex(false)
    /// Held while writes of a stream are made.
    let streaming = NSLock()

    init(
        name: String, folder: String, settings: StoreSettings, catalog: Catalog, log: WriteAheadLog,
        images: ImageFolder, writing: WriterSide, damage: [String], lostCount: Int
    ) {
        self.name = name
        self.folder = folder
        self.settings = settings
        self.catalog = catalog
        self.log = log
        self.images = images
        self.writing = writing
        self.damage = Mutex(damage)
        self.lostCount = lostCount
        configuration = catalog.configuration
        deletions = FileDeletions()
        published = Mutex(
            CollectionState(views: writing.views, sequence: log.lastSequence, position: writing.position))
        let box = WeakCollection()
        commits = GroupCommit(count: WriteJob.count) { box.collection?.commit($0) }
        box.collection = self
    }

    /// The collection as it is now.
    var state: CollectionState { published.withLock { $0 } }

    /// Shows readers what has been written.
    func publish() {
        let state = CollectionState(views: writing.views, sequence: log.lastSequence, position: writing.position)
        published.withLock { $0 = state }
    }

    /// Where segments are, and how they are opened.
    var place: SealedSegment.Place {
        SealedSegment.Place(
            folder: folder + "/segments", dimension: configuration.dimension, metric: configuration.metric,
            space: configuration.space, threads: settings.indexingThreads, verify: settings.verifiesOnOpen)
    }

    func checkOpen() throws(StoreError) {
        if isClosed.withLock({ $0 }) { throw .unavailable("collection \"\(name)\" is closed") }
    }

    /// What a failure becomes: of a file that was closed under a reader, that the collection is closed.
    func failure(_ error: any Error) -> StoreError {
        let told = StoreError(error)
        guard case .storage = told, isClosed.withLock({ $0 }) else { return told }
        return .unavailable("collection \"\(name)\" is closed")
    }

    /// Waits for work in progress and lets go of all files; methods called later throw.
    ///
    /// Nothing is lost without it: opening reads the log. With it, opening is faster.
    func close() {
        let wasClosed = isClosed.withLock { isClosed in
            defer { isClosed = true }
            return isClosed
        }
        guard !wasClosed else { return }
        maintenance.stop()
        commits.exclusively {
            try? log.synchronize()
            try? catalog.checkpoint()
            try? catalog.close()
        }
    }
}

/// Breaks the circle of a collection and what commits for it.
private final class WeakCollection: @unchecked Sendable {
    weak var collection: VectorCollection?
}

/// What the writer alone knows; touched only within ``GroupCommit``.
final class WriterSide: @unchecked Sendable {
    var views: [SegmentView]
    /// The segment that is written to, which is the last of the views.
    var active: MutableSegment
    /// Full segments in memory, oldest first, each with the last record of the log that concerns it.
    var frozen: [(segment: MutableSegment, lastSequence: UInt64)] = []
    /// The last record of the log when there was nothing in memory and the log was long; `nil` where it was not.
    var sequenceToForget: UInt64?
    var nextRow: Int64
    /// The last place in a stream outside that has been applied.
    var position: UInt64 = 0
    /// The number of the next segment's name.
    var nextSegment: Int
    /// Who wants to know of rows that die.
    var recorders: [DeathRecorder] = []
    /// Images that lost a point since unused files were looked for.
    var lostImages = 0

    init(views: [SegmentView], active: MutableSegment, nextRow: Int64, nextSegment: Int) {
        self.views = views
        self.active = active
        self.nextRow = nextRow
        self.nextSegment = nextSegment
    }

    /// A name that no segment had.
    func newSegmentName() -> String {
        defer { nextSegment += 1 }
        let digits = String(nextSegment)
        return String(repeating: "0", count: max(0, 8 - digits.count)) + digits
    }

    /// Buries the points of some rows.
    func bury(_ rows: [Int64]) {
        for row in rows {
            guard let number = CollectionState.view(of: row, in: views),
                let position = views[number].segment.position(of: row)
            else { continue }
            if views[number].segment.hasImage(at: position) { lostImages += 1 }
            views[number].dead.insert(position)
        }
        for recorder in recorders { recorder.rows += rows }
    }
}

/// Rows that died while segments were written anew.
final class DeathRecorder: @unchecked Sendable {
    var rows: [Int64] = []
}

/// Removes files, but not while someone copies them.
final class FileDeletions: Sendable {
    private struct Waiting {
        var holders = 0
        var paths: [String] = []
    }
    private let waiting = Mutex(Waiting())

    /// Removes files now, or when nobody holds on to them any more.
    func remove(_ paths: [String]) {
        let isHeld = waiting.withLock { waiting in
            if waiting.holders > 0 { waiting.paths += paths }
            return waiting.holders > 0
        }
        if !isHeld { for path in paths { FileSystem.remove(path) } }
    }

    /// Removes something else, unless somebody holds on to files; says whether it did.
    @discardableResult
    func unlessHeld(_ remove: () throws -> Void) rethrows -> Bool {
        try waiting.withLock { waiting in
            guard waiting.holders == 0 else { return false }
            try remove()
            return true
        }
    }

    /// Runs something while no file is removed.
    func hold<Result>(_ body: () throws -> Result) rethrows -> Result {
        waiting.withLock { $0.holders += 1 }
        defer {
            let paths = waiting.withLock { waiting in
                waiting.holders -= 1
                guard waiting.holders == 0 else { return [String]() }
                defer { waiting.paths = [] }
                return waiting.paths
            }
            for path in paths { FileSystem.remove(path) }
        }
        return try body()
    }
}
