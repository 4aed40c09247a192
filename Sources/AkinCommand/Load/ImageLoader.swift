import Akin
import AkinVision
import Foundation

/// Loads pictures: the service embeds them and keeps them.
///
/// A picture's name is a UUID of its path, so loading the same folder again finds what is there.
struct ImageLoader: Sendable {
    /// Pictures and bytes of one request, at most; a larger picture goes alone.
    static let batch = 32
    static let batchBytes = 8 << 20

    let collection: ServiceCollection
    let progress: LoadProgress
    /// Whether pictures that are stored already are loaded again.
    let replaces: Bool
    /// Whether something that cannot be loaded is an error.
    let isStrict: Bool

    /// A picture on its way.
    private struct Item: Sendable {
        var id: String
        var path: String
        var label: String?
        var bytes: [UInt8]
    }

    /// Loads all pictures of a source.
    func load(_ source: any ImageSource, threads: Int) throws {
        var items = try source.items()
        try ParallelBatches.run(threads: threads) {
            var batch: [ImageItem] = []
            while batch.count < Self.batch, let item = try items.next() { batch.append(item) }
            return batch.isEmpty ? nil : batch
        } work: { batch in
            try send(batch)
        }
    }

    /// The name of the picture at a path relative to its source.
    static func id(of path: String) -> String {
        var hash = SHA256()
        hash.update(field: path)
        return hash.uuid()
    }

    private func send(_ batch: [ImageItem]) throws {
        let named = batch.map { (id: Self.id(of: $0.path), item: $0) }
        let stored = replaces ? [] : try collection.stored(named.map(\.id))
        try progress.add(present: named.count { stored.contains($0.id) })
        var pending: [Item] = []
        var bytes = 0
        for (id, item) in named where !stored.contains(id) {
            do {
                let picture = Item(id: id, path: item.path, label: item.label, bytes: try item.read())
                guard picture.bytes.count + 4096 <= collection.bodyBytes else {
                    throw CommandError(
                        "\(picture.bytes.count.asBytes); the service takes \(collection.bodyBytes.asBytes)")
                }
                if !pending.isEmpty, bytes + picture.bytes.count > Self.batchBytes {
                    try send(pending)
                    (pending, bytes) = ([], 0)
                }
                pending.append(picture)
                bytes += picture.bytes.count
            } catch  where error is ImageSourceError || error is CommandError {
                try fail(item.path, "\(error)")
            }
        }
        if !pending.isEmpty { try send(pending) }
    }

    private func send(_ pictures: [Item]) throws {
        var form = FormData()
        for picture in pictures {
            var payload: [JSONValue.Member] = [.init(key: "path", value: .string(picture.path))]
            if let label = picture.label { payload.append(.init(key: "label", value: .string(label))) }
            form.add("id", Array(picture.id.utf8))
            form.add("payload", Array(JSONValue.object(payload).line.utf8))
            form.add("image", picture.bytes, fileName: "image")
        }
        let reply = try collection.client.ask(
            "POST", collection.path("/images"), body: form.finished(), type: form.contentType)
        let failed = (reply as? [String: Any])?["failed"] as? [[String: Any]] ?? []
        let paths = Dictionary(pictures.map { ($0.id, $0.path) }) { $1 }
        for failure in failed {
            let id = failure["id"] as? String ?? ""
            try fail(paths[id] ?? id, failure["error"] as? String ?? "not stored")
        }
        try progress.add(loaded: pictures.count - failed.count)
    }

    private func fail(_ path: String, _ reason: String) throws {
        if isStrict { throw CommandError("\(path): \(reason)") }
        progress.fail(path, reason)
    }
}

/// A body of `multipart/form-data`.
struct FormData {
    private let boundary = "akin-" + UUID().uuidString
    private var bytes = Data()

    /// The header that belongs to it.
    var contentType: String { "multipart/form-data; boundary=\(boundary)" }

    /// Adds a field.
    mutating func add(_ name: String, _ content: [UInt8], fileName: String? = nil) {
        let file = fileName.map { "; filename=\"\($0)\"" } ?? ""
        bytes.append(
            contentsOf: "--\(boundary)\r\nContent-Disposition: form-data; name=\"\(name)\"\(file)\r\n\r\n".utf8)
        bytes.append(contentsOf: content)
        bytes.append(contentsOf: "\r\n".utf8)
    }

    /// The whole body.
    func finished() -> Data { bytes + Data("--\(boundary)--\r\n".utf8) }
}
