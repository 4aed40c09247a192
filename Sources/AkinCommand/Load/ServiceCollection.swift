import Akin
import Foundation

/// A collection of a running service, as a loader sees it.
struct ServiceCollection: Sendable {
    let client: ServiceClient
    let name: String
    /// Whether it was made just now, so that nothing is stored in it yet.
    let isNew: Bool
    /// Whether the service turns pictures into this collection's vectors.
    let embeds: Bool
    let dimension: Int
    /// Bytes that one request may have.
    let bodyBytes: Int

    /// What to make where there is no such collection.
    struct Wanted {
        var dimension: Int?
        var metric: Metric?
        var index: String?
        var space: EmbeddingSpace?
    }

    /// Finds the collection, or makes it.
    init(_ name: String, of client: ServiceClient, wanted: Wanted) throws {
        self.client = client
        self.name = name
        guard let known = try client.ask("GET", "/v1/collections") as? [String: Any],
            let collections = known["collections"] as? [[String: Any]]
        else { throw CommandError("this is no Akin service: /v1/collections lists no collections") }
        var found = collections.first { $0["name"] as? String == name }
        isNew = found == nil
        if found == nil {
            var body: [String: Any] = [:]
            if let dimension = wanted.dimension { body["dimension"] = dimension }
            if let metric = wanted.metric { body["metric"] = metric.rawValue }
            if let index = wanted.index { body["index"] = index }
            if let space = wanted.space { body["space"] = ["id": space.id, "name": space.name] }
            found =
                try client.ask("PUT", Self.path(name), body: JSONSerialization.data(withJSONObject: body))
                as? [String: Any]
        } else {
            try Self.check(found ?? [:], name, wanted)
        }
        embeds = found?["embeds"] as? Bool ?? false
        dimension = found?["dimension"] as? Int ?? 0
        bodyBytes = (known["limits"] as? [String: Any])?["body_bytes"] as? Int ?? 32 << 20
    }

    /// The path of something in the collection, in Akin's own words.
    func path(_ rest: String) -> String { Self.path(name) + rest }

    /// The path of points, in Qdrant's words.
    var points: String { String(Self.path(name).dropFirst("/v1".count)) + "/points" }

    private static func path(_ name: String) -> String {
        "/v1/collections/" + (name.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? name)
    }

    /// Which of these points are stored, numbers in decimal; none of a collection that was made just now.
    func stored(_ ids: [Any]) throws -> Set<String> {
        if isNew || ids.isEmpty { return [] }
        let body: [String: Any] = ["ids": ids, "with_payload": false, "with_vector": false]
        let found = try client.ask(
            "POST", points, body: JSONSerialization.data(withJSONObject: body))
        return Set((found as? [[String: Any]] ?? []).compactMap { $0["id"].map { "\($0)" } })
    }

    private static func check(_ found: [String: Any], _ name: String, _ wanted: Wanted) throws {
        func refuse(_ what: String, _ expected: String, _ actual: String) -> CommandError {
            CommandError("\(name): its \(what) is \(actual), asked for \(expected); load into another collection")
        }
        if let dimension = wanted.dimension, let actual = found["dimension"] as? Int, actual != dimension {
            throw refuse("dimension", "\(dimension)", "\(actual)")
        }
        if let metric = wanted.metric, let actual = found["metric"] as? String, actual != metric.rawValue {
            throw refuse("metric", metric.rawValue, actual)
        }
        if let index = wanted.index, let actual = found["index"] as? String, actual != index {
            throw refuse("index", index, actual)
        }
        if let space = wanted.space, let actual = found["space"] as? [String: Any], actual["id"] as? String != space.id
        {
            throw refuse("embedding space", space.name, actual["name"] as? String ?? "another")
        }
    }
}
