internal import Akin
internal import AkinStore
internal import AkinVision
internal import Foundation
internal import Hummingbird

extension Routes {
    /// Gives back pictures as they were stored, and small ones.
    mutating func addStoredImages(_ environment: ServerEnvironment, _ images: ImageEnvironment) {
        let stored = StoredImages(service: environment.service, images: images)
        on(.get, "/v1/collections/:collection/points/:id/image", .read) { try await stored.image($0, $1) }
        on(.get, "/v1/collections/:collection/points/:id/thumbnail", .read) { try await stored.thumbnail($0, $1) }
    }
}

/// Pictures that are stored beside points.
struct StoredImages: Sendable {
    /// The longer sides that small pictures may have.
    static let sizes = [128, 256]

    let service: any CollectionService
    let images: ImageEnvironment

    /// Answers `GET …/points/:id/image`.
    func image(_ request: Request, _ context: ServerContext) async throws -> Response {
        try QueryParameters(request).finish()
        let file = try await file(context)
        // Read first, so that a 304 is no more than a saving.
        let tag = "\"\(Self.digest(file))\""
        if request.headers[.ifNoneMatch] == tag { return unchanged(tag) }
        return Reply.bytes(file, type: Self.type(of: file), headers: headers(tag))
    }

    /// `GET …/points/:id/thumbnail?size=128|256`: a JPEG file whose longer side is at most that.
    func thumbnail(_ request: Request, _ context: ServerContext) async throws -> Response {
        var query = try QueryParameters(request)
        let size = try query.wholeNumber("size", in: 1...4096) ?? Self.sizes[1]
        try query.finish()
        guard Self.sizes.contains(size) else {
            throw RequestError.invalid(
                "size", expected: Self.sizes.map(String.init).joined(separator: " or "), actual: "\(size)")
        }
        let file = try await file(context)
        let key = ThumbnailCache.Key(content: Self.digest(file), size: size)
        let tag = "\"\(key.content)-\(size)\""
        if request.headers[.ifNoneMatch] == tag { return unchanged(tag) }
        var small = images.thumbnails.find(key)
        if small == nil {
            let limits = images.embedding.limits
            let made = try await images.embedding.work {
                try Self.shrink(ImageEmbedding.decode(file, limits), to: size)
            }
            images.thumbnails.keep(made, as: key)
            small = made
        }
        return Reply.bytes(small ?? [], type: "image/jpeg", headers: headers(tag))
    }

    private func file(_ context: ServerContext) async throws -> [UInt8] {
        let (name, id) = (try context.collection(), try context.pointID())
        guard let file = try await service.image(of: id, in: name) else {
            throw RequestError(.notFound, "no_image", "no picture is stored with point \(id)")
        }
        return Array(file)
    }

    /// May be kept for a minute by whoever asked, and then be asked about again.
    private func headers(_ tag: String) -> HTTPFields {
        // A stored file is whatever was uploaded: no browser shall take it for a page.
        [
            .eTag: tag, .cacheControl: "private, max-age=60", .xContentTypeOptions: "nosniff",
            .contentSecurityPolicy: "default-src 'none'; sandbox",
        ]
    }

    private func unchanged(_ tag: String) -> Response { Response(status: .notModified, headers: headers(tag)) }

    static func shrink(_ image: RGBImage, to size: Int) throws -> [UInt8] {
        let longer = max(image.width, image.height)
        let small =
            longer <= size
            ? image
            : image.resized(
                width: max(1, image.width * size / longer), height: max(1, image.height * size / longer),
                filter: .bilinear)
        return try small.jpeg(quality: 82)
    }

    private static func digest(_ file: [UInt8]) -> String {
        var hash = SHA256()
        hash.update(file)
        return String(hash.hexDigest().prefix(32))
    }

    private static func type(of file: [UInt8]) -> String {
        switch ImageFormat(firstBytes: Array(file.prefix(12))) {
        case .jpeg: "image/jpeg"
        case .png: "image/png"
        case .webp: "image/webp"
        case nil: "application/octet-stream"
        }
    }
}
