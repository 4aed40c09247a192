public import Akin
internal import Foundation

extension VectorCollection {
    /// Points in one record of the log at most; a longer batch becomes several, each of which is there or not after a
    /// crash.
    private static let recordByteCount = 16 << 20

    /// Stores points; those whose names are there already are replaced, with payload and image.
    ///
    /// - Parameters:
    ///   - points: of the collection's dimension; of points with the same name the last counts.
    ///   - space: the embedding space their vectors come from, where it is known.
    /// - Throws: ``StoreError``: ``StoreError/invalid(field:expected:actual:)``,
    ///   ``StoreError/spaceMismatch(expected:actual:)``, ``StoreError/diskFull(_:)``, ``StoreError/storage(_:)``,
    ///   ``StoreError/unavailable(_:)``. Nothing is stored then, but for the beginning of a batch of more than 16 MB.
    /// - Complexity: O(points · dimension), and one `fsync` for all that write at the same time.
    public func upsert(_ points: [Point], space: EmbeddingSpace? = nil) throws {
        try checkOpen()
        guard !points.isEmpty else { return }
        try check(space)
        for part in parts(of: points) {
            var logged = try logged(part)
            let digests = try storeImages(of: part, into: &logged)
            defer { images.release(digests) }
            _ = try submit(.upsert(logged, body: LogRecord.upsert(firstRow: 0, logged).body))
        }
    }

    /// Points in parts that a record holds each.
    func parts(of points: [Point]) -> [ArraySlice<Point>] {
        let count = max(1, Self.recordByteCount / (4 * configuration.dimension + 256))
        return stride(from: 0, to: points.count, by: count).map { points[$0..<min($0 + count, points.count)] }
    }

    /// Points as the log has them, without images.
    ///
    /// - Throws: ``StoreError/invalid(field:expected:actual:)``.
    func logged(_ points: ArraySlice<Point>) throws(StoreError) -> LoggedPoints {
        let dimension = configuration.dimension
        var vectors: [Float] = []
        vectors.reserveCapacity(points.count * dimension)
        var entries: [LoggedPoints.Entry] = []
        entries.reserveCapacity(points.count)
        for point in points {
            guard point.vector.count == dimension else {
                throw .invalid(
                    field: "vector", expected: "\(dimension) numbers",
                    actual: "\(point.vector.count) in point \(point.id)")
            }
            try configuration.check(point.payload)
            vectors += point.vector
            var payload: [UInt8] = []
            if !point.payload.isEmpty { JSONWriter.append(point.payload, to: &payload) }
            entries.append(.init(id: point.id, payload: payload, image: nil))
        }
        try check(vectors) { "point \(points[points.startIndex + $0].id)" }
        return LoggedPoints(entries: entries, vectors: vectors, dimension: dimension)
    }

    /// Stores the images of points, and names them in their entries.
    ///
    /// - Returns: what is held until it is in the log, or is given up.
    /// - Throws: ``StoreError``.
    func storeImages(of points: ArraySlice<Point>, into logged: inout LoggedPoints) throws -> [String] {
        let pictured = points.indices.filter { points[$0].image != nil }
        let digests: [String]
        do { digests = try images.store(pictured.compactMap { points[$0].image }) } catch { throw StoreError(error) }
        for (place, digest) in zip(pictured, digests) { logged.entries[place - points.startIndex].image = digest }
        return digests
    }

    /// Deletes points.
    ///
    /// - Returns: how many there were.
    /// - Throws: ``StoreError``; nothing is deleted then.
    @discardableResult
    public func delete(_ selection: PointSelection) throws -> Int {
        try submit(.delete(selection))
    }

    /// Changes what is known about points.
    ///
    /// - Returns: how many of the points there are.
    /// - Throws: ``StoreError``; nothing is changed then.
    @discardableResult
    public func change(_ change: PayloadChange, _ selection: PointSelection) throws -> Int {
        try configuration.check(change)
        return try submit(.change(change, selection))
    }

    /// Indexes a member of payloads, so that filters on it need not read all of them.
    ///
    /// - Complexity: every payload is read; other writes wait.
    public func createPayloadIndex(_ path: FieldPath, _ kind: PayloadIndexKind) throws {
        _ = try submit(.createIndex(path, kind))
    }

