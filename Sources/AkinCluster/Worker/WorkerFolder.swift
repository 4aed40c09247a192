internal import Akin
internal import AkinStore
internal import Foundation

/// What a worker keeps in its folder beside its collections.
///
/// ```
/// DATA/
///   worker.json       who this is
///   replicas.json     which collection each replica belongs to
///   collections/ ...  the store
/// ```
///
/// Without the second file nobody could say, of a collection deleted while the worker was away, which replicas were its.
package struct WorkerFolder: Sendable {
    /// Tells the folder from others, wherever it is and whatever the worker's name.
    let id: String
    private let path: String

    /// A replica as it is on disk.
    package struct Record: Sendable, Equatable, Codable {
        /// The collection's name.
        package var collection: String
        /// The last change of the collection's map that this worker knows.
        package var revision: UInt64
        /// Whether the replica was made to its end: with its base restored, and its position set.
        package var isMade: Bool

        /// Describes a replica.
        package init(collection: String, revision: UInt64, isMade: Bool) {
            self.collection = collection
            self.revision = revision
            self.isMade = isMade
        }
    }

    private struct Identity: Codable {
        var format: Int
        var id: String
        var name: String
    }

    /// Opens the folder of a worker, or makes a folder its.
    ///
    /// - Throws: `StoreError.unavailable` where it belongs to a worker of another name, `.storage` for damage.
    init(_ path: String, of name: String) throws {
        self.path = path
        let file = path + "/worker.json"
        guard FileManager.default.fileExists(atPath: file) else {
            id = UUID().uuidString.lowercased()
            try Self.write(Identity(format: 1, id: id, name: name), to: file)
            return
        }
        let identity: Identity = try Self.read(file)
        guard identity.format == 1 else {
            throw StoreError.unavailable("\(file) has format \(identity.format), this program knows 1")
        }
        guard identity.name == name else {
            throw StoreError.unavailable(
                "\(path) is the folder of worker \"\(identity.name)\"; expected that name, got \"\(name)\": "
                    + "start it as \"\(identity.name)\", or with another folder")
        }
        id = identity.id
    }

    /// The replicas, as far as they were noted.
    func records() throws -> [ShardName: Record] {
        let file = path + "/replicas.json"
        guard FileManager.default.fileExists(atPath: file) else { return [:] }
        let named: [String: Record] = try Self.read(file)
        var records: [ShardName: Record] = [:]
        for (name, record) in named {
            guard let shard = ShardName(name) else {
                throw StoreError.storage("\(file): expected the name of a replica, got \"\(name)\"")
            }
            records[shard] = record
        }
        return records
    }

    /// Notes the replicas; they are on disk when it returns.
    func write(_ records: [ShardName: Record]) throws {
        let named = Dictionary(uniqueKeysWithValues: records.map { ($0.key.description, $0.value) })
        try Self.write(named, to: path + "/replicas.json")
    }

    private static func read<Value: Decodable>(_ file: String) throws -> Value {
        do {
            return try JSONDecoder().decode(Value.self, from: Data(contentsOf: URL(fileURLWithPath: file)))
        } catch { throw StoreError.storage("\(file): cannot be read: \(error)") }
    }

    private static func write(_ value: some Encodable, to file: String) throws {
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
            let atomic = try AtomicFile(path: file)
            try atomic.write([UInt8](try encoder.encode(value)))
            try atomic.commit()
        } catch { throw StoreError(error) }
    }
}

extension ShardName {
    /// Reads what ``description`` writes; `nil` where it is something else.
    init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].utf8.count == 16, parts[0].allSatisfy(\.isHexDigit),
            let number = Int(parts[1]), (0..<ShardHash.greatestCount).contains(number), String(number) == parts[1]
        else { return nil }
        self.init(incarnation: String(parts[0]), number: number)
    }
}
