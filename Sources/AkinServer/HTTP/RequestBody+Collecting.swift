internal import AkinStore
public import Foundation
public import Hummingbird
internal import NIOCore
internal import NIOHTTP1

/// Bytes of a request, as parsers take them.
public struct BodyBytes: ContiguousBytes, Sendable {
    /// The bytes as Hummingbird has them.
    public let buffer: ByteBuffer

    /// Lends the bytes.
    public func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try buffer.withUnsafeReadableBytes(body)
    }

    /// How many there are.
    public var count: Int { buffer.readableBytes }
}

extension Request {
    /// Bytes that the body has, where the head says so.
    var bodyLength: Int? { headers.first { $0.name == .contentLength }.flatMap { Int($0.value) } }
}

extension ServerEnvironment {
    /// Reads a whole body.
    ///
    /// - Parameters:
    ///   - request: whose body it is.
    ///   - context: takes note of the memory.
    ///   - limit: bytes it may have; ``ServerLimits/bodyBytes`` where it is `nil`.
    /// - Returns: its bytes.
    /// - Throws: ``RequestError`` 413 where it is longer, ``Overload`` when other bodies fill the memory set aside.
    public func body(of request: Request, _ context: ServerContext, limit: Int? = nil) async throws -> BodyBytes {
        let limit = limit ?? limits.bodyBytes
        if let length = request.bodyLength, length > limit { throw Self.tooLong(limit, "\(length) bytes") }
        var whole: ByteBuffer?
        var parts = request.body.makeAsyncIterator()
        while var part = try await Self.next(&parts) {
            let count = part.readableBytes
            guard (whole?.readableBytes ?? 0) + count <= limit else { throw Self.tooLong(limit, "more") }
            try bodies.take(count)
            context.held.add(count)
            if whole == nil { whole = part } else { whole?.writeBuffer(&part) }
        }
        return BodyBytes(buffer: whole ?? ByteBuffer())
    }

    /// Reads and parses a body of JSON; no body counts as an empty object where it is optional.
    func json(of request: Request, _ context: ServerContext, isOptional: Bool = false) async throws -> JSONReader {
        let bytes = try await body(of: request, context)
        if isOptional, bytes.count == 0 { return Self.emptyObject }
        return try JSONDocument(parsing: bytes).root
    }

    private static let emptyObject: JSONReader = {
        guard let document = try? JSONDocument(parsing: Array("{}".utf8)) else { fatalError("{} is JSON") }
        return document.root
    }()

    private static func next(_ parts: inout RequestBody.AsyncIterator) async throws -> ByteBuffer? {
        do {
            return try await parts.next()
        } catch let error as HTTPParserError {
            throw error
        } catch {
            throw RequestError.invalid("body", expected: "a whole body", actual: "one that was cut short")
        }
    }

    private static func tooLong(_ limit: Int, _ actual: String) -> RequestError {
        .invalid("body", expected: "at most \(limit) bytes", actual: actual, status: .contentTooLarge)
    }
}
