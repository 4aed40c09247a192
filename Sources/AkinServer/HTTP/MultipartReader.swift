public import Hummingbird
internal import NIOCore

/// The parts of a `multipart/form-data` body, read while it comes, so that large ones need little memory.
///
/// ```swift
/// var parts = try MultipartReader(request, limit: 1 << 20)
/// while let part = try await parts.nextPart() {
///     while let bytes = try await parts.nextBytes() { … }
/// }
/// ```
public struct MultipartReader {
    /// What stands above a part.
    public struct Part: Sendable, Equatable {
        /// The name of the field.
        public var name: String
        /// The name of the file, where it is one.
        public var fileName: String?
        /// The media type, where it is told.
        public var contentType: String?
    }

    private static let headLimit = 8 << 10

    private let delimiter: [UInt8]
    private let limit: Int
    private var body: RequestBody.AsyncIterator
    /// Bytes that came and were not handed out.
    ///
    /// The line break before the first delimiter may be missing.
    private var pending: [UInt8] = Array("\r\n".utf8)
    private var byteCount = 0
    /// True at first: what stands above the first part is passed over like a part.
    private var isInPart = true
    private var isAtEnd = false

    /// Starts to read a body.
    ///
    /// - Parameters:
    ///   - request: its `Content-Type` names the boundary.
    ///   - limit: bytes that the body may have.
    /// - Throws: ``RequestError`` 415 where the body is of another type.
    public init(_ request: Request, limit: Int) throws {
        let type = request.headers[.contentType] ?? ""
        guard type.prefix(19).lowercased() == "multipart/form-data",
            let boundary = Self.parameter("boundary", of: type),
            (1...70).contains(boundary.utf8.count)
        else {
            throw RequestError.invalid(
                "Content-Type", expected: "multipart/form-data with a boundary",
                actual: "\"\(type.prefix(128))\"", status: .unsupportedMediaType)
        }
        delimiter = Array("\r\n--\(boundary)".utf8)
        self.limit = limit
        body = request.body.makeAsyncIterator()
    }

    /// Goes to the next part, passing over what was not read of the one before; `nil` at the end.
    public mutating func nextPart() async throws -> Part? {
        while try await nextBytes() != nil {}
        guard !isAtEnd else { return nil }
        guard let head = try await line(endingIn: Array("\r\n".utf8), mayCloseBody: true) else { throw Self.cutShort }
        if head.starts(with: "--".utf8) {
            isAtEnd = true
            return nil
        }
        guard head.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) else {
            throw RequestError.invalid("body", expected: "a line break after the boundary", actual: "other bytes")
        }
        var part = Part(name: "")
        while let line = try await line(endingIn: Array("\r\n".utf8)), !line.isEmpty {
            let text = String(decoding: line, as: UTF8.self)
            guard let colon = text.firstIndex(of: ":") else { continue }
            let value = text[text.index(after: colon)...].drop { $0 == " " }
            switch text[..<colon].lowercased() {
            case "content-disposition":
                part.name = Self.parameter("name", of: value) ?? ""
                part.fileName = Self.parameter("filename", of: value)
            case "content-type": part.contentType = String(value)
            default: break
            }
        }
        isInPart = true
        return part
    }

    /// The next bytes of the part; `nil` at its end.
    public mutating func nextBytes() async throws -> [UInt8]? {
        guard isInPart else { return nil }
        while true {
            if let place = Self.place(of: delimiter, in: pending) {
                if place > 0 {
                    let bytes = Array(pending[..<place])
                    pending.removeFirst(place)
                    return bytes
                }
                pending.removeFirst(delimiter.count)
                isInPart = false
                return nil
            }
            let sure = pending.count - (delimiter.count - 1)
            if sure >= 1 << 16 {
                let bytes = Array(pending[..<sure])
                pending.removeFirst(sure)
                return bytes
            }
            guard try await read() else { throw Self.cutShort }
        }
    }

    /// All bytes of the part that are left.
    ///
    /// - Throws: ``RequestError`` 413 where there are more than `limit`.
    public mutating func bytes(atMost limit: Int) async throws -> [UInt8] {
        var all: [UInt8] = []
        while let bytes = try await nextBytes() {
            guard all.count + bytes.count <= limit else {
                throw RequestError.invalid(
                    "body", expected: "a part of at most \(limit) bytes", actual: "more", status: .contentTooLarge)
            }
            all += bytes
        }
        return all
    }

    /// The next line; `nil` where the body ends before it does.
    ///
    /// Where it may close the body, two hyphens at its start are enough: that line needs no end.
    private mutating func line(endingIn end: [UInt8], mayCloseBody: Bool = false) async throws -> [UInt8]? {
        while true {
            if let place = Self.place(of: end, in: pending) {
                let line = Array(pending[..<place])
                pending.removeFirst(place + end.count)
                return line
            }
            if mayCloseBody, pending.starts(with: "--".utf8) { return pending }
            guard pending.count < Self.headLimit else {
                throw RequestError.invalid("body", expected: "parts with short headers", actual: "a long one")
            }
            guard try await read() else { return nil }
        }
    }

    private mutating func read() async throws -> Bool {
        guard let buffer = try await body.next() else { return false }
        byteCount += buffer.readableBytes
        guard byteCount <= limit else {
            throw RequestError.invalid(
                "body", expected: "at most \(limit) bytes", actual: "more", status: .contentTooLarge)
        }
        pending.append(contentsOf: buffer.readableBytesView)
        return true
    }

    private static let cutShort = RequestError.invalid(
        "body", expected: "parts that end with the boundary", actual: "a body that was cut short")

    /// Where a pattern that starts with a rare byte begins.
    private static func place(of pattern: [UInt8], in bytes: [UInt8]) -> Int? {
        bytes.withUnsafeBufferPointer { bytes in
            pattern.withUnsafeBufferPointer { pattern in
                var i = 0
                while i + pattern.count <= bytes.count {
                    if bytes[i] == pattern[0] {
                        var j = 1
                        while j < pattern.count, bytes[i + j] == pattern[j] { j += 1 }
                        if j == pattern.count { return i }
                    }
                    i += 1
                }
                return nil
            }
        }
    }

    /// A parameter of a header: `name` of `form-data; name="image"`.
    private static func parameter(_ name: String, of header: some StringProtocol) -> String? {
        for piece in header.split(separator: ";").dropFirst() {
            let piece = piece.drop { $0 == " " }
            guard let equals = piece.firstIndex(of: "="), piece[..<equals].lowercased() == name else { continue }
            var value = piece[piece.index(after: equals)...]
            while value.last == " " { value.removeLast() }
            if value.count >= 2, value.first == "\"", value.last == "\"" { value = value.dropFirst().dropLast() }
            return String(value)
        }
        return nil
    }
}
