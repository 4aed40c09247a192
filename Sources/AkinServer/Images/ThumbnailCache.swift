internal import Synchronization

/// Small pictures that were made already, up to so many bytes together; those unused for longest go first.
///
/// Pictures are known by what is in them, so a replaced picture never shows its predecessor.
package final class ThumbnailCache: Sendable {
    /// A picture's content and how large it was made.
    package struct Key: Hashable, Sendable {
        /// A digest of the file.
        package var content: String
        /// The longer side in pixels.
        package var size: Int

        package init(content: String, size: Int) {
            self.content = content
            self.size = size
        }
    }

    private struct Entry {
        var bytes: [UInt8]
        var lastUse: UInt64
    }

    private struct State {
        var entries: [Key: Entry] = [:]
        var byteCount = 0
        var clock: UInt64 = 0
    }

    private let capacity: Int
    private let state = Mutex(State())

    /// - Parameter capacity: bytes of all pictures together.
    package init(capacity: Int) { self.capacity = capacity }

    /// Bytes of all pictures.
    package var byteCount: Int { state.withLock { $0.byteCount } }

    /// A picture that was made already.
    package func find(_ key: Key) -> [UInt8]? {
        state.withLock { state in
            state.clock += 1
            state.entries[key]?.lastUse = state.clock
            return state.entries[key]?.bytes
        }
    }

    /// Keeps a picture, unless it alone is larger than everything may be.
    ///
    /// - Complexity: O(1), and O(n log n) of all pictures where room has to be made, which then is a quarter of all.
    package func keep(_ bytes: [UInt8], as key: Key) {
        guard bytes.count <= capacity else { return }
        state.withLock { state in
            state.clock += 1
            if let old = state.entries.updateValue(Entry(bytes: bytes, lastUse: state.clock), forKey: key) {
                state.byteCount -= old.bytes.count
            }
            state.byteCount += bytes.count
            guard state.byteCount > capacity else { return }
            let oldest = state.entries.sorted { $0.value.lastUse < $1.value.lastUse }
            for (key, entry) in oldest where state.byteCount > capacity / 4 * 3 && entry.lastUse != state.clock {
                state.entries[key] = nil
                state.byteCount -= entry.bytes.count
            }
        }
    }
}
