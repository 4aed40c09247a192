internal import AkinStore
internal import Foundation
internal import Hummingbird

extension Routes {
    /// Stores pictures: `PUT …/images/:id` one, `POST …/images` several.
    mutating func addImageUploads(_ environment: ServerEnvironment, _ images: ImageEnvironment) {
        let upload = ImageUpload(environment: environment, images: images)
        on(.put, "/v1/collections/:collection/images/:id", .write) { try await upload.one($0, $1) }
        on(.post, "/v1/collections/:collection/images", .write) { try await upload.several($0, $1) }
    }
}

/// Makes points of pictures.
struct ImageUpload: Sendable {
    /// Pictures in one form, at most.
    static let most = 1_024

    let environment: ServerEnvironment
    let images: ImageEnvironment

    private var service: any CollectionService { environment.service }

    /// Stores one picture; one that cannot be read is the reply's error.
    func one(_ request: Request, _ context: ServerContext) async throws -> Response {
        let (name, id) = (try context.collection(), try context.pointID())
        try QueryParameters(request).finish()
        try await images.check(try await service.configuration(of: name))
        let form = try await ImageForm(request, context, environment, most: 1)
        let image = form.images[0]
        guard image.id == nil || image.id == id else {
            throw RequestError.invalid("id", expected: "\(id), as the path says", actual: "\(image.id ?? id)")
        }
        let vector = try await images.embedding.vector(of: image.bytes)
        let point = Point(id: id, vector: vector, payload: image.payload ?? [:], image: Data(image.bytes))
        try await service.upsert([point], into: name)
        return Reply.ok(since: context.start) { bytes in
            JSONWriter.append(#"{"id":"#, to: &bytes)
            JSONWriter.append(id, to: &bytes)
            JSONWriter.append("}", to: &bytes)
        }
    }

    /// Stores those pictures that can be read, and names the others.
    func several(_ request: Request, _ context: ServerContext) async throws -> Response {
        let name = try context.collection()
        try QueryParameters(request).finish()
        try await images.check(try await service.configuration(of: name))
        let form = try await ImageForm(request, context, environment, most: Self.most)
        let vectors = try await embed(form.images)
        var points: [Point] = []
        for (image, vector) in zip(form.images, vectors) {
            guard case .success(let vector) = vector else { continue }
            points.append(
                Point(
                    id: image.id ?? PointID(contentOf: image.bytes), vector: vector, payload: image.payload ?? [:],
                    image: Data(image.bytes)))
        }
        if !points.isEmpty { try await service.upsert(points, into: name) }
        return Reply.ok(since: context.start) { bytes in
            JSONWriter.append(#"{"ids":"#, to: &bytes)
            JSONWriter.append(each: points, to: &bytes) { JSONWriter.append($0.id, to: &$1) }
            JSONWriter.append(#","failed":"#, to: &bytes)
            let failed = zip(form.images, vectors).compactMap { image, vector in
                if case .failure(let error) = vector { (image, error) } else { nil }
            }
            JSONWriter.append(each: failed, to: &bytes) { failure, bytes in
                let (image, error) = failure
                JSONWriter.append(#"{"field":"#, to: &bytes)
                JSONWriter.append(quoted: image.place, to: &bytes)
                if let id = image.id {
                    JSONWriter.append(#","id":"#, to: &bytes)
                    JSONWriter.append(id, to: &bytes)
                }
                JSONWriter.append(#","code":"#, to: &bytes)
                JSONWriter.append(quoted: error.code, to: &bytes)
                JSONWriter.append(#","error":"#, to: &bytes)
                JSONWriter.append(quoted: error.message, to: &bytes)
                JSONWriter.append("}", to: &bytes)
            }
            JSONWriter.append("}", to: &bytes)
        }
    }

    /// Embeds a form's pictures, a few at a time so that other requests get their turn.
    ///
    /// - Throws: what is no fault of a single picture.
    private func embed(_ pictures: [ImageForm.Image]) async throws -> [Result<[Float], RequestError>] {
        try await withThrowingTaskGroup(of: (Int, Result<[Float], RequestError>).self) { group in
            var results = [Result<[Float], RequestError>?](repeating: nil, count: pictures.count)
            var next = 0
            func start() {
                let (place, bytes) = (next, pictures[next].bytes)
                next += 1
                group.addTask {
                    do {
                        return (place, .success(try await images.embedding.vector(of: bytes)))
                    } catch let error as RequestError
                        where error.field == "image" || error.code == "image_not_embeddable"
                    {
                        return (place, .failure(error))
                    }
                }
            }
            while next < min(images.embedding.threads, pictures.count) { start() }
            while let (place, result) = try await group.next() {
                results[place] = result
                if next < pictures.count { start() }
            }
            return results.compactMap { $0 }
        }
    }
}
