internal import CNATS
internal import Foundation

/// Streams: messages that the servers keep, numbered, on as many servers as asked for.
///
/// Methods that are not `async` block until a server answers.
package final class JetStream: @unchecked Sendable {
    /// The connection it works through.
    package let connection: NATSConnection
    let handle: OpaquePointer

    /// How a stream is kept.
    package struct StreamSettings: Sendable {
        /// Its name, without `.`, `*`, `>` and spaces.
        package var name: String
        /// What is kept in it.
        package var subjects: [String]
        /// Servers that keep it, 1 to 5.
        package var replicas: Int
        /// Seconds in which a message of a known name is kept only once.
        package var duplicateSeconds: Double

        /// Describes a stream.
        package init(name: String, subjects: [String], replicas: Int = 1, duplicateSeconds: Double = 120) {
            self.name = name
            self.subjects = subjects
            self.replicas = replicas
            self.duplicateSeconds = duplicateSeconds
        }
    }

    /// What a stream holds now.
    package struct StreamState: Sendable, Equatable {
        /// The number of the oldest message; one more than `last` where there is none.
        package var first: UInt64
        /// The number of the newest message that ever was.
        package var last: UInt64
        /// Messages, and their bytes.
        package var count, byteCount: UInt64
    }

    /// Works through a connection.
    package init(_ connection: NATSConnection) throws {
        self.connection = connection
        var options = jsOptions()
        try check(jsOptions_Init(&options), "options of JetStream")
        options.Wait = 5000
        var made: OpaquePointer?
        try check(natsConnection_JetStream(&made, connection.handle, &options), "JetStream")
        guard let made else { throw NATSFailure(.other, "JetStream cannot be used") }
        handle = made
    }

    deinit { jsCtx_Destroy(handle) }

    /// Makes a stream; nothing happens where there is one like it.
    package func createStream(_ settings: StreamSettings) throws {
        var configuration = jsStreamConfig()
        try check(jsStreamConfig_Init(&configuration), "a stream")
        let name = strdup(settings.name)
        let texts = settings.subjects.map { strdup($0) }
        defer { for text in texts + [name] { free(text) } }
        var subjects = texts.map { UnsafePointer($0) as UnsafePointer<CChar>? }
        configuration.Name = UnsafePointer(name)
        configuration.Storage = js_FileStorage
        configuration.Replicas = Int64(settings.replicas)
        configuration.Duplicates = Int64(settings.duplicateSeconds * 1e9)
        configuration.AllowDirect = true
        var code = jsErrCode(rawValue: 0)
        try subjects.withUnsafeMutableBufferPointer { subjects in
            configuration.Subjects = subjects.baseAddress
            configuration.SubjectsLen = Int32(subjects.count)
            let status = js_AddStream(nil, handle, &configuration, nil, &code)
            try check(status, "making stream \(settings.name)", code)
        }
    }

    /// What a stream holds.
    ///
    /// - Throws: ``NATSFailure``: of kind `notFound` where there is none.
    package func state(of stream: String) throws -> StreamState {
        var info: UnsafeMutablePointer<jsStreamInfo>?
        var code = jsErrCode(rawValue: 0)
        try check(js_GetStreamInfo(&info, handle, stream, nil, &code), "stream \(stream)", code)
        defer { jsStreamInfo_Destroy(info) }
        guard let state = info?.pointee.State else { throw NATSFailure(.other, "stream \(stream): no answer") }
        // An empty stream that was purged says where it will go on.
        let first = state.Msgs == 0 ? state.LastSeq + 1 : state.FirstSeq
        return StreamState(first: first, last: state.LastSeq, count: state.Msgs, byteCount: state.Bytes)
    }

    /// The first message from a number on that was sent to a subject; `nil` where there is none.
    ///
    /// Whichever server keeps the stream answers, also one that is a little behind the others.
    package func message(of stream: String, from sequence: UInt64, to subject: String) throws -> NATSMessage? {
        var options = jsDirectGetMsgOptions()
        try check(jsDirectGetMsgOptions_Init(&options), "options of a message")
        let text = strdup(subject)
        defer { free(text) }
        options.Sequence = sequence
        options.NextBySubject = UnsafePointer(text)
        var found: OpaquePointer?
        let status = js_DirectGetMsg(&found, handle, stream, nil, &options)
        if status == NATS_NOT_FOUND { return nil }
        try check(status, "a message of stream \(stream)")
        guard let found else { return nil }
        defer { natsMsg_Destroy(found) }
        return NATSMessage(found, sequence: natsMsg_GetSequence(found))
    }

    /// The names of all streams.
    package func streamNames() throws -> [String] {
        var list: UnsafeMutablePointer<jsStreamNamesList>?
        var code = jsErrCode(rawValue: 0)
        let status = js_StreamNames(&list, handle, nil, &code)
        if status == NATS_NOT_FOUND { return [] }
        try check(status, "the names of streams", code)
        defer { jsStreamNamesList_Destroy(list) }
        guard let list = list?.pointee else { return [] }
        return (0..<Int(list.Count)).compactMap { list.List[$0].map { String(cString: $0) } }
    }

    /// Forgets a stream; whether there was one.
    @discardableResult
    package func deleteStream(_ stream: String) throws -> Bool {
        var code = jsErrCode(rawValue: 0)
        let status = js_DeleteStream(handle, stream, nil, &code)
        if code == JSStreamNotFoundErr || status == NATS_NOT_FOUND { return false }
        try check(status, "deleting stream \(stream)", code)
        return true
    }

    /// Forgets messages.
    ///
    /// - Parameters:
    ///   - stream: of which stream.
    ///   - sequence: those before it; `nil` for all.
    ///   - subject: only those sent there, which may hold wildcards.
    /// - Throws: ``NATSFailure``.
    package func purge(_ stream: String, before sequence: UInt64? = nil, subject: String? = nil) throws {
        // Servers take "before the first" of a subject for "all".
        if let sequence, sequence <= 1 { return }
        var options = jsOptions()
        try check(jsOptions_Init(&options), "options of a purge")
        options.Wait = 5000
        let text = subject.map { strdup($0) }
        defer { free(text ?? nil) }
        options.Stream.Purge.Subject = text.map { UnsafePointer($0) } ?? nil
        options.Stream.Purge.Sequence = sequence ?? 0
        var code = jsErrCode(rawValue: 0)
        try check(js_PurgeStream(handle, stream, &options, &code), "purging stream \(stream)", code)
    }

    /// Sends a message to a stream, and waits until it is kept.
    ///
    /// - Parameters:
    ///   - bytes: what is kept.
    ///   - subject: one of the stream's.
    ///   - name: a message of the same name is kept once, however often it is sent.
    ///   - seconds: how long to wait. Whoever hears of no answer sends again, under the same name.
    /// - Returns: the message's number in the stream.
    /// - Throws: ``NATSFailure``: of kinds `timeout`, `away` and `noResponders` where trying again may help.
    package func publish(
        _ bytes: [UInt8], to subject: String, name: String, within seconds: Double
    ) async throws -> UInt64 {
        let answer = try await connection.request(
            bytes, to: subject, [("Nats-Msg-Id", name)], within: seconds, isWhole: false)
        guard let kept = try? JSONDecoder().decode(Kept.self, from: Data(answer)) else {
            throw NATSFailure(.other, "\(subject): expected the number of a message, got \(answer.count) other bytes")
        }
        if let error = kept.error {
            let text = "\(subject): \(error.description ?? "not kept") (\(error.err_code ?? error.code ?? 0))"
            // 503: no leader at the moment, or the servers are short of something.
            throw NATSFailure(error.code == 503 || error.code == 408 ? .away : .other, text)
        }
        guard let sequence = kept.seq, sequence > 0 else {
            throw NATSFailure(.other, "\(subject): expected the number of a message, got none")
        }
        return sequence
    }

    private struct Kept: Decodable {
        struct Problem: Decodable {
            var code: Int?
            var err_code: Int?
            var description: String?
        }
        var seq: UInt64?
        var error: Problem?
    }
}
