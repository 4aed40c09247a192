import AkinStore
import Foundation

/// The side that is killed: opens the store and writes until it is, and says what was acknowledged.
struct Writing {
    /// The store of a round: small segments, so that much goes on in the background.
    static func open(_ path: String, round: Int) throws -> (Store, VectorCollection) {
        var settings = StoreSettings()
        settings.sealCount = 1_000
        settings.indexedCount = 1_200
        settings.idleSeconds = 0
        settings.indexingThreads = 1
        // What the system was told survives the death of a process; only power failures tell the policies apart.
        if round % 3 == 2 { settings.synchronization = .interval(milliseconds: 5) }
        let store = try Store(path: path, settings: settings)
        do { return (store, try store.collection("c")) } catch StoreError.noCollection {
            let configuration = CollectionConfiguration(
                dimension: Workload.dimension, metric: .l2, spec: "HNSW8")
            return (store, try store.create("c", configuration))
        }
    }

    /// Writes, and prints "writer number" for each operation that was acknowledged.
    static func run(_ path: String, round: Int) throws {
        let (store, collection) = try open(path, round: round)
        defer { store.close() }
        say("ready \(collection.position)")
        if Workload.isStream(round) { return try stream(to: collection, round: round) }
        let threads = (0..<Workload.writers).map { writer in
            let thread = Thread {
                for number in 0... {
                    do {
                        try Workload(round: round).operation(number, of: writer).run(on: collection)
                    } catch {
                        say("failed \(error)")
                        return
                    }
                    say("\(writer) \(number)")
                }
            }
            thread.start()
            return thread
        }
        while threads.contains(where: { !$0.isFinished }) { Thread.sleep(forTimeInterval: 0.1) }
    }

    /// Writes as from a stream, some writes at a time, and prints "0 number" for each write whose batch was made.
    private static func stream(to collection: VectorCollection, round: Int) throws {
        let start = collection.position
        var number = 0
        while true {
            let count = 1 + number % 17
            let writes = try (number..<number + count).map { number in
                StreamWrite(
                    position: start + UInt64(number) + 1,
                    operation: try Workload(round: round).operation(number, of: 0).streamed())
            }
            guard try collection.apply(writes).allSatisfy({ $0 == nil }) else { return say("failed: refused") }
            for number in number..<number + count { say("0 \(number)") }
            number += count
        }
    }

    /// Writes a line at once and as a whole.
    private static func say(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        bytes.withUnsafeBytes { _ = write(STDOUT_FILENO, $0.baseAddress, $0.count) }
    }
}
