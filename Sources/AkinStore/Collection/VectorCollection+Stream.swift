internal import Foundation

extension VectorCollection {
    /// The last place in a stream outside whose write has been made and is visible to searches; 0 at first.
    public var position: UInt64 { state.position }

    /// Makes writes of a stream in their order, and remembers with each its place, in the same record group and
    /// transaction.
    ///
    /// Whatever ends the process, the collection that is opened afterwards holds exactly what the writes up to
    /// ``position`` make, or that and a part of the next, which making it again completes. What is invalid is refused in the
    /// same way by every collection of the same configuration, and passed over; its position counts.
    ///
    /// - Parameter writes: their positions ascend; those at or below ``position`` are passed over.
    /// - Returns: for each write why it was refused; `nil` where it was made, or made before.
    /// - Throws: ``StoreError/diskFull(_:)``, ``StoreError/storage(_:)``, ``StoreError/unavailable(_:)``, after which
    ///   ``position`` says how far it came; ``StoreError/invalid(field:expected:actual:)`` for positions that do not ascend.
    /// - Complexity: one `fsync` for all writes, and one more before each delete or change by filter.
    public func apply(_ writes: [StreamWrite]) throws -> [StoreError?] {
        try streaming.withLock {
            try checkOpen()
            let reached = position
            try check(writes.map(\.position))
            var stream = StreamJobs(count: writes.count)
            defer { images.release(stream.digests) }
            for (number, write) in writes.enumerated() where write.position > reached {
                do {
                    try add(write, number, to: &stream)
                } catch {
                    // What comes before it can still be made.
                    stream.failure = StoreError(error)
                    break
                }
            }
            commits.submit(stream.jobs.map(\.job))
            var refusals = stream.refusals
            for (number, job) in stream.jobs {
                do { _ = try job.outcome.get() } catch { throw StoreError(error) }
                if let refusal = job.refusal { refusals[number] = refusal }
            }
            if let failure = stream.failure { throw failure }
            return refusals
        }
    }

    /// Goes on from another place, of another stream; for a collection that was restored from a snapshot of it.
    ///
    /// - Throws: ``StoreError``; the position is then as it was.
    public func setPosition(_ position: UInt64) throws {
        try streaming.withLock {
            try checkOpen()
            try check([position])
            let job = WriteJob(.nothing, position: position)
            commits.submit(job)
            do { _ = try job.outcome.get() } catch { throw StoreError(error) }
        }
    }

    private func check(_ positions: [UInt64]) throws(StoreError) {
        let isAscending = zip(positions, positions.dropFirst()).allSatisfy { $0 < $1 }
        guard isAscending, (positions.last ?? 0) <= LogRecord.greatestPosition else {
            throw .invalid(
                field: "position", expected: "ascending numbers up to 2^62",
                actual: positions.count > 8 ? "\(positions.prefix(8)) and \(positions.count - 8) more" : "\(positions)")
        }
    }

    /// Adds what makes one write.
    private func add(_ write: StreamWrite, _ number: Int, to stream: inout StreamJobs) throws {
        func add(_ operation: WriteJob.Operation, position: UInt64? = write.position) {
            stream.jobs.append((number, WriteJob(operation, position: position, in: stream.sequel)))
        }
        switch write.operation {
        case .upsert(let points):
            let parts = parts(of: points)
            let logged: [LoggedPoints]
            do { logged = try parts.map { try self.logged($0) } } catch let error as StoreError {
                stream.refusals[number] = error
                return add(.nothing)
            }
            guard !parts.isEmpty else { return add(.nothing) }
            for (place, (part, var logged)) in zip(parts, logged).enumerated() {
                stream.digests += try storeImages(of: part, into: &logged)
                add(
                    .upsert(logged, body: LogRecord.upsert(firstRow: 0, logged).body),
                    position: place == parts.count - 1 ? write.position : nil)
            }
        case .delete(let selection): add(.delete(selection))
        case .change(let change, let selection):
            do { try configuration.check(change) } catch {
                stream.refusals[number] = error
                return add(.nothing)
            }
            add(.change(change, selection))
        case .createPayloadIndex(let path, let kind): add(.createIndex(path, kind))
        case .deletePayloadIndex(let path): add(.deleteIndex(path))
        case .nothing: add(.nothing)
        }
    }
}

/// Writes of a stream on their way.
private struct StreamJobs {
    /// Each with the number of the write that it belongs to.
    var jobs: [(number: Int, job: WriteJob)] = []
    let sequel = WriteJob.Sequel()
    /// Images that are held until they are in the log.
    var digests: [String] = []
    /// Why writes are refused.
    var refusals: [StoreError?]
    /// Why not all writes became jobs.
    var failure: StoreError?

    init(count: Int) { refusals = Array(repeating: nil, count: count) }
}
