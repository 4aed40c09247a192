internal import Akin
internal import AkinServer
internal import AkinStore
internal import Foundation
internal import Synchronization

extension StreamSnapshots {
    /// Puts a snapshot of `source` in the place of the local collection of `shard`, which stays as it was when it throws.
    ///
    /// - Parameters:
    ///   - snapshot: as it is listed.
    ///   - source: the shard that it is of.
    ///   - shard: the local collection is called like it.
    ///   - map: of the collection that `shard` belongs to; a snapshot of another dimension, metric or embedding space is
    ///     refused.
    /// - Throws: `StoreError.spaceMismatch`, `.snapshot` for what is damaged or gone, `.diskFull`, `.storage`,
    ///   ``NATSFailure``, `CancellationError`. No file is left.
    package func fetch(
        _ snapshot: PublishedSnapshot, of source: ShardName, into shard: ShardName, map: ShardMap
    ) async throws {
        let expected = try map.configuration()
        if let space = expected.space?.id, let other = snapshot.spaceID, space != other {
            throw StoreError.spaceMismatch(expected: space, actual: other)
        }
        let isCancelled = Cancellation()
        try await withFile { path in
            try await withTaskCancellationHandler {
                try await Blocking.run {
                    try read(snapshot, of: source, to: path, isCancelled)
                    try store.restore(shard.description, fromFile: path, matching: expected)
                }
            } onCancel: {
                isCancelled.value.store(true, ordering: .relaxed)
            }
        }
    }

    private final class Cancellation: Sendable {
        let value = Atomic<Bool>(false)
    }

    /// Puts the pieces together, and sees that they are all and as they were.
    private func read(
        _ snapshot: PublishedSnapshot, of source: ShardName, to path: String, _ isCancelled: Cancellation
    ) throws {
        func damaged(_ what: String) -> StoreError {
            .snapshot("snapshot \(snapshot.id) of shard \(source): \(what); publish another")
        }
        do {
            let file = try AtomicFile(path: path)
            var checksum = CRC32C()
            var count = 0, byteCount = 0, next = snapshot.first
            while count < snapshot.pieces {
                guard !isCancelled.value.load(ordering: .relaxed) else { throw CancellationError() }
                guard let message = try message(of: source, snapshot.id, from: next, isCancelled) else {
                    throw damaged("piece \(count + 1) of \(snapshot.pieces) is gone")
                }
                next = message.sequence + 1
                guard let number = SnapshotPiece.number(message.bytes), number <= count else {
                    throw damaged("piece \(count + 1) of \(snapshot.pieces) is not where it should be")
                }
                // It was sent twice, because an answer was lost for long.
                if number < count { continue }
                let bytes = Array(message.bytes.dropFirst(SnapshotPiece.headerByteCount))
                byteCount += bytes.count
                guard byteCount <= snapshot.byteCount else { break }
                bytes.withUnsafeBytes { checksum.update($0) }
                try file.write(bytes)
                count += 1
            }
            guard byteCount == snapshot.byteCount, checksum.value == snapshot.checksum else {
                throw damaged(
                    "expected \(snapshot.byteCount) bytes with checksum \(snapshot.checksum), got \(byteCount) with "
                        + "\(checksum.value)")
            }
            try file.commit()
        } catch let error as FileError { throw StoreError(error) }
    }

    /// The next piece; `nil` where there is none even after a while.
    private func message(
        of source: ShardName, _ id: String, from sequence: UInt64, _ isCancelled: Cancellation
    ) throws -> NATSMessage? {
        let stream = names.snapshotStream(source.incarnation), subject = names.snapshot(source, id)
        let start = ContinuousClock.now
        while true {
            var seconds = 5.0
            do {
                // A server that is behind the others does not have it yet.
                if let message = try streams.message(of: stream, from: sequence, to: subject) { return message }
            } catch let failure as NATSFailure where failure.isPassing {
                seconds = Self.patience
                if ContinuousClock.now - start > .seconds(seconds) { throw failure }
            }
            if ContinuousClock.now - start > .seconds(seconds) { return nil }
            guard !isCancelled.value.load(ordering: .relaxed) else { throw CancellationError() }
            Thread.sleep(forTimeInterval: 0.1)
        }
    }
}
