import Akin
import AkinTestSupport
import AkinVision
import Testing

@Suite("Gradient and colour embedder")
struct GradientColorEmbedderTests {
    private let embedder = GradientColorEmbedder()

    private func embed(_ image: RGBImage) throws -> [Float] { try embedder.embed([embedder.prepare(image)])[0] }

    private func cosine(_ a: [Float], _ b: [Float]) -> Float { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }

    /// A picture of stripes that cross it at an angle, in a colour.
    private func stripes(
        across: Float, down: Float, color: (UInt8, UInt8, UInt8) = (200, 200, 200), side: Int = 96
    ) -> RGBImage {
        var pixels: [UInt8] = []
        for y in 0..<side {
            for x in 0..<side {
                let position = (across * Float(x) + down * Float(y)) * 12 / Float(side)
                let isOn = Int(position.rounded(.down)) & 1 == 0
                pixels += isOn ? [color.0, color.1, color.2] : [20, 20, 20]
            }
        }
        return RGBImage(width: side, height: side, pixels: pixels)
    }

    private func noise(seed: UInt64, width: Int = 70, height: Int = 50) -> RGBImage {
        var random = SeededRandom(seed: seed)
        return RGBImage(
            width: width, height: height,
            pixels: (0..<width * height * 3).map { _ in UInt8.random(in: 0...255, using: &random) })
    }

    @Test("vectors have length 1 and the promised dimension")
    func unitLength() throws {
        for seed in UInt64(0)..<5 {
            let vector = try embed(noise(seed: seed))
            #expect(vector.count == embedder.dimension && vector.count == 292)
            #expect(abs(cosine(vector, vector) - 1) < 1e-5)
        }
    }

    @Test("the same picture gives the same vector, alone or in a batch, from any embedder")
    func deterministic() throws {
        let images = (0..<4).map { noise(seed: $0) }
        let batch = try embedder.embed(images.map { try embedder.prepare($0) })
        for (row, image) in images.enumerated() {
            let alone = try embed(image)
            #expect(alone == batch[row])
        }
        #expect(GradientColorEmbedder().space == embedder.space)
    }

    @Test("a picture without structure is no reason for NaN", arguments: [UInt8(0), 128, 255])
    func plainPictures(value: UInt8) throws {
        let vector = try embed(RGBImage(width: 1, height: 1, pixels: [value, value, value]))
        #expect(vector.allSatisfy { $0.isFinite })
        #expect(abs(cosine(vector, vector) - 1) < 1e-5)
    }

    @Test("stripes of one direction are nearer to each other than to those of another")
    func directionIsSeen() throws {
        let upright = try embed(stripes(across: 1, down: 0))
        let uprightSmall = try embed(stripes(across: 1, down: 0, side: 60))
        let level = try embed(stripes(across: 0, down: 1))
        #expect(cosine(upright, uprightSmall) > 0.95)
        #expect(cosine(upright, uprightSmall) > cosine(upright, level) + 0.2)
    }

    @Test("opposite directions of a gradient are one orientation")
    func orientationIsUnsigned() throws {
        var bright = [UInt8](repeating: 20, count: 64 * 64 * 3)
        var dark = [UInt8](repeating: 220, count: 64 * 64 * 3)
        for y in 0..<64 {
            for x in 32..<64 {
                for channel in 0..<3 {
                    bright[(y * 64 + x) * 3 + channel] = 220
                    dark[(y * 64 + x) * 3 + channel] = 20
                }
            }
        }
        let a = try embed(RGBImage(width: 64, height: 64, pixels: bright)).prefix(144)
        let b = try embed(RGBImage(width: 64, height: 64, pixels: dark)).prefix(144)
        #expect(zip(a, b).allSatisfy { abs($0 - $1) < 1e-3 })
        // Upright edges are the first and last orientation, which meet at angle 0.
        let strongest = a.indices.max { a[$0] < a[$1] } ?? 0
        #expect([0, 8].contains(strongest % 9))
    }

    @Test("colours are told apart where shapes are the same")
    func colorIsSeen() throws {
        let red = try embed(stripes(across: 1, down: 0, color: (220, 30, 30)))
        let darkerRed = try embed(stripes(across: 1, down: 0, color: (190, 30, 30)))
        let blue = try embed(stripes(across: 1, down: 0, color: (30, 30, 220)))
        #expect(cosine(red, darkerRed) > cosine(red, blue) + 0.1)
    }

    @Test("input of another size is refused")
    func wrongInput() {
        #expect(throws: EmbeddingError.self) { try embedder.embed([[0, 1, 2]]) }
    }
}
