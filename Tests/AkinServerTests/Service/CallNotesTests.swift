import AkinServer
import AkinStore
import Foundation
import Hummingbird
import Testing

@Suite struct CallNotesTests {
    /// Notes what a service of three shards would, and else is one in memory.
    private struct Noting: CollectionService {
        let inner = MemoryService()
        let note: @Sendable (CallNotes) throws -> Void

        func count(_ filter: Filter, in name: String) async throws -> Int {
            let notes = try #require(CallNotes.current)
            try note(notes)
            return 7
        }
        func collections() async throws -> [String] { [] }
        func create(_ name: String, _ configuration: CollectionConfiguration, _ placement: Placement) async throws {}
        func drop(_ name: String) async throws -> Bool { false }
        func configuration(of name: String) async throws -> CollectionConfiguration {
            CollectionConfiguration(dimension: 1, metric: .l2)
        }
        func describe(_ name: String) async throws -> CollectionDescription { try await inner.describe(name) }
        func upsert(_ points: [Point], into name: String) async throws {}
        func delete(_ selection: PointSelection, from name: String) async throws {}
        func change(_ change: PayloadChange, of selection: PointSelection, in name: String) async throws {}
        func retrieve(_ ids: [PointID], _ fields: PointFields, from name: String) async throws -> [StoredPoint] { [] }
        func scroll(_ query: ScrollQuery, in name: String) async throws -> ScrollPage { ScrollPage(points: []) }
        func search(_ queries: [SearchQuery], in name: String) async throws -> [SearchAnswer] { [] }
        func createPayloadIndex(on path: FieldPath, _ kind: PayloadIndexKind, in name: String) async throws {}
        func deletePayloadIndex(on path: FieldPath, in name: String) async throws {}
        func image(of id: PointID, in name: String) async throws -> Data? { nil }
        func createSnapshot(of name: String) async throws -> SnapshotDescription {
            try await inner.createSnapshot(of: name)
        }
        func snapshots(of name: String) async throws -> [SnapshotDescription] { [] }
        func snapshotFile(_ snapshot: String, of name: String) async throws -> URL {
            try await inner.snapshotFile(snapshot, of: name)
        }
        func deleteSnapshot(_ snapshot: String, of name: String) async throws {}
        func restore(_ name: String, from file: URL) async throws {}
        var load: ServiceLoad { ServiceLoad() }
        func close() async {}
    }

    private func count(
        after: String? = nil, _ note: @escaping @Sendable (CallNotes) throws -> Void
    ) async throws -> (status: Int, body: String, positions: String?) {
        var headers = HTTPFields()
        if let after { headers[try HTTPFields.Element.Name.named("akin-after")] = after }
        let sent = headers
        let reply = try await TestServer.with(Noting(note: note)) {
            try await $0.send(.post, "/collections/c/points/count", headers: sent)
        }
        let positions = try HTTPFields.Element.Name.named("akin-positions")
        return (reply.status, reply.text, reply.response.headers[positions])
    }

    @Test func aReplyCarriesNothingWhereNothingWasNoted() async throws {
        let reply = try await count { _ in }
        #expect(reply.positions == nil)
        #expect(!reply.body.contains("shards"))
    }

    @Test func aReplySaysWhichShardsAnsweredAndHowFarTheyHadRead() async throws {
        let reply = try await count { notes in
            notes.noteRead(0, upTo: 120, of: "c")
            notes.noteRead(1, upTo: 98, of: "c")
            // Asked twice, it was behind once.
            notes.noteRead(0, upTo: 119, of: "c")
            notes.noteMissing(2, of: "c")
            notes.noteWritten(1, at: 100, of: "c")
        }
        #expect(reply.positions == "0=119,1=100")
        #expect(reply.body.contains(#""shards":{"answered":2,"missing":[2],"positions":{"0":119,"1":98}}"#))
    }

    @Test func positionsOfSeveralCollectionsAreNotMixed() async throws {
        let reply = try await count { notes in
            notes.noteRead(0, upTo: 120, of: "c")
            notes.noteRead(0, upTo: 3, of: "d")
        }
        #expect(reply.positions == nil)
        #expect(!reply.body.contains("shards"))
    }

    @Test func aRequestNamesWhatItsAnswerMustHaveSeen() async throws {
        let reply = try await count(after: "0=120, 3=98") { notes in
            let after = try notes.after()
            #expect(after == [0: 120, 3: 98])
        }
        #expect(reply.status == 200)
        for text in ["", "0", "0=", "=1", "0=1,", "a=1", "-1=1", "0=18446744073709551616"] {
            let reply = try await count(after: text) { _ = try $0.after() }
            #expect(reply.status == 400, "\(text)")
        }
    }
}

extension HTTPFields.Element.Name {
    fileprivate static func named(_ name: String) throws -> Self { try #require(Self(name)) }
}
