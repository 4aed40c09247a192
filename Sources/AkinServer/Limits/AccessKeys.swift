internal import Akin
public import Hummingbird

/// The keys that a server knows.
///
/// Without any, everybody may do everything.
public struct AccessKeys: Sendable {
    // Digests have one length, so comparing them says nothing about the keys' lengths.
    private let full, readOnly: [[UInt8]]

    /// Takes keys, each of which must not be empty.
    public init(full: [String] = [], readOnly: [String] = []) {
        self.full = full.map(Self.digest)
        self.readOnly = readOnly.map(Self.digest)
    }

    /// Whether keys are asked for at all.
    public var areNeeded: Bool { !full.isEmpty || !readOnly.isEmpty }

    /// What the key in a request's headers allows: `api-key`, or `Authorization: Bearer`.
    public func access(_ headers: HTTPFields) -> Access {
        guard areNeeded else { return .write }
        guard let key = headers[Self.apiKey] ?? Self.bearer(headers) else { return .none }
        let digest = Self.digest(key)
        // Every known key is compared, whichever fits.
        var isFull = false, isReader = false
        for known in full { isFull = Self.areEqual(known, digest) || isFull }
        for known in readOnly { isReader = Self.areEqual(known, digest) || isReader }
        return isFull ? .write : isReader ? .read : .none
    }

    private static let apiKey = HTTPFields.name("api-key")

    private static func bearer(_ headers: HTTPFields) -> String? {
        guard let value = headers[.authorization], value.utf8.count > 7,
            value.prefix(7).lowercased() == "bearer "
        else { return nil }
        return String(value.dropFirst(7))
    }

    private static func digest(_ key: String) -> [UInt8] {
        var hash = SHA256()
        hash.update(Array(key.utf8))
        return Array(hash.hexDigest().utf8)
    }

    /// Takes the same time wherever the first difference is.
    private static func areEqual(_ a: [UInt8], _ b: [UInt8]) -> Bool {
        var difference: UInt8 = 0
        for i in 0..<64 { difference |= a[i] ^ b[i] }
        return difference == 0
    }
}

extension HTTPFields {
    /// The name of a header field that the standard does not have.
    static func name(_ text: String) -> HTTPFields.Element.Name {
        guard let name = HTTPFields.Element.Name(text) else { fatalError("\(text) is no name of a header field") }
        return name
    }
}
