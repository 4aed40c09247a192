import Akin
import AkinCluster
import AkinStore
import AkinTestSupport
import Foundation
import Testing

/// Snapshots that go from one worker to another through a stream.
extension WithNATS {
    @Suite struct StreamSnapshotTests {
        private let server: NATSServer
        private let streams: JetStream
        private let bucket: KeyValueBucket
        private let names: ClusterNames
        private let folder = FileManager.default.temporaryDirectory.path + "/akin-snapshots-\(UUID().uuidString)"
        private let map: ShardMap
        private var shard: ShardName { map.shards[0] }

        init() throws {
            // Messages of 64 KiB, so that there are many pieces.
            let settings = FileManager.default.temporaryDirectory.path + "/akin-nats-\(UUID().uuidString).conf"
            try "max_payload: 65536\n".write(toFile: settings, atomically: true, encoding: .utf8)
            server = try NATSServer(["-c", settings])
            streams = try JetStream(try server.connect())
            names = try #require(ClusterNames())
            bucket = try KeyValueBucket(streams, names.bucket)
            var configuration = CollectionConfiguration(dimension: 16, metric: .l2)
            configuration.space = EmbeddingSpace(id: "aa", name: "a")
            map = ShardMap(configuration, replicas: [["w"]], streamReplicas: 1)
            try streams.createStream(.init(name: names.writeStream(shard), subjects: [names.writes(shard)]))
        }

        private func snapshots(_ store: Store, _ name: String) throws -> StreamSnapshots {
            try StreamSnapshots(
                streams, bucket: bucket, names: names, store: store, scratch: folder + "/\(name)-scratch")
        }

        private func points(_ range: Range<Int>) -> [Point] {
            range.map { number in
                Point(
                    id: .number(UInt64(number)), vector: (0..<16).map { Float(number &* 31 &+ $0 % 97) },
                    payload: ["n": .integer(Int64(number))],
                    image: number % 500 == 0 ? Data("image \(number)".utf8) : nil)
            }
        }

        private func all(_ store: Store, _ shard: ShardName) throws -> [StoredPoint] {
            try store.collection(shard.description).scroll(limit: 10_000, fields: .init(payload: .all, vector: true))
                .points
        }

        /// A store with a replica that has read some messages, which are also in the stream.
        private func filled(_ count: Int) async throws -> Store {
            let store = try Store(path: folder + "/from")
            let collection = try store.create(shard.description, try map.configuration())
            try await write(1...count, to: collection)
            return store
        }

        private func write(_ numbers: ClosedRange<Int>, to collection: VectorCollection) async throws {
            for number in numbers {
                let write = ShardWrite.upsert(points(number * 100..<number * 100 + 100))
                let position = try await streams.publish(
                    write.encoded(), to: names.writes(shard), name: "\(number)", within: 10)
                _ = try collection.apply([StreamWrite(position: position, operation: write.operation)])
            }
        }

        @Test func aReplicaIsMadeFromASnapshotAndHasItsPosition() async throws {
            let from = try await filled(20), to = try Store(path: folder + "/to")
            defer { cleanUp([from, to]) }
            let published = try await snapshots(from, "from").publish(shard, id: "1", map: map, isPurging: false)
            #expect(published.position == 20)
            #expect(published.pieces > 3 && published.spaceID == "aa")
            let fetcher = try snapshots(to, "to")
            let found = try #require(try await fetcher.newest(of: shard, beyond: 5))
            #expect(found == published)
            #expect(try await fetcher.newest(of: shard, beyond: 20) == nil)
            #expect(try await fetcher.find("1", of: shard) == published)
            #expect(try await fetcher.find("2", of: shard) == nil)
            // Once where nothing is, and once in the place of another.
            for _ in 0..<2 {
                try await fetcher.fetch(found, of: shard, into: shard, map: map)
                let made = try to.collection(shard.description)
                #expect(made.position == 20)
                #expect(try all(to, shard) == all(from, shard))
                #expect(try made.image(.number(500)) == Data("image 500".utf8))
                try made.delete(.matching(Filter()))
            }
            let other = ShardName(incarnation: "00000000000000ff", number: 0)
            try await fetcher.fetch(found, of: shard, into: other, map: map)
            #expect(try all(to, other) == all(from, shard))
            try expectNothingLeft()
        }

