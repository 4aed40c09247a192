import AkinCluster
import AkinServer
import AkinStore
import AkinTestSupport
import Foundation
import Testing

@Suite struct ShardWriterTests {
    private static func with(_ body: (FakeCluster) async throws -> Void) async throws {
        try await withTemporaryDirectory { folder in
            let configuration = CollectionConfiguration(dimension: 1, metric: .l2)
            let cluster = try await FakeCluster(configuration, shards: 3, folder: folder)
            do { try await body(cluster) } catch {
                await cluster.close()
                throw error
            }
            await cluster.close()
        }
    }

    private static let points = (0..<20).map { Point(id: .number($0), vector: [Float($0)]) }

    @Test func aWriteIsSentAgainUnderItsNameUntilItIsAcknowledged() async throws {
        try await Self.with { cluster in
            let point = Self.points[0]
            let shard = ShardHash.shard(of: point.id, among: 3)
            cluster.failPublications([
                NATSFailure(.away, "away"), NATSFailure(.timeout, "late"), NATSFailure(.noResponders, "nobody"),
            ])
            let service = cluster.service(), notes = CallNotes()
            try await CallNotes.$current.withValue(notes) { try await service.upsert([point], into: "c") }
            #expect(cluster.publications.count == 4)
            #expect(Set(cluster.publications.map(\.name)).count == 1)
            #expect(Set(cluster.publications.map(\.subject)) == [cluster.names.writes(cluster.map.shards[shard])])
            // The one whose acknowledgement was lost had been kept: it is there once.
            #expect(notes.written == [shard: 1])
            #expect(try await service.count(Filter(), in: "c") == 1)
            #expect(service.metrics.counts(of: cluster.map.shards[shard]).writeRetries == 3)
        }
    }

    @Test func aWriteThatIsNotAcknowledgedInTimeMayOrMayNotBeThere() async throws {
        try await Self.with { cluster in
            cluster.failPublications(Array(repeating: NATSFailure(.away, "away"), count: 10_000))
            let service = cluster.service { $0.deadline = 0.2 }
            await #expect { try await service.upsert([Self.points[0]], into: "c") } throws: { error in
                guard case .unavailable(let text)? = error as? StoreError else { return false }
                return text.contains("may or may not have been written")
            }
        }
    }

    @Test func nothingInvalidGetsIntoAStream() async throws {
        try await Self.with { cluster in
            let service = cluster.service()
            for vector in [[], [1, 2], [Float.nan], [.infinity], [1e30]] as [[Float]] {
                await #expect {
                    try await service.upsert(Self.points + [Point(id: .number(99), vector: vector)], into: "c")
                } throws: {
                    guard case .invalid("vector", _, _)? = $0 as? StoreError else { return false }
                    return true
                }
            }
            let large = Point(id: .number(1), vector: [1], image: Data(count: 2 << 20))
            await #expect {
                try await service.upsert(Self.points + [large], into: "c")
            } throws: {
                guard case .invalid("points", let expected, _)? = $0 as? StoreError else { return false }
                return expected.contains("max_payload")
            }
            #expect(cluster.publications.isEmpty)
        }
    }

    @Test func namesGoToTheirShardsAndFiltersToAll() async throws {
        try await Self.with { cluster in
            let service = cluster.service()
            try await service.upsert(Self.points, into: "c")
            #expect(cluster.publications.count == 3)
            try await service.delete(.ids([.number(3)]), from: "c")
            #expect(cluster.publications.count == 4)
            try await service.change(.set(["a": .integer(1)], at: nil), of: .matching(Filter()), in: "c")
            #expect(cluster.publications.count == 7)
            #expect(try await service.count(Filter(must: [.match(FieldPath("a")!, .integer(1))]), in: "c") == 19)
            try await service.upsert([], into: "c")
            try await service.delete(.ids([]), from: "c")
            #expect(cluster.publications.count == 7)
        }
    }

    @Test func aLargeBatchIsCutIntoMessagesThatKeepItsOrder() async throws {
        try await Self.with { cluster in
            let service = cluster.service()
            // 6 MB for a limit of 1 MB; the last of one name counts.
            let points = (0..<60).map {
                Point(
                    id: .number(7), vector: [Float($0)],
                    payload: ["text": .string(String(repeating: "x", count: 100_000))])
            }
            try await service.upsert(points, into: "c")
            #expect(cluster.publications.count > 5)
            let found = try await service.retrieve([.number(7)], PointFields(vector: true), from: "c")
            #expect(found.map(\.vector) == [[59]])
        }
    }

    @Test func aCollectionThatIsGoneIsNotWrittenTo() async throws {
        try await Self.with { cluster in
            let service = cluster.service()
            cluster.failPublications([NATSFailure(.noResponders, "no stream")])
            try await service.upsert([Self.points[0]], into: "c")
            cluster.directory.forget("c", droppedBy: .max)
            // Nobody is there who could be asked for its map.
            await #expect(throws: StoreError.self) { try await service.upsert([Self.points[0]], into: "c") }
        }
    }
}
