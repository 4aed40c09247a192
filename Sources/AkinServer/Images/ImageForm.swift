internal import Akin
internal import AkinStore
internal import Foundation
internal import Hummingbird
internal import NIOCore

/// What a request with pictures carries: the body itself is a picture, or a form has pictures and fields.
struct ImageForm: Sendable {
    /// A picture, and what stood before it in the form.
    struct Image: Sendable {
        var bytes: [UInt8]
        var id: PointID?
        var payload: Payload?
        /// Its place in the form, for errors.
        var place: String
    }

    private(set) var images: [Image] = []
    /// Fields that belong to the whole form.
    private(set) var fields: [String: [UInt8]] = [:]

    /// Reads a request's body.
    ///
    /// In a form `id` and `payload` belong to the `image` behind them; fields whose names are `known` belong to the
    /// whole.
    /// There are at most `most` pictures.
    init(
        _ request: Request, _ context: ServerContext, _ environment: ServerEnvironment, fields known: Set<String> = [],
        most: Int
    ) async throws {
        let type = request.headers[.contentType] ?? ""
        guard type.lowercased().hasPrefix("multipart/") else {
            let bytes = Array(try await environment.body(of: request, context).buffer.readableBytesView)
            guard !bytes.isEmpty else {
                throw RequestError.invalid("body", expected: "a picture, or a form with one", actual: "nothing")
            }
            images = [Image(bytes: bytes, place: "image")]
            return
        }
        var parts = try MultipartReader(request, limit: environment.limits.bodyBytes)
        var above = Above()
        while let part = try await parts.nextPart() {
            var content: [UInt8] = []
            while let bytes = try await parts.nextBytes() {
                try environment.bodies.take(bytes.count)
                context.held.add(bytes.count)
                content += bytes
            }
            try take(part.name, content, known, most, &above)
        }
        guard !images.isEmpty else {
            throw RequestError.invalid("image", expected: "a part with a picture", actual: "none")
        }
        guard above.id == nil, above.payload == nil else {
            throw RequestError.invalid(
                "image", expected: "a picture behind its id and payload", actual: "the form's end")
        }
    }

    /// What stood before a picture in the form.
    private struct Above {
        var id: PointID?
        var payload: Payload?
    }

    private mutating func take(
        _ name: String, _ content: [UInt8], _ known: Set<String>, _ most: Int, _ above: inout Above
    ) throws {
        switch name {
        case "id":
            guard let text = String(validating: content, as: UTF8.self), let id = PointID(path: text) else {
                throw RequestError.invalid(
                    "id", expected: "an unsigned number or 1 to \(PointID.greatestLength) bytes of text",
                    actual: "\(content.count) bytes")
            }
            above.id = id
        case "payload":
            above.payload = try within("payload") {
                do {
                    return try JSONDocument(parsing: content).root.payload()
                } catch let error as JSONError {
                    throw RequestError.invalid("", expected: "a JSON object", actual: error.description)
                }
            }
        case "image":
            guard images.count < most else {
                throw RequestError.invalid(
                    "image", expected: "at most \(most)", actual: "more", status: .unprocessableContent)
            }
            let place = most == 1 ? "image" : "image[\(images.count)]"
            images.append(Image(bytes: content, id: above.id, payload: above.payload, place: place))
            above = Above()
        case let name where known.contains(name): fields[name] = content
        default:
            throw RequestError.invalid(
                String(name.prefix(64)),
                expected: "one of \((["image", "id", "payload"] + known.sorted()).joined(separator: ", "))",
                actual: "another field")
        }
    }
}

extension PointID {
    /// A name as it stands in a path or a form: a number where it is one.
    init?(path text: String) {
        if let number = UInt64(text), text.utf8.first != UInt8(ascii: "+") {
            self = .number(number)
        } else {
            self.init(name: text)
        }
    }

    /// The name of a picture that came without one: a UUID (version 8) of its bytes, so that the same file is stored
    /// once.
    init(contentOf bytes: [UInt8]) {
        var hash = SHA256()
        hash.update(bytes)
        self = .name(hash.uuid())
    }
}
