internal import Akin
internal import Foundation

extension VectorCollection {
    /// Waits until everything that is worth it is in segments and indexed, as if nobody had written for long.
    ///
    /// - Throws: ``StoreError``: why that cannot be done.
    public func waitForIndexing() throws {
        try checkOpen()
        do { try maintenance.settle() } catch { throw StoreError(error) }
    }

    /// Begins to seal and to index in the background.
    func startMaintenance() {
        maintenance.start { [self] worker in
            do {
                switch worker {
                case .sealer: return try sealStep()
                case .indexer: return try indexStep()
                }
            } catch {
                if error is CancellationError { throw error }
                throw StoreError(error)
            }
        }
        if case .interval(let milliseconds) = settings.synchronization {
            // Its own thread, because the others may be at work for minutes.
            let thread = Thread { [self] in
                while !maintenance.shouldStop {
                    Thread.sleep(forTimeInterval: Double(milliseconds) / 1000)
                    try? log.synchronize()
                }
            }
            thread.name = "akin.synchronizer"
            thread.start()
        }
    }

    // MARK: Sealing

    /// Seals the oldest full segment in memory; gives whether there was one.
    private func sealStep() throws -> Bool {
        let isSettled = maintenance.isSettled(after: settings.idleSeconds)
        let enough = countToSeal
        try commits.exclusively {
            let isWorthIt = isSettled && writing.active.count >= enough
            if writing.frozen.isEmpty, isWorthIt || isFull { try freeze() }
        }
        if try sealOldest() { return true }
        try collectImages()
        return false
    }

    /// Points in memory that are put into a file when nobody writes any more.
    private var countToSeal: Int { min(MaintenancePlan.idleCount, settings.indexedCount) }

    /// Puts all that is in memory into files and forgets the log.
    func sealAll() throws {
        try commits.exclusively { try freeze() }
        while try sealOldest() {}
    }

    private func sealOldest() throws -> Bool {
        let (oldest, empty) = commits.exclusively { (writing.frozen.first, writing.sequenceToForget) }
        if let oldest {
            try maintenance.working { try seal(oldest.segment, through: oldest.lastSequence) }
        } else if let empty {
            try commits.exclusively {
                try catalog.write { $0.setSealed(Int64(empty)) }
                writing.sequenceToForget = nil
            }
            try forget(through: empty)
        } else {
            return false
        }
        return true
    }

    /// Forgets the log up to a record, all before which is in files, once nothing can take that back.
    private func forget(through sequence: UInt64) throws {
        try catalog.checkpoint()
        deletions.unlessHeld { log.remove(through: sequence) }
    }

    private func seal(_ segment: MutableSegment, through sequence: UInt64) throws {
        let started = begin([segment])
        let living = started.views[0].dead.living(below: started.views[0].count)
        var sealed: SealedSegment?
        var files: [String] = []
        do {
            if !living.isEmpty {
                let name = commits.exclusively { writing.newSegmentName() }
                files = [name + ".vectors"]
                try VectorPart.write(
                    place.path(files[0]), dimension: configuration.dimension, [(segment, living)],
                    faults: settings.faults)
                let record = SegmentRecord(
                    name: name, spec: "Flat", files: files, count: living.count,
                    firstRow: segment.row(at: living[0]), lastRow: segment.row(at: living[living.count - 1]))
                // What was written a moment ago need not be compared with its checksums.
                var place = place
                place.verify = false
                sealed = try SealedSegment(record, in: place)
            }
            try finish(started, sealed) { writer in writer.setSealed(Int64(sequence)) }
        } catch {
            give(up: started, files)
            throw error
        }
        maintenance.wake()
        try forget(through: sequence)
    }

    // MARK: Indexing

    /// Does what is most needed with the segments in files; gives whether something was.
    private func indexStep() throws -> Bool {
        let views = state.views.filter { $0.segment is SealedSegment }
        let items = views.map {
            MaintenancePlan.Item(count: $0.count, living: $0.livingCount, isIndexed: $0.segment.isIndexed)
        }
        let plan = MaintenancePlan(settings: settings, indexedCount: try countToIndex())
        guard let step = plan.next(items, isSettled: maintenance.isSettled(after: settings.idleSeconds)) else {
            return false
        }
        try maintenance.working { try replace(views[step.range].map(\.segment), step) }
        return true
    }

