internal import Akin
internal import AkinStore
internal import Foundation
internal import Hummingbird

extension Routes {
    /// Qdrant's paths for snapshots.
    public mutating func addQdrantSnapshots(_ environment: ServerEnvironment) {
        let service = environment.service
        let path = "/collections/:collection/snapshots"
        on(.get, path, .read) { _, context in
            let snapshots = try await service.snapshots(of: try context.collection())
            return Reply.ok(since: context.start, .array(snapshots.map(Self.json)))
        }
        on(.post, path, .write) { _, context in
            let snapshot = try await service.createSnapshot(of: try context.collection())
            return Reply.ok(since: context.start, Self.json(snapshot))
        }
        on(.get, path + "/:snapshot", .read) { _, context in
            let file = try await service.snapshotFile(try context.segment("snapshot"), of: try context.collection())
            guard let body = try? await FileIO().loadFile(path: file.path, context: context) else {
                throw StoreError.snapshot("\(file.lastPathComponent) cannot be read")
            }
            return Response(
                status: .ok,
                headers: [
                    .contentType: "application/octet-stream",
                    .contentDisposition: "attachment; filename=\"\(file.lastPathComponent)\"",
                ], body: body)
        }
        on(.delete, path + "/:snapshot", .write) { _, context in
            try await service.deleteSnapshot(try context.segment("snapshot"), of: try context.collection())
            return Reply.ok(since: context.start, .bool(true))
        }
        on(.put, path + "/recover", .write) { request, context in
            let name = try context.collection()
            var object = try RequestObject(try await environment.json(of: request, context))
            let location = try object.required("location", "where the snapshot is") { try $0.text() }
            let checksum = try object.optional("checksum") { try $0.text() }
            // Both say how several copies agree.
            object.ignore("priority", "api_key")
            try object.finish()
            let file = try await environment.file(at: location, for: name, request)
            try await environment.restore(name, from: file, checksum: checksum)
            return Reply.ok(since: context.start, .bool(true))
        }
        on(.post, path + "/upload", .write) { request, context in
            let name = try context.collection()
            let file = environment.uploads.appendingPathComponent("upload-\(UUID().uuidString).snapshot")
            defer { try? FileManager.default.removeItem(at: file) }
            try await environment.save(request, to: file)
            let checksum = request.uri.queryParameters["checksum"].map(String.init)
            try await environment.restore(name, from: file, checksum: checksum)
            return Reply.ok(since: context.start, .bool(true))
        }
    }

    private static func json(_ snapshot: SnapshotDescription) -> JSON {
        .object([
            "name": .string(snapshot.name), "size": .integer(Int64(snapshot.byteCount)),
            // Qdrant writes no zone; it is UTC.
            "creation_time": .string(
                snapshot.date.formatted(.iso8601.year().month().day().time(includingFractionalSeconds: false))),
        ])
    }
}

extension ServerEnvironment {
    /// The file that a location means: the name of one of the collection's snapshots, its address here, or its path.
    ///
    /// Nothing is fetched from other servers, and no other files are read.
    fileprivate func file(at location: String, for collection: String, _ request: Request) async throws -> URL {
        let expected = "the name of a snapshot of this server, or its address here; others can be uploaded"
        let refusal = RequestError.invalid("location", expected: expected, actual: "\"\(location.prefix(128))\"")
        guard location.contains("/") else { return try await service.snapshotFile(location, of: collection) }
        guard let url = URL(string: location), let scheme = url.scheme else { throw refusal }
        let segments = url.path.split(separator: "/").map(String.init)
        guard let snapshot = segments.last else { throw refusal }
        switch scheme {
        case "file":
            let file = try await service.snapshotFile(snapshot, of: collection)
            guard file.standardizedFileURL.path == url.standardizedFileURL.path else { throw refusal }
            return file
        case "http", "https":
            let authority = [url.host, url.port.map(String.init)].compactMap { $0 }.joined(separator: ":")
            guard authority == request.head.authority, segments.count == 4, segments[0] == "collections",
                segments[2] == "snapshots", Store.isName(segments[1])
            else { throw refusal }
            return try await service.snapshotFile(snapshot, of: segments[1])
        default: throw refusal
        }
    }

    /// Writes the part `snapshot` of a body to a file.
    fileprivate func save(_ request: Request, to file: URL) async throws {
        var parts = try MultipartReader(request, limit: limits.snapshotBytes)
        while let part = try await parts.nextPart() {
            guard part.name == "snapshot" else { continue }
            guard FileManager.default.createFile(atPath: file.path, contents: nil),
                let handle = FileHandle(forWritingAtPath: file.path)
            else { throw StoreError.storage("uploads cannot be written to \(uploads.path)") }
            defer { try? handle.close() }
            while let bytes = try await parts.nextBytes() {
                do { try await Blocking.run { try handle.write(contentsOf: bytes) } } catch {
                    throw StoreError.diskFull("the uploaded snapshot cannot be written: \(error)")
                }
            }
            return
        }
        throw RequestError.invalid("snapshot", expected: "a part with the snapshot's file", actual: "none")
    }

    fileprivate func restore(_ name: String, from file: URL, checksum: String?) async throws {
        if let checksum {
            let actual = try await Blocking.run { try Self.checksum(of: file) }
            guard actual == checksum.lowercased() else {
                throw RequestError.invalid("checksum", expected: "\(checksum.prefix(128))", actual: actual)
            }
        }
        try await service.restore(name, from: file)
    }

    private static func checksum(of file: URL) throws -> String {
        guard let handle = FileHandle(forReadingAtPath: file.path) else {
            throw StoreError.snapshot("\(file.lastPathComponent) cannot be read")
        }
        defer { try? handle.close() }
        var hash = SHA256()
        while let chunk = try handle.read(upToCount: 1 << 20), !chunk.isEmpty {
            chunk.withUnsafeBytes { hash.update($0) }
        }
        return hash.hexDigest()
    }
}
