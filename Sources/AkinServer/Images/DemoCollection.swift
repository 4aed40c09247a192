internal import Akin
internal import AkinStore
internal import AkinVision
internal import Foundation

/// A collection of the pictures that the program draws itself, to try a server with.
public enum DemoCollection {
    /// What it is called.
    public static let name = "demo"
    /// Pictures of each of the classes.
    static let perClass = 60

    /// Draws, embeds and stores the pictures, unless there is a collection of this name already.
    ///
    /// - Returns: how many were stored.
    public static func load(into service: any CollectionService, _ images: ImageEnvironment) async throws -> Int {
        let model = try await images.embedding.model()
        do {
            try await service.create(
                name, CollectionConfiguration(dimension: model.dimension, metric: .cosine, space: model.space))
        } catch StoreError.collectionExists {
            return 0
        }
        let demo = DemoImages(side: 160, trainPerClass: perClass, validationPerClass: 0)
        var stored = 0
        for label in DemoImages.labels.indices {
            var points: [Point] = []
            // A few at a time, as if others were waiting too.
            for start in stride(from: 0, to: perClass, by: images.embedding.threads) {
                points += try await withThrowingTaskGroup(of: Point.self) { group in
                    for number in start..<min(start + images.embedding.threads, perClass) {
                        group.addTask { try await point(demo, label, number, images) }
                    }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
            }
            try await service.upsert(points, into: name)
            stored += points.count
        }
        return stored
    }

    private static func point(
        _ demo: DemoImages, _ label: Int, _ number: Int, _ images: ImageEnvironment
    ) async throws -> Point {
        let (file, brightness) = try await images.embedding.work {
            let image = demo.image(class: label, number: number, part: .train)
            let sum = image.pixels.reduce(0) { $0 + Int($1) }
            return (try image.jpeg(quality: 90), sum * 100 / (image.pixels.count * 255))
        }
        // Every file is a JPEG here.
        let path = demo.path(class: label, number: number).replacing(".png", with: ".jpg")
        var hash = SHA256()
        hash.update(field: path)
        return Point(
            id: .name(hash.uuid()), vector: try await images.embedding.vector(of: file),
            payload: [
                "label": .string(DemoImages.labels[label]), "path": .string(path),
                "brightness": .integer(Int64(brightness)),
            ], image: Data(file))
    }
}