    /// Whether there will be something to index or to merge once nobody writes for a while.
    func waitsForIndexing(_ state: CollectionState) throws -> Bool {
        let items = state.views.enumerated().compactMap { number, view -> MaintenancePlan.Item? in
            if view.segment is SealedSegment {
                return .init(count: view.count, living: view.livingCount, isIndexed: view.segment.isIndexed)
            }
            // Of what is in memory only the living become a file.
            let isActive = number == state.views.count - 1
            guard view.livingCount > 0, !isActive || view.count >= countToSeal else { return nil }
            return .init(count: view.livingCount, living: view.livingCount, isIndexed: false)
        }
        return try MaintenancePlan(settings: settings, indexedCount: countToIndex()).next(items, isSettled: true) != nil
    }

    /// Vectors from which an index is built; `nil` where the collection is searched exactly.
    private func countToIndex() throws -> Int? {
        let spec = try IndexSpec(parsing: configuration.spec, dimension: configuration.dimension)
        guard spec != .flat else { return nil }
        // Centroids want some vectors each.
        return max(settings.indexedCount, 32 * (spec.partition?.nlist ?? 0))
    }

    private func replace(_ segments: [any Segment], _ step: MaintenancePlan.Step) throws {
        let started = begin(segments)
        let name = commits.exclusively { writing.newSegmentName() }
        var files: [String] = []
        do {
            let sources = started.views.map { ($0.segment, $0.dead.living(below: $0.count)) }
            let sealed: SealedSegment?
            var place = place
            place.verify = false
            if sources.allSatisfy({ $0.1.isEmpty }) {
                sealed = nil
            } else if case .absorb = step, let base = segments[0] as? SealedSegment {
                sealed = try absorb(base, sources, name, place, &files)
            } else {
                sealed = try rewrite(sources, name, place, withIndex: step == .build(step.range), &files)
            }
            let kept = Set(sealed?.record.files ?? [])
            try finish(started, sealed) { _ in }
            files = []
            // Only now does no catalogue that may be found after a power failure name the old files.
            try catalog.checkpoint()
            let old = segments.compactMap { $0 as? SealedSegment }.flatMap(\.record.files)
            deletions.remove(old.filter { !kept.contains($0) }.map { place.path($0) })
        } catch {
            give(up: started, files)
            throw error
        }
    }

    /// One file of the living, and perhaps an index over them.
    private func rewrite(
        _ sources: [(any Segment, [Int])], _ name: String, _ place: SealedSegment.Place, withIndex: Bool,
        _ files: inout [String]
    ) throws -> SealedSegment {
        files.append(name + ".vectors")
        try VectorPart.write(
            place.path(files[0]), dimension: configuration.dimension, sources.map { ($0.0, $0.1) },
            faults: settings.faults)
        let part = try VectorPart(path: place.path(files[0]), dimension: configuration.dimension, verify: false)
        var index: (any VectorIndex)?
        if withIndex {
            let spec = try IndexSpec(parsing: configuration.spec, dimension: configuration.dimension)
            index = try BuiltIndex(
                spec, part.vectors, ids: part.rows.rows.withUnsafeElements { Array($0) }, metric: configuration.metric,
                space: configuration.space, options: .init(training: .init(threads: settings.indexingThreads)),
                monitor: monitor
            ).index
        }
        return try save(index, [part], name, place, &files)
    }

    /// The files of all, and the index of the first with the living of the others.
    private func absorb(
        _ base: SealedSegment, _ sources: [(any Segment, [Int])], _ name: String, _ place: SealedSegment.Place,
        _ files: inout [String]
    ) throws -> SealedSegment {
        guard var index = base.index as? any GrowingIndex else {
            return try rewrite(sources, name, place, withIndex: true, &files)
        }
        for (segment, positions) in sources.dropFirst() where !positions.isEmpty {
            let dimension = configuration.dimension
            let vectors = Matrix<Float>(rows: positions.count, columns: dimension) { target in
                guard let target = target.baseAddress else { return }
                for (number, position) in positions.enumerated() {
                    segment.withVector(at: position) {
                        (target + number * dimension).update(from: $0, count: dimension)
                    }
                }
            }
            try index.add(
                vectors, ids: positions.map { segment.row(at: $0) }, threads: settings.indexingThreads,
                monitor: monitor)
        }
        let parts = sources.compactMap { $0.0 as? SealedSegment }.flatMap(\.parts)
        return try save(index, parts, name, place, &files)
    }

