import AkinStore
import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// Asks routers over HTTP, as any client would: where one does not answer, the next is asked.
struct RouterClient: Asked {
    /// What a router said.
    struct Answer {
        var status: Int
        var body: JSON
        /// Up to which message of each shard's stream the answer reaches.
        var positions: [Int: UInt64]
        /// Shards that had no part in it.
        var missing: Set<Int>

        /// What a search found.
        var hits: [JSON] { body["result"]?["points"]?.array ?? [] }
    }

    private let session: URLSession
    private let urls: [URL]

    init(_ urls: [URL], seconds: Double) {
        let configuration = URLSessionConfiguration.ephemeral
        configuration.timeoutIntervalForRequest = seconds
        configuration.httpMaximumConnectionsPerHost = 64
        session = URLSession(configuration: configuration)
        self.urls = urls
    }

    /// Asks one router.
    func ask(
        _ method: String, _ path: String, _ body: JSON?, router: Int, after: [Int: UInt64] = [:]
    ) async throws -> Answer {
        guard let url = URL(string: path, relativeTo: urls[router % urls.count]) else {
            throw CheckFailure("\(path) is no path")
        }
        var request = URLRequest(url: url)
        request.httpMethod = method
        if let body {
            request.httpBody = Data(body.encoded)
            request.setValue("application/json", forHTTPHeaderField: "content-type")
        }
        if !after.isEmpty { request.setValue(Self.text(after), forHTTPHeaderField: "akin-after") }
        let (data, response) = try await session.data(for: request)
        guard let response = response as? HTTPURLResponse else { throw CheckFailure("\(path): no HTTP") }
        let json = (try? JSON(parsing: [UInt8](data))) ?? .null
        return Answer(
            status: response.statusCode, body: json,
            positions: Self.positions(response.value(forHTTPHeaderField: "akin-positions") ?? ""),
            missing: Set(
                json["shards"]?["missing"]?.array.compactMap { $0.integer } ?? []))
    }

    private static func text(_ positions: [Int: UInt64]) -> String {
        positions.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ",")
    }

    private static func positions(_ text: String) -> [Int: UInt64] {
        var found: [Int: UInt64] = [:]
        for part in text.split(separator: ",") {
            let sides = part.split(separator: "=")
            if sides.count == 2, let shard = Int(sides[0].filter(\.isNumber)), let position = UInt64(sides[1]) {
                found[shard] = position
            }
        }
        return found
    }
}

extension RouterClient {
    /// Makes a collection for the load, once routers and workers are there.
    func create(_ collection: String, shards: Int, replicas: Int) async throws {
        let end = ContinuousClock.now + .seconds(60)
        let body = JSON.object([
            "vectors": .object(["size": .integer(Int64(Load.dimension)), "distance": .string("Euclid")]),
            "shard_number": .integer(Int64(shards)), "replication_factor": .integer(Int64(replicas)),
        ])
        while true {
            var last = ""
            do {
                let answer = try await ask("PUT", "/collections/\(collection)", body, router: 0)
                if answer.status == 200 { return }
                last = String(decoding: answer.body.encoded, as: UTF8.self)
                // An earlier try may have come through after all.
                if answer.status == 409 { return }
            } catch { last = "\(error)" }
            guard ContinuousClock.now < end else {
                throw CheckFailure("after 60 s there is still no collection: \(last)")
            }
            try await Task.sleep(for: .milliseconds(300))
        }
    }
}

extension JSON {
    var array: [JSON] {
        if case .array(let elements) = self { elements } else { [] }
    }

    var integer: Int? {
        switch self {
        case .integer(let value): Int(exactly: value)
        default: nil
        }
    }
}
