public import AkinStore
public import Hummingbird
internal import NIOCore

/// Replies of JSON, in the envelope that clients of Qdrant expect.
public enum Reply {
    /// `{"result": …, "status": "ok", "time": …}`.
    ///
    /// - Parameters:
    ///   - start: when the request came.
    ///   - extra: written between status and time, with a comma at its end: `"search":{…},`.
    ///   - result: adds one JSON value.
    /// - Returns: the reply.
    public static func ok(
        since start: ContinuousClock.Instant, extra: String = "", _ result: (inout [UInt8]) -> Void
    ) -> Response {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(1024)
        JSONWriter.append(#"{"result":"#, to: &bytes)
        result(&bytes)
        JSONWriter.append(#","status":"ok","#, to: &bytes)
        JSONWriter.append(extra, to: &bytes)
        if let notes = CallNotes.current { JSONWriter.append(notes.json, to: &bytes) }
        appendTime(since: start, to: &bytes)
        return json(bytes)
    }

    /// `{"result": …, "status": "ok", "time": …}` of a value.
    public static func ok(since start: ContinuousClock.Instant, _ result: JSON) -> Response {
        ok(since: start) { JSONWriter.append(result, to: &$0) }
    }

    /// A reply of JSON text.
    public static func json(_ bytes: [UInt8], status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status, headers: [.contentType: "application/json"],
            body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    /// A reply of bytes.
    public static func bytes(_ bytes: some Sequence<UInt8>, type: String, headers: HTTPFields = [:]) -> Response {
        var headers = headers
        headers[.contentType] = type
        return Response(status: .ok, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    /// A reply that says what is wrong.
    public static func error(_ error: RequestError, since start: ContinuousClock.Instant) -> Response {
        var bytes: [UInt8] = []
        JSONWriter.append(#"{"result":null,"status":{"error":"#, to: &bytes)
        JSONWriter.append(quoted: error.message, to: &bytes)
        let members = [
            ("code", error.code), ("field", error.field), ("expected", error.expected), ("actual", error.actual),
        ]
        for (name, value) in members {
            guard let value else { continue }
            JSONWriter.append(#",""# + name + #"":"#, to: &bytes)
            JSONWriter.append(quoted: value, to: &bytes)
        }
        JSONWriter.append("},", to: &bytes)
        appendTime(since: start, to: &bytes)
        var response = json(bytes, status: error.status)
        if let seconds = error.retryAfterSeconds { response.headers[.retryAfter] = String(seconds) }
        if let allow = error.allow { response.headers[.allow] = allow }
        if error.status == .unauthorized { response.headers[.wwwAuthenticate] = "Bearer" }
        return response
    }

    private static func appendTime(since start: ContinuousClock.Instant, to bytes: inout [UInt8]) {
        JSONWriter.append(#""time":"#, to: &bytes)
        JSONWriter.append((ContinuousClock.now - start) / .seconds(1), to: &bytes)
        bytes.append(UInt8(ascii: "}"))
    }
}

extension JSONWriter {
    /// Adds the name of a point: a number, or a string.
    public static func append(_ id: PointID, to bytes: inout [UInt8]) {
        switch id {
        case .number(let number): append(String(number), to: &bytes)
        case .name(let name): append(quoted: name, to: &bytes)
        }
    }

    /// Adds an array of numbers.
    public static func append(_ numbers: [Float], to bytes: inout [UInt8]) {
        append(each: numbers, to: &bytes) { append($0, to: &$1) }
    }

    /// Adds an array of what `append` writes.
    public static func append<T>(
        each elements: some Sequence<T>, to bytes: inout [UInt8], _ append: (T, inout [UInt8]) -> Void
    ) {
        bytes.append(UInt8(ascii: "["))
        var isFirst = true
        for element in elements {
            if !isFirst { bytes.append(UInt8(ascii: ",")) }
            isFirst = false
            append(element, &bytes)
        }
        bytes.append(UInt8(ascii: "]"))
    }
}
