internal import CNATS

/// A message as it came.
package struct NATSMessage: Sendable {
    /// Where it was sent.
    package var subject: String
    /// Where answers go; `nil` where none is wanted.
    package var reply: String?
    /// What it carries.
    package var bytes: [UInt8]
    /// Its number in the stream it was read from; 0 elsewhere.
    package var sequence: UInt64

    /// Copies a message of the library, which stays the caller's.
    init(_ message: OpaquePointer, sequence: UInt64 = 0) {
        subject = natsMsg_GetSubject(message).map { String(cString: $0) } ?? ""
        reply = natsMsg_GetReply(message).map { String(cString: $0) }
        let count = Int(natsMsg_GetDataLength(message))
        bytes =
            natsMsg_GetData(message).map {
                Array(UnsafeRawBufferPointer(start: $0, count: count))
            } ?? []
        self.sequence = sequence
    }
}

/// Headers of a message to be sent.
typealias NATSHeaders = [(name: String, value: String)]

/// Lends a message of the library with headers.
func withMessage<Result>(
    to subject: String, reply: String?, _ bytes: [UInt8], _ headers: NATSHeaders,
    _ body: (OpaquePointer) throws -> Result
) throws -> Result {
    var made: OpaquePointer?
    let status = bytes.withUnsafeBytes { bytes in
        natsMsg_Create(
            &made, subject, reply, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(bytes.count))
    }
    try check(status, "a message to \(subject)")
    guard let made else { throw NATSFailure(.other, "a message to \(subject) cannot be made") }
    defer { natsMsg_Destroy(made) }
    for (name, value) in headers { try check(natsMsgHeader_Set(made, name, value), "header \(name)") }
    return try body(made)
}
