public import AkinStore
public import Hummingbird

/// Why a request is not answered as asked: what the reply's status and JSON say.
public struct RequestError: Error, Sendable, Equatable {
    /// The HTTP status.
    public var status: HTTPResponse.Status
    /// A word for programs, which stays the same.
    public var code: String
    /// A sentence for people.
    public var message: String
    /// Where in the request it is: `points[3].vector`.
    public var field: String?
    /// What should have come, and what came.
    public var expected, actual: String?
    /// When it may be worth to try again.
    public var retryAfterSeconds: Int?
    /// Methods that the path knows, for 405.
    public var allow: String?

    /// Describes an error.
    public init(_ status: HTTPResponse.Status, _ code: String, _ message: String) {
        self.status = status
        self.code = code
        self.message = message
    }

    /// Describes an error by the number of its HTTP status.
    package init(status: Int, _ code: String, _ message: String) {
        self.init(HTTPResponse.Status(code: status), code, message)
    }

    /// The number of the HTTP status.
    package var statusCode: Int { status.code }

    /// A field of the request that is not what it must be.
    ///
    /// - Parameters:
    ///   - field: its place in the request.
    ///   - expected: what should have come.
    ///   - actual: what came.
    ///   - status: 400, or 422 for what is well formed and still not possible.
    /// - Returns: the error.
    public static func invalid(
        _ field: String, expected: String, actual: String, status: HTTPResponse.Status = .badRequest
    ) -> Self {
        var error = Self(status, "invalid", "\(field): expected \(expected), got \(actual)")
        error.field = field
        error.expected = expected
        error.actual = actual
        return error
    }

    /// A field that asks for something this server does not do.
    public static func unsupported(_ field: String, _ what: String, expected: String) -> Self {
        var error = Self(.badRequest, "unsupported", "\(field): \(what) is not supported; expected \(expected)")
        error.field = field
        error.expected = expected
        error.actual = what
        return error
    }

    /// Something that is not there at the moment, and may be again: 503.
    public static func unavailable(_ code: String, _ message: String, retryAfterSeconds: Int = 1) -> Self {
        var error = Self(.serviceUnavailable, code, message)
        error.retryAfterSeconds = retryAfterSeconds
        return error
    }

    /// The same error, seen from outside a member or an element.
    func within(_ place: String) -> Self {
        guard let field, let expected, let actual, !place.isEmpty else { return self }
        var error = self
        let whole = field.isEmpty ? place : field.hasPrefix("[") ? place + field : "\(place).\(field)"
        error.field = whole
        error.message =
            code == "unsupported"
            ? "\(whole): \(actual) is not supported; expected \(expected)"
            : "\(whole): expected \(expected), got \(actual)"
        return error
    }

    /// What a failed call becomes; errors that nobody foresaw become 500 without saying more.
    public init(_ error: any Error) {
        switch error {
        case let error as RequestError: self = error
        case let error as StoreError: self.init(error)
        case let error as Overload:
            self.init(.tooManyRequests, "overloaded", error.reason)
            retryAfterSeconds = error.retryAfterSeconds
        case let error as JSONError:
            self = .invalid("body", expected: "a JSON document", actual: error.description)
        case let error as any HTTPResponseError:
            self.init(error.status, "http", error.status.reasonPhrase)
        case is CancellationError:
            self.init(.serviceUnavailable, "unavailable", "the server is shutting down")
            retryAfterSeconds = 1
        default:
            self.init(.internalServerError, "internal", "the server failed; its log says more")
        }
    }

    /// What an error of the store becomes.
    public init(_ error: StoreError) {
        let status: HTTPResponse.Status
        switch error {
        case .noCollection, .noPoint, .snapshot: status = .notFound
        case .collectionExists: status = .conflict
        case .invalid: status = .badRequest
        case .spaceMismatch: status = .unprocessableContent
        case .diskFull: status = .init(code: 507, reasonPhrase: "Insufficient Storage")
        case .storage: status = .internalServerError
        case .unavailable: status = .serviceUnavailable
        }
        self.init(status, error.code, error.description)
        switch error {
        case .invalid(let field, let expected, let actual):
            self.field = field
            self.expected = expected
            self.actual = actual
        case .spaceMismatch(let expected, let actual):
            self.field = "space"
            self.expected = expected
            self.actual = actual
        case .unavailable:
            retryAfterSeconds = 1
        default: break
        }
    }
}

/// Runs `body`; errors about a field of what it reads are told with the place around it.
func within<T>(_ place: @autoclosure () -> String, _ body: () throws -> T) throws -> T {
    do { return try body() } catch let error as RequestError { throw error.within(place()) }
}
