import AkinTestSupport
import AkinVision
import Foundation
import Testing

/// Against what `pillow.py golden` recorded.
@Suite("Pictures equal the recorded ones of Pillow")
struct PillowGoldenTests {
    @Test("decoding gives the same pixels", arguments: Golden.recorded.decode)
    func decodes(_ golden: Golden.Decoded) throws {
        let file = try #require(Data(base64Encoded: golden.file))
        let image = try RGBImage(decoding: [UInt8](file))
        #expect(image.width == golden.width)
        #expect(image.height == golden.height)
        #expect(TestPicture.crc(image.pixels) == golden.crc)
    }

    @Test("resizing gives the same pixels", arguments: Golden.recorded.resize)
    func resizes(_ golden: Golden.Resized) throws {
        let filter = try #require(ResampleFilter(rawValue: golden.filter))
        let source = TestPicture.noise(golden.fromWidth, golden.fromHeight, seed: golden.seed)
        for simd in [true, false] {
            let image = source.resized(width: golden.width, height: golden.height, filter: filter, simd: simd)
            #expect(TestPicture.crc(image.pixels) == golden.crc, "vector instructions: \(simd)")
        }
    }
}

/// Against Pillow itself, over a larger set of sizes and kinds.
@Suite("Pictures equal Pillow's", .enabled(if: TestFiles.python != nil, "needs .venv, made by `make setup`"))
struct PillowParityTests {
    @Test("decoding, resizing and cropping give the same pixels")
    func corpusAgrees() throws {
        try withTemporaryDirectory { path in
            let directory = URL(filePath: path)
            _ = try TestFiles.pillow(["corpus", path])
            let cases = try JSONDecoder().decode(
                Corpus.self, from: Data(contentsOf: directory.appending(path: "cases.json")))
            #expect(cases.decode.count > 200 && cases.resize.count > 100 && cases.crop.count > 40)
            for c in cases.decode {
                let image = try RGBImage(decoding: TestFiles.bytes(directory.appending(path: c.file)))
                try expect(image, equals: c, in: directory)
            }
            for c in cases.resize {
                let filter = try #require(ResampleFilter(rawValue: c.filter))
                let source = TestPicture.noise(c.fromWidth, c.fromHeight, seed: c.seed)
                try expect(source.resized(width: c.width, height: c.height, filter: filter), equals: c, in: directory)
            }
            for c in cases.crop {
                let source = TestPicture.noise(c.fromWidth, c.fromHeight, seed: c.seed)
                let preprocessing = try Preprocessing(configuration: Array(c.configuration.utf8))
                try expect(preprocessing.pixels(source), equals: c, in: directory)
            }
        }
    }

    private func expect(_ image: RGBImage, equals c: some CorpusCase, in directory: URL) throws {
        let want = try TestFiles.bytes(directory.appending(path: c.pixels))
        #expect(image.width == c.width && image.height == c.height, "\(c.name): \(image.width) x \(image.height)")
        let differing = zip(image.pixels, want).reduce(0) { $0 + ($1.0 == $1.1 ? 0 : 1) }
        let largest = zip(image.pixels, want).map { abs(Int($0) - Int($1)) }.max() ?? 0
        #expect(
            image.pixels.count == want.count && differing == 0, "\(c.name): \(differing) differ by up to \(largest)")
    }
}

/// What `pillow.py golden` writes.
struct Golden: Decodable, Sendable {
    struct Decoded: Decodable, Sendable, CustomTestStringConvertible {
        let name: String
        let file: String
        let width: Int
        let height: Int
        let crc: UInt32
        var testDescription: String { name }
    }

    struct Resized: Decodable, Sendable, CustomTestStringConvertible {
        let fromWidth: Int
        let fromHeight: Int
        let seed: UInt32
        let width: Int
        let height: Int
        let filter: Int
        let crc: UInt32
        var testDescription: String { "\(fromWidth)x\(fromHeight) to \(width)x\(height), filter \(filter)" }
    }

    let decode: [Decoded]
    let resize: [Resized]

    static let recorded: Golden = {
        do {
            let data = try Data(contentsOf: TestFiles.goldens.appending(path: "pillow.json"))
            return try JSONDecoder().decode(Golden.self, from: data)
        } catch {
            fatalError("Tests/Goldens/pillow.json: \(error)")
        }
    }()
}

private protocol CorpusCase {
    var name: String { get }
    var width: Int { get }
    var height: Int { get }
    var pixels: String { get }
}

/// What `pillow.py corpus` writes.
private struct Corpus: Decodable {
    struct Decoded: Decodable, CorpusCase {
        let name: String
        let file: String
        let width: Int
        let height: Int
        let pixels: String
    }

    struct Resized: Decodable, CorpusCase {
        let name: String
        let fromWidth: Int
        let fromHeight: Int
        let seed: UInt32
        let width: Int
        let height: Int
        let filter: Int
        let pixels: String
    }

    struct Cropped: Decodable, CorpusCase {
        let name: String
        let fromWidth: Int
        let fromHeight: Int
        let seed: UInt32
        let width: Int
        let height: Int
        let configuration: String
        let pixels: String
    }

    let decode: [Decoded]
    let resize: [Resized]
    let crop: [Cropped]
}
