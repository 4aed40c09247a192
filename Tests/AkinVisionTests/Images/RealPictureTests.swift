import AkinVision
import Foundation
import Testing

@Suite(
    "Real pictures equal Pillow's after decoding, resizing and cropping",
    .enabled(if: TestFiles.data != nil, "needs AKIN_DATA"),
    .enabled(if: TestFiles.python != nil, "needs .venv, made by `make setup`"))
struct RealPictureTests {
    static let models = ["vit_tiny_patch16_224", "mobilenet_v2_1.0_224_quant"]

    @Test("photographs of many sizes", arguments: models)
    func photographs(_ model: String) throws {
        let folder = try #require(TestFiles.data).appending(path: "images/imagenet-samples")
        let source = FolderSource(path: folder.path)
        #expect(try source.countImages() == 64)
        try compare(source, every: 1, model: model) { "\(folder.path)/\($0)" }
    }

    @Test("small pictures, some of them grey", arguments: models)
    func smallPictures(_ model: String) throws {
        let archive = try #require(TestFiles.data).appending(path: "images/tiny-imagenet/val.tar").path
        let source = try TarSource(path: archive)
        #expect(try source.countImages() == 4500)
        try compare(source, every: 15, model: model) { "\(archive):\($0)" }
    }

    private func compare(
        _ source: some ImageSource, every step: Int, model: String, name: (String) -> String
    ) throws {
        let directory = try #require(TestFiles.data).appending(path: "models/\(model)").path
        let preprocessing = try Preprocessing(directory: directory)
        var names: [String] = []
        var sums: [String] = []
        var items = try source.items()
        while let item = try items.next() {
            guard item.index % step == 0 else { continue }
            let picture = preprocessing.pixels(try RGBImage(decoding: item.read()))
            names.append(name(item.path))
            sums.append("\(TestPicture.crc(picture.pixels))")
        }
        let printed = try TestFiles.pillow(
            ["crops", "\(directory)/preprocessor_config.json"], input: names.joined(separator: "\n") + "\n")
        let expected = printed.split(separator: "\n").map(String.init)
        #expect(names.count >= 64)
        #expect(expected.count == sums.count)
        for (index, name) in names.enumerated() where index < expected.count {
            #expect(sums[index] == expected[index], "\(name)")
        }
    }
}
