import AkinServer
import AkinStore
import AkinTestSupport
import Foundation
import Hummingbird
import Testing

@Suite struct QdrantSnapshotTests {
    private static func multipart(_ part: String, _ bytes: String) -> (String, HTTPFields) {
        let body =
            "--XX\r\nContent-Disposition: form-data; name=\"\(part)\"; filename=\"s\"\r\n\r\n\(bytes)\r\n--XX--\r\n"
        return (body, [.contentType: "multipart/form-data; boundary=XX"])
    }

    @Test func aSnapshotIsMadeListedDownloadedRestoredAndDeleted() async throws {
        try await withTemporaryDirectory { folder in
            let url = URL(fileURLWithPath: folder)
            try await TestServer.with(MemoryService(folder: url), uploads: url) { server in
                try await server.fill([[1], [2]])
                let path = "/collections/c/snapshots"
                let made = try await server.result(.post, path + "?wait=true")
                #expect(made["creation_time"] == .string("1970-01-01T00:00:00"))
                guard case .string(let name)? = made["name"] else { throw CancellationError() }
                #expect(try await server.result(.get, path) == .array([made]))
                let download = try await server.send(.get, path + "/" + name)
                #expect(.integer(Int64(download.text.utf8.count)) == made["size"])
                #expect(download.response.headers[.contentType] == "application/octet-stream")

                func count() async throws -> JSON? {
                    try await server.result(.post, "/collections/c/points/count")["count"]
                }
                for location in [name, "file://\(folder)/\(name)", "http://localhost/collections/c/snapshots/\(name)"] {
                    try await server.result(.post, "/collections/c/points/delete", #"{"points":[0]}"#)
                    #expect(try await count() == .integer(1))
                    try await server.result(
                        .put, path + "/recover?wait=true", #"{"location":"\#(location)","priority":"snapshot"}"#)
                    #expect(try await count() == .integer(2))
                }

                try await server.result(.post, "/collections/c/points/delete", #"{"points":[0,1]}"#)
                let (body, headers) = Self.multipart("snapshot", download.text)
                let upload = try await server.send(.post, path + "/upload?priority=snapshot", body, headers: headers)
                #expect(upload.status == 200)
                #expect(try await count() == .integer(2))
                // What was uploaded is not left lying about.
                #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == [name])

                #expect(try await server.result(.delete, path + "/" + name) == .bool(true))
                #expect(try await server.send(.delete, path + "/" + name).status == 404)
                #expect(try await server.send(.get, path + "/" + name).error("code") == "snapshot")
            }
        }
    }

    @Test(arguments: [
        "file:///etc/passwd", "http://elsewhere/collections/c/snapshots/s", "http://localhost/other/c/snapshots/s",
        "ftp://localhost/collections/c/snapshots/s", "../../s", "/tmp/s", "http://localhost/collections/../snapshots/s",
        "%", "",
    ])
    func noOtherFilesAreRestored(location: String) async throws {
        try await TestServer.with { server in
            try await server.fill([[1]])
            let reply = try await server.send(
                .put, "/collections/c/snapshots/recover", #"{"location":"\#(location)"}"#)
            #expect(reply.status == 400 || reply.status == 404)
            #expect(try await server.result(.post, "/collections/c/points/count")["count"] == .integer(1))
        }
    }

    @Test func aWrongChecksumOrADamagedFileChangesNothing() async throws {
        try await withTemporaryDirectory { folder in
            let url = URL(fileURLWithPath: folder)
            try await TestServer.with(MemoryService(folder: url), uploads: url) { server in
                try await server.fill([[1]])
                let path = "/collections/c/snapshots/upload"
                let (body, headers) = Self.multipart("snapshot", #"{"id":5,"vector":[1],"payload":{}}"#)
                let wrong = try await server.send(.post, path + "?checksum=00ff", body, headers: headers)
                #expect(wrong.error("field") == "checksum")
                guard let actual = wrong.error("actual") else { throw CancellationError() }
                let (damaged, _) = Self.multipart("snapshot", "nonsense")
                #expect(try await server.send(.post, path, damaged, headers: headers).error("code") == "snapshot")
                let (other, _) = Self.multipart("picture", "nonsense")
                #expect(try await server.send(.post, path, other, headers: headers).error("field") == "snapshot")
                #expect(try await server.result(.post, "/collections/c/points/scroll")["points"]?.ids == [0])
                #expect(
                    try await server.send(.post, path + "?checksum=\(actual)", body, headers: headers).status == 200)
                #expect(try await server.result(.post, "/collections/c/points/scroll")["points"]?.ids == [5])
                #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
            }
        }
    }
}