        @Test func twoSnapshotsAreKeptAndTheStreamForgetsWhatTheOlderHas() async throws {
            let from = try await filled(4)
            defer { cleanUp([from]) }
            let publisher = try snapshots(from, "from")
            let collection = try from.collection(shard.description)
            for number in 1...3 {
                _ = try await publisher.publish(shard, id: "\(number)", map: map, isPurging: number == 3)
                try await write(number * 10...number * 10 + 1, to: collection)
            }
            #expect(try await publisher.list(of: shard).map(\.id) == ["2", "3"])
            #expect(try await publisher.list(of: shard).map(\.position) == [6, 8])
            #expect(try streams.state(of: names.writeStream(shard)).first == 7)
            let stream = names.snapshotStream(shard.incarnation)
            #expect(try streams.message(of: stream, from: 1, to: names.snapshot(shard, "1")) == nil)
            let pieces = try await publisher.list(of: shard).map(\.pieces).reduce(0, +)
            #expect(try streams.state(of: stream).count == UInt64(pieces))
            await #expect(throws: StoreError.self) {
                try await publisher.publish(shard, id: "3", map: map, isPurging: false)
            }
        }

        @Test func snapshotsThatAreOtherDamagedOrGoneChangeNothing() async throws {
            let from = try await filled(20), to = try Store(path: folder + "/to")
            defer { cleanUp([from, to]) }
            let published = try await snapshots(from, "from").publish(shard, id: "1", map: map, isPurging: false)
            let fetcher = try snapshots(to, "to")
            try to.create(shard.description, try map.configuration()).upsert(points(0..<3))
            let before = try all(to, shard)
            func refuses(_ snapshot: PublishedSnapshot, _ map: ShardMap, _ code: String, _ words: String) async throws {
                await #expect {
                    try await fetcher.fetch(snapshot, of: shard, into: shard, map: map)
                } throws: { error in
                    guard let error = error as? StoreError else { return false }
                    return error.code == code && error.description.contains(words)
                }
                #expect(try all(to, shard) == before)
            }
            var other = map
            other.spaceID = "bb"
            try await refuses(published, other, "space_mismatch", "bb")
            var unnamed = published
            unnamed.spaceID = nil
            try await refuses(unnamed, other, "space_mismatch", "bb")
            other = map
            other.dimension = 17
            try await refuses(published, other, "snapshot", "dimension 17")
            var damaged = published
            damaged.checksum ^= 1
            try await refuses(damaged, map, "snapshot", "checksum")
            damaged = published
            damaged.byteCount -= 1
            try await refuses(damaged, map, "snapshot", "bytes")
            damaged = published
            damaged.first += 1
            try await refuses(damaged, map, "snapshot", "piece 1")
            try streams.purge(names.snapshotStream(shard.incarnation), before: published.last)
            try await refuses(published, map, "snapshot", "piece 1")
            try streams.purge(names.snapshotStream(shard.incarnation))
            try await refuses(published, map, "snapshot", "gone")
            try expectNothingLeft()
        }

        @Test func aFetchThatIsInterruptedLeavesNothing() async throws {
            let from = try await filled(20), to = try Store(path: folder + "/to")
            defer { cleanUp([from, to]) }
            let published = try await snapshots(from, "from").publish(shard, id: "1", map: map, isPurging: false)
            let fetcher = try snapshots(to, "to")
            // The last piece never comes.
            var longer = published
            longer.pieces += 1
            longer.byteCount += 1
            let task = Task { [longer] in try await fetcher.fetch(longer, of: shard, into: shard, map: map) }
            try await Task.sleep(for: .milliseconds(500))
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            #expect(to.names == [])
            try expectNothingLeft()
        }

        @Test func aServerThatIsKilledMeanwhileOnlyDelaysASnapshot() async throws {
            let from = try await filled(60), to = try Store(path: folder + "/to")
            defer { cleanUp([from, to]) }
            let publisher = try snapshots(from, "from"), fetcher = try snapshots(to, "to")
            let task = Task { try await publisher.publish(shard, id: "1", map: map, isPurging: false) }
            try await Task.sleep(for: .milliseconds(60))
            server.kill()
            try await Task.sleep(for: .milliseconds(300))
            try server.start()
            let published = try await task.value
            #expect(published.position == 60)
            try await fetcher.fetch(published, of: shard, into: shard, map: map)
            #expect(try all(to, shard) == all(from, shard))
            try expectNothingLeft()
        }

        private func expectNothingLeft() throws {
            for name in try FileManager.default.contentsOfDirectory(atPath: folder) where name.hasSuffix("-scratch") {
                #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/" + name) == [])
            }
        }

        private func cleanUp(_ stores: [Store]) {
            for store in stores { store.close() }
            try? FileManager.default.removeItem(atPath: folder)
        }
    }
}