    /// Forgets the index of a member of payloads; nothing happens where there is none.
    public func deletePayloadIndex(_ path: FieldPath) throws {
        _ = try submit(.deleteIndex(path))
    }

    private func submit(_ operation: WriteJob.Operation) throws -> Int {
        try checkOpen()
        let job = WriteJob(operation)
        commits.submit(job)
        do { return try job.outcome.get() } catch { throw StoreError(error) }
    }

    /// Sees that vectors may be compared with those of the collection.
    func check(_ space: EmbeddingSpace?) throws(StoreError) {
        guard let space, let own = configuration.space else { return }
        do { try own.check(space) } catch { throw StoreError(error) }
    }

    /// Sees that vectors are finite, and so small that floats hold their squares.
    func check(_ vectors: [Float], _ name: (Int) -> String) throws(StoreError) {
        // What `VectorCheck` of the engine allows.
        guard let place = vectors.firstIndex(where: { !($0.magnitude <= 0x1p45) }) else { return }
        let dimension = configuration.dimension
        throw .invalid(
            field: "vector", expected: "finite numbers of a magnitude up to 2^45",
            actual: "\(vectors[place]) as component \(place % dimension) of \(name(place / dimension))")
    }
}

// MARK: - Committing

extension VectorCollection {
    /// Makes a group of writes; called by one thread at a time.
    func commit(_ jobs: [WriteJob]) {
        do { try checkOpen() } catch {
            for job in jobs { job.fail(error) }
            return
        }
        let jobs = jobs.filter { !isGivenUp($0) }
        do {
            try commitTogether(jobs)
        } catch StoreError.diskFull(let what) {
            for job in jobs { job.fail(StoreError.diskFull(what)) }
        } catch {
            // One of several may be the cause: each gets its own answer.
            for job in jobs where !isGivenUp(job) { commitAlone(job, failed: jobs.count == 1 ? error : nil) }
        }
        maintenance.didWrite()
        if isFull { try? freeze() }
    }

    /// Whether a write is not to be made because one before it failed.
    private func isGivenUp(_ job: WriteJob) -> Bool {
        guard let failure = job.sequel?.failure else { return false }
        job.fail(failure)
        return true
    }

    /// Makes one write, unless that has `failed` already; of one in a stream that is refused, only the position is kept.
    private func commitAlone(_ job: WriteJob, failed: (any Error)?) {
        do {
            if let failed { throw failed }
            try commitTogether([job])
        } catch let error as StoreError where error.code == "invalid" && job.position != nil {
            job.refuse(error)
            do { try commitTogether([job]) } catch { job.fail(error) }
        } catch { job.fail(error) }
    }

    /// Whether the segment in memory is to become a file.
    var isFull: Bool {
        let count = writing.active.count
        return count >= settings.sealCount || count * configuration.dimension * 4 >= settings.sealByteCount
            || log.currentByteCount >= settings.logByteCount
    }

