import Akin
import AkinServer
import AkinStore
import AkinTestSupport
import AkinVision
import Foundation
import Testing

@Suite("Collections as the page sees them") struct OwnCollectionTests {
    @Test func aCollectionForPicturesIsMadeWithoutAWord() async throws {
        try await ImageServer.with { images in
            let made = try await images.server.result(.put, "/v1/collections/photos")
            #expect(made["dimension"] == .integer(3))
            #expect(made["metric"] == .string("cosine"))
            #expect(made["space"]?["id"] == .string("colours"))
            #expect(made["embeds"] == .bool(true))
            #expect(made["recall"] == .null)
            let again = try await images.server.send(.put, "/v1/collections/photos")
            #expect(again.status == 409)
            let list = try await images.server.result(.get, "/v1/collections")
            #expect(list["collections"]?.elements.map { $0["name"] } == [.string("c"), .string("photos")])
            #expect(list["embedder"]?["dimension"] == .integer(3))
        }
    }

    @Test(arguments: [
        (#"{"dimension":0}"#, "dimension"), (#"{"metric":"taxi"}"#, "metric"), (#"{"size":3}"#, "size"),
        (#"{"space":{"name":"x"}}"#, "space.id"), (#"{"dimension":4,"space":{"id":"colours"}}"#, "dimension"),
    ])
    func aCollectionThatCannotBeIsRefused(body: String, field: String) async throws {
        try await ImageServer.with { images in
            let reply = try await images.server.send(.put, "/v1/collections/x", body)
            #expect((400..<500).contains(reply.status))
            #expect(reply.error("field") == field, "\(reply.text)")
            #expect(try await images.server.result(.get, "/v1/collections")["collections"]?.elements.count == 1)
        }
    }

    @Test func pagesShowEveryPointOnce() async throws {
        try await ImageServer.with { images in
            try await images.store((0..<23).map { picture(UInt8($0), 0, 0) })
            var seen: [Int64] = []
            var path = "/v1/collections/c/points?limit=5"
            while true {
                let page = try await images.server.result(.get, path)
                seen += page["points"]?.ids ?? []
                guard case .integer(let next)? = page["next"] else { break }
                path = "/v1/collections/c/points?limit=5&offset=\(next)"
            }
            #expect(seen == Array(0..<23))
        }
    }

    @Test func membersAreWhatAFilterCanOffer() async throws {
        try await ImageServer.with { images in
            try await images.store(
                (0..<40).map { picture(UInt8($0), 0, 0) },
                payloads: (0..<40).map {
                    """
                    {"label":"\($0 % 4 == 0 ? "rare" : "common")","path":"p/\($0)","night":\($0 % 2 == 0),"price":\($0).5,
                    "mixed":\($0 == 3 ? "1" : "\"one\""),"tags":["a","\($0 % 2 == 0 ? "even" : "odd")"],"deep":{"x":1},"none":null}
                    """
                })
            let result = try await images.server.result(.get, "/v1/collections/c/members")
            #expect(result["sampled"] == .integer(40))
            #expect(result["whole"] == .bool(true))
            let members = result["members"]?.elements ?? []
            #expect(members.map { $0["name"] } == ["label", "night", "price", "tags"].map { .string($0) })
            #expect(
                members[0]["values"]
                    == .array([
                        .object(["value": .string("common"), "count": .integer(30)]),
                        .object(["value": .string("rare"), "count": .integer(10)]),
                    ]))
            #expect(members[1]["kind"] == .string("bool"))
            #expect(members[2]["least"]?.double == 0.5 && members[2]["greatest"]?.double == 39.5)
            #expect(members[3]["values"]?.elements.map { $0["count"] } == [.integer(40), .integer(20), .integer(20)])
        }
    }

    /// Gives every second of the true neighbours only, unless it is asked to be exact.
    private struct Forgetful: CollectionService {
        let inner = MemoryService()
        func search(_ queries: [SearchQuery], in name: String) async throws -> [SearchAnswer] {
            var answers: [SearchAnswer] = []
            for query in queries {
                var wider = query
                if !query.isExact { wider.limit = query.limit * 2 }
                var answer = try await inner.search([wider], in: name)[0]
                if !query.isExact {
                    // The query itself, which is nearest, stays.
                    answer.hits = answer.hits.enumerated().filter { $0.offset == 0 || $0.offset % 2 == 1 }.map(
                        \.element)
                    answer.hits = Array(answer.hits.prefix(query.limit))
                    answer.isExact = false
                }
                answers.append(answer)
            }
            return answers
        }
        func collections() async throws -> [String] { try await inner.collections() }
        func create(
            _ name: String, _ configuration: CollectionConfiguration, _ placement: Placement
        ) async throws {
            try await inner.create(name, configuration)
        }
        func drop(_ name: String) async throws -> Bool { try await inner.drop(name) }
        func configuration(of name: String) async throws -> CollectionConfiguration {
            try await inner.configuration(of: name)
        }
        func describe(_ name: String) async throws -> CollectionDescription { try await inner.describe(name) }
        func upsert(_ points: [Point], into name: String) async throws { try await inner.upsert(points, into: name) }
        func delete(_ selection: PointSelection, from name: String) async throws {
            try await inner.delete(selection, from: name)
        }
        func change(_ change: PayloadChange, of selection: PointSelection, in name: String) async throws {}
        func retrieve(_ ids: [PointID], _ fields: PointFields, from name: String) async throws -> [StoredPoint] {
            try await inner.retrieve(ids, fields, from: name)
        }
        func scroll(_ query: ScrollQuery, in name: String) async throws -> ScrollPage {
            try await inner.scroll(query, in: name)
        }
        func count(_ filter: Filter, in name: String) async throws -> Int { try await inner.count(filter, in: name) }
        func createPayloadIndex(on path: FieldPath, _ kind: PayloadIndexKind, in name: String) async throws {}
        func deletePayloadIndex(on path: FieldPath, in name: String) async throws {}
        func image(of id: PointID, in name: String) async throws -> Data? { try await inner.image(of: id, in: name) }
        func createSnapshot(of name: String) async throws -> SnapshotDescription {
            try await inner.createSnapshot(of: name)
        }
        func snapshots(of name: String) async throws -> [SnapshotDescription] { [] }
        func snapshotFile(_ snapshot: String, of name: String) async throws -> URL {
            try await inner.snapshotFile(snapshot, of: name)
        }
        func deleteSnapshot(_ snapshot: String, of name: String) async throws {}
        func restore(_ name: String, from file: URL) async throws {}
        var load: ServiceLoad { inner.load }
        func close() async {}
    }

    @Test func recallIsMeasuredAgainstExactSearchAndRemembered() async throws {
        let service = Forgetful()
        try await ImageServer.with(service) { images in
            // On a line that widens, so that no two neighbours are equally far.
            try await images.store((0..<40).map { picture(UInt8($0 * $0 / 8 + $0), 0, 0) })
            let measured = try await images.server.result(.post, "/v1/collections/c/recall?sample=30")
            #expect(measured["k"] == .integer(10))
            #expect(measured["sample"] == .integer(30))
            // Of the ten nearest the first, third, fifth … are found: half, but for points at the same distance.
            let recall = try #require(measured["recall"]?.double)
            #expect(recall >= 0.5 && recall < 0.65, "\(recall)")
            #expect(try await images.server.result(.get, "/v1/collections/c")["recall"] == measured)
            // With a fifth of the points gone it says nothing about those that are left.
            let gone = (0..<8).map(String.init).joined(separator: ",")
            try await images.server.result(.post, "/collections/c/points/delete?wait=true", #"{"points":[\#(gone)]}"#)
            #expect(try await images.server.result(.get, "/v1/collections/c")["recall"] == .null)
        }
    }

    @Test func recallOfACollectionThatWasDroppedIsNotThatOfItsSuccessor() async throws {
        try await withTemporaryDirectory { folder in
            let local = LocalService(try Store(path: folder))
            try await ImageServer.with(local) { images in
                try await images.store((0..<15).map { picture(UInt8($0 * 9), 0, 0) })
                let measured = try await images.server.result(.post, "/v1/collections/c/recall?sample=10")
                #expect(try await images.server.result(.get, "/v1/collections/c")["recall"] == measured)
                // Dropped and made again by paths that know nothing of recall.
                try await images.server.result(.delete, "/collections/c")
                try await images.server.result(
                    .put, "/collections/c", #"{"vectors":{"size":3,"distance":"Euclid"}}"#)
                let points = (0..<15).map { #"{"id":\#($0),"vector":[\#($0),0,0]}"# }.joined(separator: ",")
                try await images.server.result(.put, "/collections/c/points", #"{"points":[\#(points)]}"#)
                #expect(try await images.server.result(.get, "/v1/collections/c")["recall"] == .null)
            }
            await local.close()
        }
    }

    @Test func exactSearchHasRecallOne() async throws {
        try await ImageServer.with { images in
            try await images.store((0..<15).map { picture(UInt8($0 * 9), 0, 0) })
            let measured = try await images.server.result(.post, "/v1/collections/c/recall?sample=1000")
            #expect(measured["recall"]?.double == 1)
            #expect(measured["sample"] == .integer(15))
        }
    }
}
