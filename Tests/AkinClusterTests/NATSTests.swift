import AkinCluster
import AkinStore
import Foundation
import Synchronization
import Testing

extension WithNATS {
    @Suite struct NATSTests {
        @Test func answersLargerThanAMessageComeWhole() async throws {
            let server = try NATSServer()
            let connection = try server.connect()
            defer { connection.close() }
            let subscription = try connection.subscribe("double", queue: "all") { message in
                try? connection.answer(message, message.bytes + message.bytes)
            }
            for count in [0, 1, 1000, connection.greatestMessage - 100] {
                let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
                #expect(try await connection.ask(bytes, to: "double", within: 10) == bytes + bytes)
            }
            subscription.end()
        }

        @Test func aQuestionThatNobodyHearsFailsAtOnceAndOneThatNobodyAnswersInTime() async throws {
            let server = try NATSServer()
            let connection = try server.connect()
            defer { connection.close() }
            await #expect { try await connection.ask([1], to: "nobody", within: 60) } throws: {
                ($0 as? NATSFailure)?.kind == .noResponders
            }
            let silent = try connection.subscribe("silent") { _ in }
            await #expect { try await connection.ask([1], to: "silent", within: 0.2) } throws: {
                ($0 as? NATSFailure)?.kind == .timeout
            }
            silent.end()
        }

        @Test func aMessageSentTwiceUnderOneNameIsKeptOnce() async throws {
            let server = try NATSServer()
            let connection = try server.connect()
            defer { connection.close() }
            let streams = try JetStream(connection)
            try streams.createStream(.init(name: "s", subjects: ["s.a"]))
            #expect(try await streams.publish([1], to: "s.a", name: "first", within: 10) == 1)
            #expect(try await streams.publish([2], to: "s.a", name: "second", within: 10) == 2)
            #expect(try await streams.publish([1], to: "s.a", name: "first", within: 10) == 1)
            #expect(try streams.state(of: "s").count == 2)
        }

        @Test func aReaderGoesOnAfterTheServerWasKilled() async throws {
            let server = try NATSServer()
            let connection = try server.connect()
            defer { connection.close() }
            let streams = try JetStream(connection)
            try streams.createStream(.init(name: "s", subjects: ["s.a"]))
            for number in 1...5 {
                _ = try await streams.publish([UInt8(number)], to: "s.a", name: "\(number)", within: 10)
            }
            let reader = StreamReader(streams, stream: "s", subject: "s.a", from: 2)
            #expect(try reader.read(100, within: 5).map(\.bytes) == [[2], [3], [4], [5]])
            server.kill()
            #expect(throws: NATSFailure.self) {
                for _ in 0..<100 { _ = try reader.read(100, within: 0.1) }
            }
            try server.start()
            let end = ContinuousClock.now + .seconds(30)
            while true {
                do {
                    _ = try await streams.publish([6], to: "s.a", name: "6", within: 1)
                    break
                } catch  where ContinuousClock.now < end { try await Task.sleep(for: .milliseconds(50)) }
            }
            var found: [NATSMessage] = []
            while found.isEmpty, ContinuousClock.now < end { found = (try? reader.read(100, within: 1)) ?? [] }
            #expect(found.map(\.sequence) == [6])
        }

        @Test func aReaderNamesMessagesThatAreGone() async throws {
            let server = try NATSServer()
            let connection = try server.connect()
            defer { connection.close() }
            let streams = try JetStream(connection)
            try streams.createStream(.init(name: "s", subjects: ["s.a"]))
            for number in 1...5 {
                _ = try await streams.publish([UInt8(number)], to: "s.a", name: "\(number)", within: 10)
            }
            try streams.purge("s", before: 4)
            let behind = StreamReader(streams, stream: "s", subject: "s.a", from: 3)
            #expect(throws: StreamReader.Gap(expected: 3, first: 4, last: 5)) { try behind.read(10, within: 1) }
            let ahead = StreamReader(streams, stream: "s", subject: "s.a", from: 7)
            #expect(throws: StreamReader.Gap(expected: 7, first: 4, last: 5)) { try ahead.read(10, within: 1) }
            let reader = StreamReader(streams, stream: "s", subject: "s.a", from: 4)
            #expect(try reader.read(10, within: 1).map(\.sequence) == [4, 5])
            try streams.purge("s")
            #expect(try streams.state(of: "s").first == 6)
        }

        @Test func valuesChangeByComparingAndSetting() async throws {
            let server = try NATSServer()
            let connection = try server.connect()
            defer { connection.close() }
            let bucket = try KeyValueBucket(try JetStream(connection), "maps")
            #expect(try bucket.get("collections.a") == nil)
            let first = try bucket.create("collections.a", [1])
            #expect { try bucket.create("collections.a", [2]) } throws: { ($0 as? NATSFailure)?.kind == .conflict }
            let second = try bucket.update("collections.a", [2], revision: first)
            #expect { try bucket.update("collections.a", [3], revision: first) } throws: {
                ($0 as? NATSFailure)?.kind == .conflict
            }
            #expect(try bucket.get("collections.a") == .init(bytes: [2], revision: second))
            try bucket.delete("collections.a")
            #expect(try bucket.get("collections.a") == nil)
            #expect(try bucket.keys() == [])
            let fourth = try bucket.create("collections.a", [4])
            #expect(try bucket.keys() == ["collections.a"])
            #expect { try bucket.delete("collections.a", revision: second) } throws: {
                ($0 as? NATSFailure)?.kind == .conflict
            }
            #expect(try bucket.get("collections.a") == .init(bytes: [4], revision: fourth))
            #expect(try bucket.delete("collections.a", revision: fourth) == fourth + 1)
            #expect(try bucket.get("collections.a") == nil)
        }

        @Test func aMirrorHearsWhatIsThereWhatChangesAndWhatGoes() async throws {
            let server = try NATSServer()
            let connection = try server.connect()
            defer { connection.close() }
            let bucket = try KeyValueBucket(try JetStream(connection), "maps")
            try bucket.put("a", [1])
            let heard = Heard()
            let mirror = KeyValueMirror(bucket) { change in heard.changes.withLock { $0.append(change) } }
            defer { mirror.end() }
            try await heard.wait { $0.contains(.complete) }
            try bucket.put("b", [2])
            try bucket.delete("a")
            try await heard.wait { $0.last == .deleted("a", revision: 3) }
            let told = heard.changes.withLock { $0 }
            #expect(told.first == .set("a", .init(bytes: [1], revision: 1)))
            #expect(told.contains(.set("b", .init(bytes: [2], revision: 2))))
        }

        private final class Heard: Sendable {
            let changes = Mutex<[KeyValueMirror.Change]>([])

            func wait(_ isDone: ([KeyValueMirror.Change]) -> Bool) async throws {
                let end = ContinuousClock.now + .seconds(20)
                while !isDone(changes.withLock { $0 }) {
                    try #require(ContinuousClock.now < end)
                    try await Task.sleep(for: .milliseconds(10))
                }
            }
        }
    }
}