    private func save(
        _ index: (any VectorIndex)?, _ parts: [VectorPart], _ name: String, _ place: SealedSegment.Place,
        _ files: inout [String]
    ) throws -> SealedSegment {
        if let index {
            files.append(name + ".akin")
            try settings.faults.check(.writeSegment, path: place.path(name + ".akin"))
            try index.save(to: place.path(name + ".akin"))
        }
        let record = SegmentRecord(
            name: name, spec: index?.spec ?? "Flat",
            files: parts.map { ($0.path as NSString).lastPathComponent } + (index == nil ? [] : [name + ".akin"]),
            count: parts.reduce(0) { $0 + $1.count }, firstRow: parts[0].rows.first,
            lastRow: parts[parts.count - 1].rows.last)
        return try SealedSegment(record, parts: parts, index: index, in: place)
    }

    private var monitor: ProgressMonitor { ProgressMonitor(shouldStop: { [maintenance] in maintenance.shouldStop }) }

    // MARK: Replacing

    /// Segments that are being replaced: what they were at the beginning, and who has died since.
    private struct Replacement {
        var views: [SegmentView]
        var deaths: DeathRecorder
    }

    private func begin(_ segments: [any Segment]) -> Replacement {
        commits.exclusively {
            let deaths = DeathRecorder()
            writing.recorders.append(deaths)
            let views = segments.compactMap { segment in writing.views.first { $0.segment === segment } }
            return Replacement(views: views, deaths: deaths)
        }
    }

    private func give(up started: Replacement, _ files: [String]) {
        commits.exclusively { writing.recorders.removeAll { $0 === started.deaths } }
        for file in files { FileSystem.remove(place.path(file)) }
    }

    /// Puts a new segment, or none, where others were: in the catalogue first, which decides what is found after a
    /// crash, then for readers.
    private func finish(
        _ started: Replacement, _ sealed: SealedSegment?, _ also: (CatalogWriter) throws -> Void
    ) throws {
        try commits.exclusively {
            let old = started.views.map(\.segment)
            guard let first = writing.views.firstIndex(where: { $0.segment === old[0] }) else { return }
            try settings.faults.check(.catalogue, path: catalog.path)
            try catalog.write { writer in
                try writer.replaceSegments(
                    removing: old.compactMap { ($0 as? SealedSegment)?.name }, adding: sealed.map { [$0.record] } ?? [])
                try also(writer)
            }
            var new: [SegmentView] = []
            if let sealed {
                var view = SegmentView(segment: sealed, count: sealed.count)
                for (segment, dead) in started.views.map({ ($0.segment, $0.dead) }) where dead.count > 0 {
                    // Where files were taken over, so were the dead in them.
                    for position in 0..<segment.count where dead.contains(position) {
                        if let place = sealed.position(of: segment.row(at: position)) { view.dead.insert(place) }
                    }
                }
                for row in started.deaths.rows {
                    if let place = sealed.position(of: row) { view.dead.insert(place) }
                }
                new = [view]
            }
            writing.views.replaceSubrange(first..<first + old.count, with: new)
            writing.recorders.removeAll { $0 === started.deaths }
            if let memory = old[0] as? MutableSegment { writing.frozen.removeAll { $0.segment === memory } }
            publish()
        }
    }

    // MARK: Images

    /// Removes images that no point names any more, where there may be some.
    private func collectImages() throws {
        let lost = commits.exclusively {
            defer { writing.lostImages = 0 }
            return writing.lostImages
        }
        guard lost > 0 else { return }
        let isDone = try deletions.unlessHeld { try images.collect { try catalog.images() } }
        if !isDone { commits.exclusively { writing.lostImages += lost } }
    }
}
