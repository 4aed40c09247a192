import AkinStore
import Foundation

/// A key of NATS's decentralized authorization: an operator's, an account's or a user's.
///
/// Ed25519; written as base 32 of a byte that says whose it is, the key and a checksum, see
/// <https://docs.nats.io/running-a-nats-service/nats_admin/security/jwt>.
struct TenantKey {
    enum Owner: UInt8 {
        case `operator` = 112
        case account = 0
        case user = 160
    }

    let owner: Owner
    private let name: String
    private let openSSL: OpenSSL
    private let secret: [UInt8]
    private let open: [UInt8]

    /// Makes one; its file is NAME.nk.
    init(_ owner: Owner, _ name: String, _ openSSL: OpenSSL) throws {
        (self.owner, self.name, self.openSSL) = (owner, name, openSSL)
        try openSSL.run("genpkey", "-algorithm", "ed25519", "-out", "\(name).nk")
        // Both encodings end with the 32 bytes of the key.
        secret = try openSSL.run("pkey", "-in", "\(name).nk", "-outform", "DER").suffix(32)
        open = try openSSL.run("pkey", "-in", "\(name).nk", "-pubout", "-outform", "DER").suffix(32)
    }

    /// The public key.
    var text: String { Self.encode([owner.rawValue] + open) }

    /// The secret key.
    var seed: String {
        let seed: UInt8 = 144
        return Self.encode([seed | owner.rawValue >> 5, owner.rawValue << 3] + secret)
    }

    /// What this key's owner says of another's, signed.
    func token(about other: TenantKey, named title: String, _ claims: [(String, JSON)]) throws -> String {
        let header: JSON = .object(["typ": .string("JWT"), "alg": .string("ed25519-nkey")])
        let body: JSON = .object([
            "jti": .string(UUID().uuidString), "iat": .integer(Int64(Date().timeIntervalSince1970)),
            "iss": .string(text), "sub": .string(other.text), "name": .string(title),
            "nats": .object(Dictionary(claims + [("version", .integer(2))]) { $1 }),
        ])
        let signed = [header, body].map { Self.encode64($0.encoded) }.joined(separator: ".")
        try signed.write(toFile: openSSL.path("\(name).claims"), atomically: true, encoding: .utf8)
        let signature = try openSSL.run("pkeyutl", "-sign", "-inkey", "\(name).nk", "-rawin", "-in", "\(name).claims")
        return signed + "." + Self.encode64(signature)
    }

    private static func encode64(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString().replacingOccurrences(of: "+", with: "-")
            .replacingOccurrences(of: "/", with: "_").replacingOccurrences(of: "=", with: "")
    }

    /// Base 32 without padding, of the bytes and their CRC-16 (XMODEM), low byte first.
    private static func encode(_ bytes: [UInt8]) -> String {
        var checksum: UInt16 = 0
        for byte in bytes {
            checksum ^= UInt16(byte) << 8
            for _ in 0..<8 { checksum = checksum & 0x8000 == 0 ? checksum << 1 : checksum << 1 ^ 0x1021 }
        }
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
        var (text, rest, bits) = ("", 0, 0)
        for byte in bytes + [UInt8(checksum & 255), UInt8(checksum >> 8)] {
            (rest, bits) = (rest << 8 | Int(byte), bits + 8)
            while bits >= 5 {
                text.append(letters[rest >> (bits - 5) & 31])
                bits -= 5
            }
            rest &= 1 << bits - 1
        }
        if bits > 0 { text.append(letters[rest << (5 - bits) & 31]) }
        return text
    }
}

/// An account of NATS, in which one tenant's subjects, streams and buckets live, and the one user of it.
struct Tenant {
    let name: String
    let key: TenantKey
    /// What the operator says of it; servers are told.
    let token: String

    private static let unlimited = ["subs", "data", "payload", "imports", "exports", "conn", "leaf"]
    private static let streaming = ["mem_storage", "disk_storage", "streams", "consumer"]
    private static let anything = JSON.object(["pub": .object([:]), "sub": .object([:])])

    /// Makes an account; the servers' own must have no streams.
    init(_ name: String, of operating: TenantKey, _ openSSL: OpenSSL, hasStreams: Bool = true) throws {
        self.name = name
        key = try TenantKey(.account, name, openSSL)
        let unlimited = Self.unlimited + (hasStreams ? Self.streaming : [])
        let limits = Dictionary(unlimited.map { ($0, .integer(-1)) } + [("wildcards", JSON.bool(true))]) { $1 }
        token = try operating.token(
            about: key, named: name,
            [("type", .string("account")), ("limits", .object(limits)), ("default_permissions", Self.anything)])
    }

    /// Makes a user and the file of its credentials.
    ///
    /// - Returns: the file's path.
    func makeCredentials(_ openSSL: OpenSSL) throws -> String {
        let user = try TenantKey(.user, name + "-user", openSSL)
        let token = try key.token(
            about: user, named: name,
            [
                ("type", .string("user")), ("subs", .integer(-1)), ("data", .integer(-1)), ("payload", .integer(-1)),
                ("pub", .object([:])), ("sub", .object([:])),
            ])
        let path = openSSL.path("\(name).creds")
        try """
        -----BEGIN NATS USER JWT-----
        \(token)
        ------END NATS USER JWT------

        -----BEGIN USER NKEY SEED-----
        \(user.seed)
        ------END USER NKEY SEED------

        """.write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }
}
