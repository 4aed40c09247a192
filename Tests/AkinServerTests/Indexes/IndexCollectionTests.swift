import Akin
import AkinServer
import AkinStore
import AkinTestSupport
import AkinVision
import Foundation
import Testing

@Suite("Index files as collections") struct IndexCollectionTests {
    /// An index over 60 points on a line, with vectors and records beside it where wanted.
    private static func collection(in folder: URL, beside: Bool) throws -> IndexCollection {
        let vectors = Matrix<Float>((0..<60).map { [Float($0), 1] })
        try FlatIndex(vectors, metric: .l2).save(to: folder.appendingPathComponent("line.akin").path)
        if beside {
            try VectorFile.write(vectors, to: folder.appendingPathComponent("line.npy").path)
            let lines = (0..<60).map { #"{"path":"\#($0 % 3)/\#($0).png","label":"\#($0 % 3)","row":\#($0)}"# }
            try Data(lines.joined(separator: "\n").utf8).write(to: folder.appendingPathComponent("line.jsonl"))
        }
        return try IndexCollection(path: folder.appendingPathComponent("line.akin").path)
    }

    private static func with(
        beside: Bool, _ body: @Sendable (ImageServer) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { folder in
            let index = try collection(in: URL(fileURLWithPath: folder), beside: beside)
            let memory = MemoryService()
            try await memory.create("stored", CollectionConfiguration(dimension: 2, metric: .l2))
            let service = try await ServiceWithIndexes(memory, [index], threads: 1)
            try await ImageServer.with(service) { try await body($0) }
            await service.close()
        }
    }

    @Test func bothKindsAreListedAndSearched() async throws {
        try await Self.with(beside: true) { images in
            let list = try await images.server.result(.get, "/v1/collections")
            #expect(list["collections"]?.elements.map { $0["name"] } == [.string("line"), .string("stored")])
            try await images.server.result(
                .put, "/collections/stored/points?wait=true", #"{"points":[{"id":5,"vector":[3,1]}]}"#)
            let theirs = try await images.server.result(
                .post, "/collections/stored/points/search", #"{"vector":[3,1],"limit":2}"#)
            #expect(theirs.ids == [5])
            let mine = try await images.server.result(
                .post, "/collections/line/points/search",
                #"{"vector":[10.2,1],"limit":3,"offset":1,"with_payload":true}"#)
            #expect(mine.ids == [11, 9, 12])
            #expect(mine[0]?["payload"]?["label"] == .string("2"))
        }
    }

    @Test func filtersListsAndNeighboursComeFromWhatLiesBeside() async throws {
        try await Self.with(beside: true) { images in
            let filter = #"{"must":[{"key":"label","match":{"value":"0"}}]}"#
            let found = try await images.server.result(
                .post, "/collections/line/points/search", #"{"vector":[10.2,1],"limit":3,"filter":\#(filter)}"#)
            #expect(found.ids == [9, 12, 6])
            let count = try await images.server.result(
                .post, "/collections/line/points/count", #"{"filter":\#(filter)}"#)
            #expect(count["count"] == .integer(20))
            var seen: [Int64] = []
            var next = "null"
            repeat {
                let page = try await images.server.result(
                    .post, "/collections/line/points/scroll", #"{"limit":7,"offset":\#(next),"filter":\#(filter)}"#)
                seen += page["points"]?.ids ?? []
                if case .integer(let id)? = page["next_page_offset"] { next = "\(id)" } else { next = "null" }
            } while next != "null"
            #expect(seen == (0..<20).map { $0 * 3 })
            let similar = try await images.server.result(.get, "/v1/collections/line/points/30/similar?limit=2")
            #expect(similar["hits"]?.ids == [29, 31])
            let recall = try await images.server.result(.post, "/v1/collections/line/recall?sample=20")
            #expect(recall["recall"]?.double == 1)
        }
    }

    @Test func writesAreRefusedInWords() async throws {
        try await Self.with(beside: true) { images in
            for (method, path, body) in [
                ("PUT", "/collections/line/points", #"{"points":[{"id":1,"vector":[1,1]}]}"#),
                ("POST", "/collections/line/points/delete", #"{"points":[1]}"#),
                ("POST", "/collections/line/points/payload", #"{"points":[1],"payload":{"a":1}}"#),
                ("DELETE", "/collections/line", ""), ("POST", "/collections/line/snapshots", ""),
                ("PUT", "/collections/line/index", #"{"field_name":"label","field_schema":"keyword"}"#),
            ] {
                let reply = try await images.server.send(
                    try #require(.init(method)), path, body.isEmpty ? nil : body)
                #expect(reply.status == 403, "\(method) \(path): \(reply.text)")
                #expect(reply.error("code") == "read_only_collection")
            }
            let taken = try await images.server.send(.put, "/v1/collections/line", "{}")
            #expect(taken.status == 409)
            #expect(try await images.server.result(.get, "/v1/collections/line")["points"] == .integer(60))
        }
    }

    @Test func withoutVectorsBesideItAnIndexIsSearchedAndSaysWhatItCannot() async throws {
        try await Self.with(beside: false) { images in
            let found = try await images.server.result(
                .post, "/collections/line/points/search", #"{"vector":[10.2,1],"limit":2}"#)
            #expect(found.ids == [10, 11])
            for path in ["points", "points/1/similar"] {
                let reply = try await images.server.send(.get, "/v1/collections/line/\(path)")
                #expect(reply.status == 400)
                #expect(reply.error("error")?.contains("line.npy") == true, "\(reply.text)")
            }
        }
    }

    @Test func filesThatDoNotBelongTogetherAreRefused() async throws {
        try withTemporaryDirectory { folder in
            _ = try Self.collection(in: URL(fileURLWithPath: folder), beside: true)
            try VectorFile.write(Matrix<Float>([[1, 2]]), to: folder + "/line.npy")
            #expect(throws: (any Error).self) { try IndexCollection(path: folder + "/line.akin") }
            #expect(throws: (any Error).self) { try IndexCollection(path: folder + "/nothing.akin") }
        }
    }
}