    private func commitTogether(_ jobs: [WriteJob]) throws {
        let firstRow = writing.nextRow
        var nextRow = firstRow, position = writing.position
        var records: [(record: LogRecord, job: WriteJob)] = []
        var written: [(kind: LogRecord.Kind, body: [UInt8])] = []
        func add(_ record: LogRecord, _ job: WriteJob) {
            records.append((record, job))
            written.append((record.kind, record.body))
        }
        for job in jobs {
            switch job.operation {
            case .upsert(let points, var body):
                LogRecord.setFirstRow(nextRow, of: &body)
                records.append((.upsert(firstRow: nextRow, points), job))
                written.append((.upsert, body))
                nextRow += Int64(points.entries.count)
            case .delete(let selection):
                for ids in try chunks(of: selection) { add(.delete(ids), job) }
            case .change(let change, let selection):
                for ids in try chunks(of: selection) { add(.change(change, ids), job) }
            case .createIndex(let path, let kind): add(.createIndex(path, kind), job)
            case .deleteIndex(let path): add(.deleteIndex(path), job)
            case .nothing: break
            }
            if let reached = job.position {
                // Behind what it stands for: whatever a crash leaves of the group, the position is not ahead of it.
                add(.position(reached), job)
                position = reached
            }
        }
        guard !records.isEmpty else {
            for job in jobs { job.outcome = .success(0) }
            return
        }

        let mark = try log.append(written)
        let active = writing.active, count = active.count
        // Before the catalogue names them: whoever finds a row there finds its vector.
        for (record, _) in records { record.append(to: active) { _ in true } }
        let applied: [LogRecord.Effect]
        do {
            try settings.faults.check(.catalogue, path: catalog.path)
            applied = try catalog.write { writer in
                let effects = try records.map { try $0.record.apply(to: writer) }
                writer.setApplied(Int64(log.lastSequence))
                return effects
            }
        } catch {
            active.truncate(to: count)
            log.undo(to: mark)
            throw error
        }
        writing.nextRow = nextRow
        writing.position = position
        writing.views[writing.views.count - 1].count = active.count
        writing.bury(applied.flatMap(\.deadRows))
        publish()
        for job in jobs { job.outcome = .success(0) }
        for ((_, job), effect) in zip(records, applied) {
            job.outcome = job.outcome.map { $0 + effect.count }
        }
    }

    /// The names that are meant, some at a time.
    private func chunks(of selection: PointSelection) throws -> [[PointID]] {
        let ids: [PointID] =
            switch selection {
            case .ids(let ids): ids
            case .matching(let filter): try catalog.ids(matching: filter)
            }
        return stride(from: 0, to: ids.count, by: 50_000).map { Array(ids[$0..<min($0 + 50_000, ids.count)]) }
    }

    /// Closes the segment in memory for writing, and begins another; called by one thread at a time.
    func freeze() throws {
        try log.rotate()
        guard writing.active.count > 0 else {
            // What the log holds beside vectors is in the catalogue.
            if writing.frozen.isEmpty { writing.sequenceToForget = log.lastSequence }
            return
        }
        writing.frozen.append((writing.active, log.lastSequence))
        writing.sequenceToForget = nil
        writing.active = MutableSegment(dimension: configuration.dimension, metric: configuration.metric)
        writing.views.append(SegmentView(segment: writing.active, count: 0))
        publish()
        maintenance.wake()
    }
}

extension LogRecord {
    /// What a record did to the catalogue.
    struct Effect {
        /// Rows whose points are gone.
        var deadRows: [Int64]
        /// Points that were meant and there.
        var count: Int
    }

    /// Makes the change in the catalogue.
    func apply(to writer: CatalogWriter) throws -> Effect {
        switch self {
        case .upsert(let firstRow, let points):
            var dead: [Int64] = []
            for (number, entry) in points.entries.enumerated() {
                let replaced = try writer.upsert(
                    entry.id, payload: entry.payload, image: entry.image, row: firstRow + Int64(number))
                if let replaced { dead.append(replaced) }
            }
            return Effect(deadRows: dead, count: points.entries.count)
        case .delete(let ids):
            let dead = try writer.delete(ids)
            return Effect(deadRows: dead, count: dead.count)
        case .change(let change, let ids): return Effect(deadRows: [], count: try writer.change(change, of: ids))
        case .createIndex(let path, let kind):
            try writer.createIndex(path, kind)
            return Effect(deadRows: [], count: 0)
        case .deleteIndex(let path):
            try writer.deleteIndex(path)
            return Effect(deadRows: [], count: 0)
        case .position(let position):
            writer.setPosition(Int64(position))
            return Effect(deadRows: [], count: 0)
        }
    }

    /// Puts the vectors of those rows that `isWanted` into memory.
    func append(to segment: MutableSegment, _ isWanted: (Int64) -> Bool) {
        guard case .upsert(let firstRow, let points) = self else { return }
        points.vectors.withUnsafeBufferPointer { vectors in
            guard let start = vectors.baseAddress else { return }
            for (number, entry) in points.entries.enumerated() where isWanted(firstRow + Int64(number)) {
                segment.append(
                    row: firstRow + Int64(number), id: entry.id, hasImage: entry.image != nil,
                    vector: start + number * points.dimension)
            }
        }
    }
}
