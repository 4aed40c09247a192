import Akin
import AkinVision
import Foundation
import Synchronization

/// Sources and embedders whose results can be told from the image's number.
enum TestImages {
    /// A PNG of one colour, which says its number.
    static func png(_ number: Int) throws -> [UInt8] {
        let color = [UInt8(truncatingIfNeeded: number), UInt8(truncatingIfNeeded: number >> 8), 77]
        return try RGBImage(width: 3, height: 2, pixels: (0..<6).flatMap { _ in color }).png()
    }

    /// Writes images `a/000.png`, `b/001.png`, ...; those in `broken` are no images.
    static func writeFolder(_ path: String, count: Int, broken: Set<Int> = []) throws {
        for label in ["a", "b"] {
            try FileManager.default.createDirectory(
                atPath: "\(path)/\(label)", withIntermediateDirectories: true)
        }
        for number in 0..<count {
            let digits = String(number)
            let name = String(repeating: "0", count: 3 - digits.count) + digits
            let bytes = broken.contains(number) ? Array("no image".utf8) : try png(number)
            // All of a come before all of b.
            let label = number < count / 2 ? "a" : "b"
            try Data(bytes).write(to: URL(fileURLWithPath: "\(path)/\(label)/\(name).png"))
        }
    }

    /// The number that an image's vector tells, as ``NumberEmbedder`` makes it.
    static func number(_ set: EmbeddedSet, row: Int) -> Int { Int(set.vectors[row, 0] + 256 * set.vectors[row, 1]) }
}

/// Gives each picture the colour of its first pixel, and the picture's size.
struct NumberEmbedder: Embedder {
    var space = EmbeddingSpace(id: "test", name: "test")
    var preferredBatch = 1
    /// The number of the image whose vector is NaN.
    var broken: Int?
    /// The number of the image at which embedding fails.
    var failing: Int?
    /// Called with the pictures of each batch.
    var onEmbed: @Sendable (Int) -> Void = { _ in }

    struct Failure: Error, Equatable {}

    var dimension: Int { 4 }

    func prepare(_ image: RGBImage) throws -> [Float] {
        image.pixels.prefix(3).map(Float.init) + [Float(image.width * image.height)]
    }

    func embed(_ inputs: [[Float]]) throws -> Matrix<Float> {
        onEmbed(inputs.count)
        return try Matrix(
            inputs.map { input in
                let number = Int(input[0] + 256 * input[1])
                if number == failing { throw Failure() }
                return number == broken ? [0, .nan, 0, 0] : input
            })
    }
}

/// A source of any number of images in memory, which counts those that have been listed and read.
final class CountingSource: ImageSource {
    let path = "counted"
    let count: Int?
    let listed = Atomic(0)
    let read = Atomic(0)
    private let png: [UInt8]
    /// Called with the number of each image before it is read.
    private let onRead: @Sendable (Int) -> Void

    init(count: Int, onRead: @escaping @Sendable (Int) -> Void = { _ in }) throws {
        self.count = count
        self.onRead = onRead
        png = try TestImages.png(1)
    }

    func items() -> any ImageItems { Items(source: self) }

    private struct Items: ImageItems {
        let source: CountingSource
        var index = 0

        mutating func next() -> ImageItem? {
            guard index < source.count ?? 0 else { return nil }
            defer { index += 1 }
            source.listed.add(1, ordering: .relaxed)
            return ImageItem(index: index, path: "\(index).png") { [source, index] () throws(ImageSourceError) in
                source.onRead(index)
                source.read.add(1, ordering: .relaxed)
                return source.png
            }
        }
    }
}
