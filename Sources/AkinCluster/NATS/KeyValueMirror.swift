internal import CNATS
internal import Foundation
internal import Synchronization

/// Hears of every change of a bucket, on a thread of its own.
package final class KeyValueMirror: Sendable {
    /// What is heard; the same may be heard more than once.
    package enum Change: Sendable, Equatable {
        /// A value was set.
        case set(String, KeyValueBucket.Entry)
        /// A value was deleted, by somebody who meant it, with the change of this number.
        case deleted(String, revision: UInt64)
        /// All that was there at the beginning has been told.
        case complete
    }

    private let isEnded = Atomic<Bool>(false)

    /// Begins to listen: first come all values there are, then ``Change/complete``, then changes.
    ///
    /// - Parameters:
    ///   - bucket: what to listen to.
    ///   - change: called by one thread.
    package init(_ bucket: KeyValueBucket, _ change: @escaping @Sendable (Change) -> Void) {
        let thread = Thread { [weak self] in
            while self?.isEnded.load(ordering: .acquiring) == false {
                // Servers forget who listened when they go; once in a while it is asked anew.
                Self.listen(bucket, seconds: 10, isEnded: { self?.isEnded.load(ordering: .acquiring) ?? true }, change)
                Thread.sleep(forTimeInterval: 0.05)
            }
        }
        thread.name = "akin-mirror"
        thread.start()
    }

    /// Stops listening.
    package func end() { isEnded.store(true, ordering: .releasing) }

    private static func listen(
        _ bucket: KeyValueBucket, seconds: Double, isEnded: () -> Bool, _ change: (Change) -> Void
    ) {
        var watcher: OpaquePointer?
        guard kvStore_WatchAll(&watcher, bucket.handle, nil) == NATS_OK else { return }
        defer { kvWatcher_Destroy(watcher) }
        let end = ContinuousClock.now + .seconds(seconds)
        while !isEnded(), ContinuousClock.now < end {
            var entry: OpaquePointer?
            let status = kvWatcher_Next(&entry, watcher, 200)
            if status == NATS_TIMEOUT { continue }
            guard status == NATS_OK else { return }
            guard let entry else {
                change(.complete)
                continue
            }
            defer { kvEntry_Destroy(entry) }
            guard let key = kvEntry_Key(entry).map({ String(cString: $0) }) else { continue }
            if kvEntry_Operation(entry) == kvOp_Put {
                let value = KeyValueBucket.Entry(
                    bytes: KeyValueBucket.bytes(entry), revision: kvEntry_Revision(entry))
                change(.set(key, value))
            } else {
                change(.deleted(key, revision: kvEntry_Revision(entry)))
            }
        }
    }
}
