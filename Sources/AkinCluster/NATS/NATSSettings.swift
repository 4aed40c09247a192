internal import CNATS
internal import Foundation

/// Where the servers of NATS are, and who asks them.
package struct NATSSettings: Sendable {
    /// `nats://host:port` or `tls://host:port`, with `user:password@` where it is asked for, any server of the cluster; the others are learnt from it.
    package var servers: [String]
    /// What the servers call this connection in their reports.
    package var name: String
    /// A file of credentials (a JWT and a key), as NATS's tools make it.
    package var credentials: String?
    /// Certificates, in PEM, of the authorities that vouch for the servers.
    package var authorities: String?
    /// The certificate, in PEM, by which servers know this client, and its key.
    package var certificate: (chain: String, key: String)?

    /// Describes a connection.
    package init(servers: [String], name: String) {
        self.servers = servers
        self.name = name
    }

    /// Whether TLS is asked for.
    var isSecure: Bool {
        authorities != nil || certificate != nil || servers.contains { $0.hasPrefix("tls://") }
    }

    /// The servers as messages name them: without users and passwords.
    var places: String {
        servers.map { server in
            guard var parts = URLComponents(string: server) else { return "a server whose URL cannot be read" }
            (parts.user, parts.password) = (nil, nil)
            return parts.string ?? ""
        }.joined(separator: ", ")
    }

    /// The library's options; the caller destroys them.
    func make() throws -> OpaquePointer {
        var made: OpaquePointer?
        try check(natsOptions_Create(&made), "options of NATS")
        guard let options = made else { throw NATSFailure(.other, "options of NATS cannot be made") }
        do {
            try set(options)
            return options
        } catch {
            natsOptions_Destroy(options)
            throw error
        }
    }

    private func set(_ options: OpaquePointer) throws {
        guard !servers.isEmpty else { throw NATSFailure(.other, "expected the URL of a NATS server, got none") }
        let texts = servers.map { strdup($0) }
        defer { for text in texts { free(text) } }
        var pointers = texts.map { UnsafePointer($0) as UnsafePointer<CChar>? }
        try check(
            natsOptions_SetServers(options, &pointers, Int32(servers.count)),
            "servers \(places)")
        try check(natsOptions_SetName(options, name), "name")
        // A server that hangs is found within six seconds rather than four minutes.
        try check(natsOptions_SetPingInterval(options, 2000), "ping interval")
        try check(natsOptions_SetMaxPingsOut(options, 2), "pings")
        try check(natsOptions_SetTimeout(options, 2000), "timeout")
        try check(natsOptions_SetMaxReconnect(options, -1), "reconnections")
        try check(natsOptions_SetReconnectWait(options, 200), "wait")
        try check(natsOptions_SetReconnectJitter(options, 100, 100), "jitter")
        // What is asked while no server is there fails at once instead of lying in a buffer: whoever asks tries again.
        try check(natsOptions_SetReconnectBufSize(options, 1), "buffer")
        // A thread that flushes later would add its own waking to every question.
        try check(natsOptions_SetSendAsap(options, true), "sending")
        // Otherwise a peer that reads nothing would hold a sender for ever.
        try check(natsOptions_SetWriteDeadline(options, 5000), "deadline")
        if let credentials {
            try check(natsOptions_SetUserCredentialsFromFiles(options, credentials, nil), credentials)
        }
        if isSecure {
            try check(natsOptions_SetSecure(options, true), "TLS")
        }
        if let authorities { try check(natsOptions_LoadCATrustedCertificates(options, authorities), authorities) }
        if let certificate {
            try check(
                natsOptions_LoadCertificatesChain(options, certificate.chain, certificate.key), certificate.chain)
        }
    }
}
