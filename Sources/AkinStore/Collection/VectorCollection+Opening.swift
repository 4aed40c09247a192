internal import Akin
internal import Foundation

extension VectorCollection {
    static let catalogName = "catalog.sqlite"

    /// Makes the files of a collection in a folder that is not there yet.
    static func create(_ folder: String, _ configuration: CollectionConfiguration) throws {
        try check(configuration)
        try FileSystem.makeFolder(folder)
        for part in ["log", "segments", "images"] { try FileSystem.makeFolder(folder + "/" + part) }
        let catalog = try Catalog(creatingAt: folder + "/" + catalogName, configuration: configuration)
        try catalog.checkpoint()
        try catalog.close()
        try FileSystem.synchronizeFolder(folder)
    }

    private static func check(_ configuration: CollectionConfiguration) throws(StoreError) {
        guard (1...65_536).contains(configuration.dimension) else {
            throw .invalid(field: "dimension", expected: "1 to 65,536", actual: "\(configuration.dimension)")
        }
        do {
            _ = try IndexSpec(parsing: configuration.spec, dimension: configuration.dimension)
        } catch {
            throw .invalid(
                field: "spec", expected: "an index in Faiss's factory language, such as HNSW16", actual: "\(error)")
        }
    }

    /// Opens a collection: what its catalogue names, and what the log holds beside.
    static func open(_ name: String, _ folder: String, _ settings: StoreSettings) throws -> VectorCollection {
        let catalog = try Catalog(opening: folder + "/" + catalogName)
        do {
            let collection = try open(name, folder, settings, catalog)
            collection.startMaintenance()
            return collection
        } catch {
            try? catalog.close()
            throw error
        }
    }

    private static func open(
        _ name: String, _ folder: String, _ settings: StoreSettings, _ catalog: Catalog
    ) throws -> VectorCollection {
        let configuration = catalog.configuration
        try check(configuration)
        let applied = UInt64(try catalog.appliedSequence()), sealed = UInt64(try catalog.sealedSequence())
        for part in ["log", "segments"] {
            try FileSystem.makeFolder(folder + "/" + part)
            for file in try FileSystem.names(in: folder + "/" + part) where file.hasSuffix(".tmp") {
                FileSystem.remove("\(folder)/\(part)/\(file)")
            }
        }
        let place = SealedSegment.Place(
            folder: folder + "/segments", dimension: configuration.dimension, metric: configuration.metric,
            space: configuration.space, threads: settings.indexingThreads, verify: settings.verifiesOnOpen)
        let opening = try SegmentOpening(catalog, place)
        var damage = try Self.earlierDamage(folder)
        let images = try ImageFolder(folder + "/images", faults: settings.faults)
        try images.removeScratch()

        // Those the catalogue names are alive; the others have been deleted or replaced.
        let live = try catalog.liveRows()
        var views = opening.segments.map { segment in
            SegmentView(segment: segment, count: segment.count, dead: segment.dead(living: live))
        }
        let active = MutableSegment(dimension: configuration.dimension, metric: configuration.metric)
        views.append(SegmentView(segment: active, count: 0))
        let writing = WriterSide(views: views, active: active, nextRow: 0, nextSegment: opening.nextSegment)

        var pending: [LogRecord] = [], pendingSequence = applied, pendingPoints = 0
        func flush() throws {
            guard !pending.isEmpty else { return }
            let count = active.count
            for record in pending { record.append(to: active) { _ in true } }
            let effects: [LogRecord.Effect]
            do {
                effects = try catalog.write { writer in
                    defer { writer.setApplied(Int64(pendingSequence)) }
                    return try pending.map { try $0.apply(to: writer) }
                }
            } catch {
                active.truncate(to: count)
                throw error
            }
            writing.views[writing.views.count - 1].count = active.count
            writing.bury(effects.flatMap(\.deadRows))
            pending = []
            pendingPoints = 0
        }
        let (log, logDamage) = try WriteAheadLog.open(
            folder + "/log", after: sealed, applied: applied, settings: settings
        ) { sequence, record in
            if case .upsert(_, let points) = record, points.dimension != configuration.dimension {
                throw StoreError.storage(
                    "\(folder)/log: record \(sequence) holds vectors of dimension \(points.dimension), the collection "
                        + "has \(configuration.dimension)")
            }
            if sequence <= applied {
                record.append(to: active) { row in
                    let place = live.firstPosition { $0 >= row }
                    return place < live.count && live[place] == row
                }
                writing.views[writing.views.count - 1].count = active.count
                return
            }
            // An index of payloads must be there for what comes after it in another transaction.
            let isAlone: Bool
            switch record {
            case .createIndex, .deleteIndex: isAlone = true
            default: isAlone = false
            }
            if isAlone { try flush() }
            pending.append(record)
            pendingSequence = sequence
            if case .upsert(_, let points) = record { pendingPoints += points.entries.count }
            if isAlone || pending.count >= 64 || pendingPoints >= 10_000 { try flush() }
        }
        try flush()

        writing.nextRow = try catalog.nextRow()
        writing.position = UInt64(try catalog.position())
        // Images that lost their last point before a crash are still there.
        writing.lostImages = 1
        damage += opening.damage + logDamage
        let lost = try catalog.count() - writing.views.reduce(0) { $0 + $1.livingCount }
        if lost > 0 {
            damage.append(
                "\(lost) points have lost their vectors to damaged files: their payloads can be read, searches do not "
                    + "find them; store them again or delete them")
        }
        let collection = VectorCollection(
            name: name, folder: folder, settings: settings, catalog: catalog, log: log, images: images,
            writing: writing, damage: damage, lostCount: max(0, lost))
        // A log with a gap must not be gone on with.
        if !logDamage.isEmpty { try collection.sealAll() }
        return collection
    }

    /// What was set aside before, and is still there.
    private static func earlierDamage(_ folder: String) throws -> [String] {
        try ["log", "segments"].flatMap { part in
            try FileSystem.names(in: "\(folder)/\(part)").filter { $0.contains(".damaged") }
                .map { "\(part)/\($0): damaged, and set aside before" }
        }
    }
}

extension SealedSegment {
    /// The positions whose rows are not among the living, which ascend.
    fileprivate func dead(living: [Int64]) -> Tombstones {
        var dead = Tombstones()
        var next = living.firstPosition { $0 >= firstRow }
        for position in 0..<count {
            let row = row(at: position)
            while next < living.count, living[next] < row { next += 1 }
            if next == living.count || living[next] != row { dead.insert(position) }
        }
        return dead
    }
}
