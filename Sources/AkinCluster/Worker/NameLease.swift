internal import AkinStore
internal import Foundation
internal import Logging
internal import Synchronization

/// A worker's claim to its name, which it must renew: two that are called the same would answer in each other's place.
///
/// A claim that is not renewed ends after ``ClusterBuckets/leaseSeconds``. Whoever comes with the same folder takes the
/// name over at once, because the folder's lock proves that the one before is dead.
final class NameLease: Sendable {
    /// What the bucket says of the holder of a name.
    struct Holder: Sendable, Equatable, Codable {
        /// Tells one run of the worker from others.
        var instance: String
        /// Tells the worker's folder from others.
        var directory: String
        /// Where it runs.
        var host: String
        /// Its process.
        var pid: Int32
    }

    private let bucket: KeyValueBucket
    private let name: String
    private let holder: Holder
    private let logger: Logger
    private let revision = Mutex<UInt64>(0)
    private let end = StopSignal()
    private let renewing = DispatchGroup()

    /// Prepares a claim.
    init(_ bucket: KeyValueBucket, name: String, _ holder: Holder, _ logger: Logger) {
        self.bucket = bucket
        self.name = name
        self.holder = holder
        self.logger = logger
    }

    /// Claims the name.
    ///
    /// Blocks, also as long as NATS is away.
    ///
    /// - Parameters:
    ///   - seconds: how long another worker of the same name may take to give it up.
    ///   - stop: gives up waiting.
    /// - Throws: `StoreError.unavailable` where another worker keeps the name, `CancellationError` when told to stop.
    func acquire(within seconds: Double = ClusterBuckets.leaseSeconds + 2, _ stop: StopSignal) throws {
        var waited = 0.0
        var backoff = Backoff()
        while !stop.isStopping {
            do {
                guard let other = try claim() else { return renew() }
                guard waited < seconds else {
                    throw StoreError.unavailable(
                        "two workers are called \"\(name)\": the other is process \(other.pid) on \(other.host); "
                            + "give this one another name, or stop the other")
                }
                if waited == 0 {
                    logger.info("a worker \"\(name)\" was here not long ago; waiting until its name is free")
                }
                backoff.reset()
                stop.wait(0.25)
                waited += 0.25
            } catch let failure as NATSFailure where failure.isPassing {
                stop.wait(backoff.wait())
            }
        }
        throw CancellationError()
    }

    /// Tries once; gives who else has the name.
    private func claim() throws -> Holder? {
        let bytes = [UInt8](try JSONEncoder().encode(holder))
        for _ in 0..<4 {
            do {
                let made = try bucket.create(name, bytes)
                revision.withLock { $0 = made }
                return nil
            } catch let failure as NATSFailure where failure.kind == .conflict {}
            guard let entry = try bucket.get(name) else { continue }
            let other = try? JSONDecoder().decode(Holder.self, from: Data(entry.bytes))
            guard let other, other.directory != holder.directory else {
                do {
                    let made = try bucket.update(name, bytes, revision: entry.revision)
                    revision.withLock { $0 = made }
                    return nil
                } catch let failure as NATSFailure where failure.kind == .conflict { continue }
            }
            return other
        }
        throw NATSFailure(.timeout, "the name \(name) changes faster than it can be claimed")
    }

    /// Renews the claim until it is released, on a thread of its own.
    private func renew() {
        renewing.enter()
        let thread = Thread { [self] in
            defer { renewing.leave() }
            var seconds = 3.0, strikes = 0
            while !end.wait(seconds) {
                do {
                    if let other = try keep() {
                        // A server that lags behind the others may still name the holder before this one.
                        strikes += 1
                        seconds = 0.5
                        guard strikes >= 3 else { continue }
                        lost.withLock {
                            $0 = StoreError.unavailable(
                                "worker \"\(name)\" has lost its name to process \(other.pid) on \(other.host), "
                                    + "which was started with the same name; give one of them another")
                        }
                        return
                    }
                    (seconds, strikes) = (3, 0)
                } catch { seconds = 0.5 }
            }
        }
        thread.name = "akin-lease"
        thread.start()
    }

    /// Renews the claim once; gives who has the name instead.
    private func keep() throws -> Holder? {
        let bytes = [UInt8](try JSONEncoder().encode(holder))
        do {
            let now = try bucket.update(name, bytes, revision: revision.withLock { $0 })
            revision.withLock { $0 = now }
            return nil
        } catch let failure as NATSFailure where failure.kind == .conflict {}
        // An answer that was lost, a claim that ran out while servers were away, or another worker.
        guard let entry = try bucket.get(name) else {
            do {
                let made = try bucket.create(name, bytes)
                revision.withLock { $0 = made }
                return nil
            } catch let failure as NATSFailure where failure.kind == .conflict {
                throw NATSFailure(.timeout, "the name \(name) is being claimed")
            }
        }
        guard let other = try? JSONDecoder().decode(Holder.self, from: Data(entry.bytes)) else {
            revision.withLock { $0 = entry.revision }
            return nil
        }
        guard other.instance == holder.instance else { return other }
        revision.withLock { $0 = entry.revision }
        return nil
    }

    private let lost = Mutex<StoreError?>(nil)

    /// Why the name is this worker's no more; `nil` while it is.
    var loss: StoreError? { lost.withLock { $0 } }

    /// Gives the name up, where it is still this worker's.
    ///
    /// Blocks.
    func release() {
        end.stop()
        renewing.wait()
        guard loss == nil, revision.withLock({ $0 }) > 0,
            let entry = try? bucket.get(name),
            let other = try? JSONDecoder().decode(Holder.self, from: Data(entry.bytes)),
            other.instance == holder.instance
        else { return }
        try? bucket.delete(name)
    }
}
