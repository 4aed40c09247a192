internal import AkinStore

/// How a replica takes messages from its stream: as many as make good use of one `fsync`, bounded in memory.
struct WriteBatch: Sendable {
    private static let greatestCount = 256
    private static let greatestByteCount = 8 << 20

    /// Messages to read next; few until it is known how large they are.
    private(set) var count = 8
    /// Readings in a row that gave nothing although they did not wait.
    private var quickCount = 0
    private var lastRead = ContinuousClock.now

    /// Sees that messages follow each other, and learns from their sizes.
    ///
    /// - Throws: ``NATSFailure`` where they do not go on from `position`, and the stream is to be read anew;
    ///   `StreamReader.Gap` where a message seems to be missing within the stream.
    mutating func check(_ messages: [NATSMessage], after position: UInt64) throws {
        let isQuick = ContinuousClock.now - lastRead < .milliseconds(500)
        lastRead = .now
        guard let first = messages.first else {
            // A message that was deleted by itself is never sent, and its successor not taken in its place.
            quickCount = isQuick ? quickCount + 1 : 0
            guard quickCount < 20 else {
                throw StreamReader.Gap(expected: position + 1, first: position + 2, last: position + 1)
            }
            return
        }
        quickCount = 0
        for (place, message) in messages.enumerated() where message.sequence != position + 1 + UInt64(place) {
            throw NATSFailure(
                .other,
                "expected message \(position + 1 + UInt64(place)), got \(message.sequence) after \(first.sequence)")
        }
        let bytes = messages.reduce(0) { $0 + $1.bytes.count }
        count = max(1, min(Self.greatestCount, Self.greatestByteCount * messages.count / max(1, bytes)))
    }

    /// What messages say, up to the first that cannot be read, and why it cannot.
    func writes(_ messages: [NATSMessage], of stream: String) -> (writes: [StreamWrite], failure: String?) {
        var writes: [StreamWrite] = []
        writes.reserveCapacity(messages.count)
        for message in messages {
            do {
                let write = try ShardWrite(decoding: message.bytes)
                writes.append(StreamWrite(position: message.sequence, operation: write.operation))
            } catch {
                return (writes, "message \(message.sequence) of stream \(stream) cannot be read: \(error)")
            }
        }
        return (writes, nil)
    }
}
