internal import AkinStore
internal import Foundation
public import Hummingbird
internal import Logging
internal import NIOHTTP1
internal import Synchronization

/// What goes around every answer: a request's name, its key, the limits, errors as JSON, counts and the log.
public struct Frame: HTTPResponder {
    private let environment: ServerEnvironment
    private let keys: AccessKeys
    private let known: KnownPaths
    private let responder: RouterResponder<ServerContext>

    /// Puts a frame around routes.
    public init(_ routes: Routes, _ environment: ServerEnvironment, keys: AccessKeys = .init()) {
        self.environment = environment
        self.keys = keys
        known = routes.known
        responder = routes.responder()
    }

    /// Answers a request; throws only what is no HTTP.
    public func respond(to request: Request, context: ServerContext) async throws -> Response {
        var context = context
        let id = Self.name(of: request)
        let running = environment.metrics.begin()
        let notes = CallNotes(afterText: request.headers[Self.after])
        var response: Response
        do {
            guard running <= environment.limits.requests else {
                throw Overload("\(environment.limits.requests) requests are being answered already")
            }
            context.access = keys.access(request.headers)
            let answering = context
            response = try await CallNotes.$current.withValue(notes) {
                try await responder.respond(to: request, context: answering)
            }
            // The router's own reply to a path it does not know.
            if response.status == .notFound, Self.route(context) == nil { throw unknown(request) }
        } catch let error as HTTPParserError {
            // Hummingbird answers and closes the connection.
            environment.bodies.give(context.held.byteCount)
            finish(request, context, status: 400)
            throw error
        } catch {
            let told = RequestError(error)
            if told.status == .internalServerError {
                context.logger.error("\(error)", metadata: ["request": "\(id)", "path": "\(request.uri.path)"])
            }
            response = Reply.error(told, since: context.start)
        }
        response.headers[Self.requestID] = id
        if let positions = notes.positionsText { response.headers[Self.positions] = positions }
        environment.bodies.give(context.held.byteCount)
        finish(request, context, status: response.status.code)
        if context.logger.logLevel <= .debug {
            context.logger.debug(
                "answered",
                metadata: [
                    "request": "\(id)", "method": "\(request.method)", "path": "\(request.uri.path)",
                    "status": "\(response.status.code)",
                    "ms": "\((ContinuousClock.now - context.start) / .milliseconds(1))",
                ])
        }
        return response
    }

    private func finish(_ request: Request, _ context: ServerContext, status: Int) {
        let route = Self.route(context)
        environment.metrics.end(
            route == nil ? "any" : request.method.rawValue, route ?? "unknown", status: status,
            after: ContinuousClock.now - context.start)
    }

    /// The path of the route that was found, with its variables.
    private static func route(_ context: ServerContext) -> String? {
        // What Hummingbird writes there when it finds none.
        context.endpointPath == "NotFound" ? nil : context.endpointPath
    }

    private func unknown(_ request: Request) -> RequestError {
        let methods = known.methods(of: request.uri.path)
        if methods.isEmpty {
            return RequestError(.notFound, "no_route", "this server has no path \(request.uri.path.prefix(128))")
        }
        var error = RequestError(
            .methodNotAllowed, "method", "this path answers to \(methods.joined(separator: ", "))")
        error.allow = methods.joined(separator: ", ")
        return error
    }

    private static let after = HTTPFields.name(CallNotes.afterHeader)
    private static let positions = HTTPFields.name(CallNotes.positionsHeader)
    private static let requestID = HTTPFields.name("x-request-id")
    private static let counter = Atomic<UInt64>(0)
    private static let process = String(UInt64.random(in: .min ... .max), radix: 16)

    /// The name that the caller gave the request, where it is harmless, or a new one.
    private static func name(of request: Request) -> String {
        if let given = request.headers[requestID], (1...128).contains(given.utf8.count),
            given.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\"") })
        {
            return given
        }
        return process + "-" + String(counter.add(1, ordering: .relaxed).newValue, radix: 16)
    }
}
