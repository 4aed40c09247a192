internal import AkinStore
internal import Foundation
internal import Synchronization

/// Puts writes into the streams of shards, and knows what was put there last.
package final class ShardWriter: Sendable {
    private let transport: any ShardTransport
    private let names: ClusterNames
    private let directory: ClusterDirectory
    private let metrics: ClusterMetrics
    /// The last position of each shard that this router had acknowledged.
    private let last = Mutex<[ShardName: UInt64]>([:])

    /// Seconds after which a message is sent again, under the same name.
    private static let patience = 1.0
    /// Bytes that the headers of a message may take of its limit.
    private static let headers = 1024

    /// Writes through a transport.
    package init(
        _ transport: any ShardTransport, _ names: ClusterNames, _ directory: ClusterDirectory,
        _ metrics: ClusterMetrics
    ) {
        self.transport = transport
        self.names = names
        self.directory = directory
        self.metrics = metrics
    }

    /// What was written to a shard last through this router; 0 where nothing was.
    package func position(of shard: ShardName) -> UInt64 { last.withLock { $0[shard] ?? 0 } }

    /// Forgets shards that are gone.
    func forget(_ shards: [ShardName]) {
        last.withLock { last in for shard in shards { last[shard] = nil } }
    }

    /// Writes to several shards at once, to each in order.
    ///
    /// - Parameters:
    ///   - writes: by the number of the shard.
    ///   - map: of the collection.
    ///   - name: of the collection.
    ///   - deadline: when to give up.
    /// - Returns: the last position of each shard.
    /// - Throws: `StoreError.invalid` before anything is written; `.unavailable` where it may or may not have been
    ///   written; `.noCollection` where the collection has gone.
    package func write(
        _ writes: [Int: ShardWrite], to map: ShardMap, of name: String, until deadline: ContinuousClock.Instant
    ) async throws -> [Int: UInt64] {
        let limit = try transport.greatestMessage - Self.headers
        let messages = try writes.mapValues { try $0.messages(limit: limit) }
        return try await withThrowingTaskGroup(of: (Int, UInt64?).self) { group in
            for (shard, messages) in messages {
                group.addTask {
                    var position: UInt64?
                    for message in messages {
                        position = try await self.write(
                            message, ShardName(incarnation: map.incarnation, number: shard), of: name, until: deadline)
                    }
                    return (shard, position)
                }
            }
            var positions: [Int: UInt64] = [:]
            var failure: (any Error)?
            // Others go on when one fails: what is under way cannot be taken back.
            while let result = await group.nextResult() {
                switch result {
                case .success(let (shard, position)): positions[shard] = position
                case .failure(let error): failure = failure ?? error
                }
            }
            if let failure { throw failure }
            return positions
        }
    }

    private func write(
        _ message: [UInt8], _ shard: ShardName, of name: String, until deadline: ContinuousClock.Instant
    ) async throws -> UInt64 {
        let id = UUID().uuidString
        var pause = Duration.milliseconds(5)
        while true {
            let left = (deadline - .now) / .seconds(1)
            let problem: NATSFailure
            do {
                let position = try await transport.publish(
                    message, to: names.writes(shard), name: id, within: max(0.001, min(Self.patience, left)))
                last.withLock { $0[shard] = max($0[shard] ?? 0, position) }
                metrics.count(\.writes, shard)
                return position
            } catch let failure as NATSFailure {
                switch failure.kind {
                case .timeout, .away, .noResponders: problem = failure
                case .tooLarge:
                    throw StoreError.invalid(
                        field: "points", expected: "messages that the NATS servers take", actual: failure.description)
                default: throw StoreError.unavailable("shard \(shard.number) of \"\(name)\": \(failure.description)")
                }
            }
            // A stream that is not there may mean that the collection is not, either.
            guard try directory.map(of: name)?.incarnation == shard.incarnation else {
                throw StoreError.noCollection(name)
            }
            guard .now + pause < deadline else {
                throw StoreError.unavailable(
                    "shard \(shard.number) of collection \"\(name)\" did not acknowledge the write in time "
                        + "(\(problem.description)); it may or may not have been written: write it again")
            }
            metrics.count(\.writeRetries, shard)
            try await Task.sleep(for: pause)
            pause = min(pause * 2, .milliseconds(200))
        }
    }
}
