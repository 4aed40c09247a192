internal import CNATS

/// What NATS refuses or cannot do.
package struct NATSFailure: Error, Equatable, Sendable, CustomStringConvertible {
    /// What kind of failure it is, as far as callers act on it.
    package enum Kind: Sendable, Equatable {
        /// No server can be reached, or the connection broke; waiting may help.
        case away
        /// No answer came in time; what was asked for may or may not have been done.
        case timeout
        /// Nobody listens where the question went.
        case noResponders
        /// There is no such stream, key or message.
        case notFound
        /// Somebody else wrote first, or it exists already.
        case conflict
        /// More bytes than the servers take in one message.
        case tooLarge
        /// The credentials or the certificate are not accepted.
        case refused
        /// Anything else.
        case other
    }

    /// What kind of failure it is.
    package var kind: Kind
    /// A sentence.
    package var description: String

    /// Describes a failure.
    package init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }

    /// What a call of the library said.
    init(_ status: natsStatus, _ what: String, code: jsErrCode = jsErrCode(rawValue: 0)) {
        let last = nats_GetLastError(nil).map { String(cString: $0) } ?? ""
        let text = String(cString: natsStatus_GetText(status))
        description = "\(what): \(text)" + (last.isEmpty || last == text ? "" : " (\(last))")
        kind =
            switch code {
            case JSStreamNotFoundErr, JSConsumerNotFoundErr, JSNoMessageFoundErr: .notFound
            case JSStreamNameExistErr, JSStreamWrongLastSequenceErr: .conflict
            case JSClusterNotAvailErr, JSClusterNotLeaderErr, JSNotEnabledErr, JSNotEnabledForAccountErr: .away
            default: Self.kind(status)
            }
    }

    static func kind(_ status: natsStatus) -> Kind {
        switch status {
        case NATS_NOT_FOUND: .notFound
        case NATS_TIMEOUT: .timeout
        case NATS_NO_RESPONDERS: .noResponders
        case NATS_MAX_PAYLOAD: .tooLarge
        case NATS_NO_SERVER, NATS_CONNECTION_CLOSED, NATS_CONNECTION_DISCONNECTED, NATS_IO_ERROR, NATS_STALE_CONNECTION,
            NATS_NOT_YET_CONNECTED, NATS_INSUFFICIENT_BUFFER, NATS_DRAINING, NATS_PROTOCOL_ERROR:
            .away
        case NATS_CONNECTION_AUTH_FAILED, NATS_NOT_PERMITTED, NATS_SSL_ERROR, NATS_SECURE_CONNECTION_REQUIRED,
            NATS_SECURE_CONNECTION_WANTED:
            .refused
        default: .other
        }
    }
}

/// Throws what a call of the library said, unless it went well.
func check(_ status: natsStatus, _ what: @autoclosure () -> String, _ code: jsErrCode = jsErrCode(rawValue: 0)) throws {
    guard status != NATS_OK else { return }
    throw NATSFailure(status, what(), code: code)
}
