internal import CNATS
internal import Foundation

/// Small values under names, kept by the servers, changed by comparing and setting.
///
/// Methods block.
package final class KeyValueBucket: @unchecked Sendable {
    /// What it is called.
    package let name: String
    let handle: OpaquePointer
    // The bucket works through it.
    private let jetStream: JetStream

    /// A value as it is now.
    package struct Entry: Sendable, Equatable {
        /// The value.
        package var bytes: [UInt8]
        /// The number of the change that wrote it.
        package var revision: UInt64

        /// Describes a value.
        package init(bytes: [UInt8], revision: UInt64) {
            self.bytes = bytes
            self.revision = revision
        }
    }

    /// Opens a bucket, and makes it where there is none.
    ///
    /// - Parameters:
    ///   - jetStream: the servers.
    ///   - name: letters, digits, `_`, `-`.
    ///   - replicas: servers that keep it, 1 to 5.
    ///   - seconds: how long values live; `nil` for ever.
    /// - Throws: ``NATSFailure`` where the servers cannot be asked.
    package init(_ jetStream: JetStream, _ name: String, replicas: Int = 1, lifetime seconds: Double? = nil) throws {
        self.jetStream = jetStream
        self.name = name
        var made: OpaquePointer?
        if js_KeyValue(&made, jetStream.handle, name) != NATS_OK {
            var configuration = kvConfig()
            try check(kvConfig_Init(&configuration), "a bucket")
            let text = strdup(name)
            defer { free(text) }
            configuration.Bucket = UnsafePointer(text)
            configuration.History = 1
            configuration.Replicas = Int32(replicas)
            configuration.TTL = Int64((seconds ?? 0) * 1e9)
            configuration.StorageType = js_FileStorage
            let status = js_CreateKeyValue(&made, jetStream.handle, &configuration)
            // Somebody else may have made it meanwhile.
            if status != NATS_OK { try check(js_KeyValue(&made, jetStream.handle, name), "bucket \(name)") }
        }
        guard let made else { throw NATSFailure(.other, "bucket \(name) cannot be opened") }
        handle = made
    }

    deinit { kvStore_Destroy(handle) }

    /// The value of a key; `nil` where it has none.
    package func get(_ key: String) throws -> Entry? {
        var entry: OpaquePointer?
        let status = kvStore_Get(&entry, handle, key)
        if status == NATS_NOT_FOUND { return nil }
        try check(status, "key \(key)")
        defer { kvEntry_Destroy(entry) }
        return Entry(bytes: Self.bytes(entry), revision: kvEntry_Revision(entry))
    }

    /// All keys that have values, in order.
    package func keys() throws -> [String] {
        var list = kvKeysList()
        let status = kvStore_Keys(&list, handle, nil)
        if status == NATS_NOT_FOUND { return [] }
        try check(status, "the keys of bucket \(name)")
        defer { kvKeysList_Destroy(&list) }
        return (0..<Int(list.Count)).compactMap { list.Keys[$0].map { String(cString: $0) } }.sorted()
    }

    /// Sets a value, whatever was there; gives the number of the change.
    @discardableResult
    package func put(_ key: String, _ bytes: [UInt8]) throws -> UInt64 {
        try write(key, bytes) { kvStore_Put(&$0, handle, key, $1, $2) }
    }

    /// Sets the value of a key that has none.
    ///
    /// - Throws: ``NATSFailure``: of kind `conflict` where it has one.
    @discardableResult
    package func create(_ key: String, _ bytes: [UInt8]) throws -> UInt64 {
        do {
            return try write(key, bytes) { kvStore_Create(&$0, handle, key, $1, $2) }
        } catch let failure as NATSFailure where failure.kind == .other || failure.kind == .conflict {
            throw NATSFailure(.conflict, "key \(key) has a value already")
        }
    }

    /// Sets a value where the last change was `revision`.
    ///
    /// - Throws: ``NATSFailure``: of kind `conflict` where somebody else changed it.
    @discardableResult
    package func update(_ key: String, _ bytes: [UInt8], revision: UInt64) throws -> UInt64 {
        do {
            return try write(key, bytes) { kvStore_Update(&$0, handle, key, $1, $2, revision) }
        } catch let failure as NATSFailure where failure.kind == .other || failure.kind == .conflict {
            throw NATSFailure(.conflict, "key \(key) was changed by somebody else")
        }
    }

    /// Forgets a value; who mirrors the bucket hears of it.
    package func delete(_ key: String) throws { try check(kvStore_Delete(handle, key), "key \(key)") }

    /// Forgets a value where the last change was `revision`; gives the number of the change.
    ///
    /// - Throws: ``NATSFailure``: of kind `conflict` where somebody else changed it.
    @discardableResult
    package func delete(_ key: String, revision: UInt64) throws -> UInt64 {
        // The library deletes whatever is there. This is the message that it sends, with the condition of `update`.
        try withMessage(to: "$KV.\(name).\(key)", reply: nil, [], [("KV-Operation", "DEL")]) { message in
            var options = jsPubOptions()
            try check(jsPubOptions_Init(&options), "options of a message")
            options.ExpectLastSubjectSeq = revision
            options.MaxWait = 5000
            var kept: UnsafeMutablePointer<jsPubAck>?
            var code = jsErrCode(rawValue: 0)
            try check(js_PublishMsg(&kept, jetStream.handle, message, &options, &code), "key \(key)", code)
            defer { jsPubAck_Destroy(kept) }
            return kept?.pointee.Sequence ?? 0
        }
    }

    private func write(
        _ key: String, _ bytes: [UInt8], _ call: (inout UInt64, UnsafeRawPointer?, Int32) -> natsStatus
    ) throws -> UInt64 {
        var revision: UInt64 = 0
        let status = bytes.withUnsafeBytes { call(&revision, $0.baseAddress, Int32($0.count)) }
        try check(status, "key \(key)")
        return revision
    }

    static func bytes(_ entry: OpaquePointer?) -> [UInt8] {
        let count = Int(kvEntry_ValueLen(entry))
        return kvEntry_Value(entry).map { Array(UnsafeRawBufferPointer(start: $0, count: count)) } ?? []
    }
}
