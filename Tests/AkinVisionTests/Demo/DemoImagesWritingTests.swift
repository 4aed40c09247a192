import Akin
import AkinTestSupport
import AkinVision
import Foundation
import Testing

@Suite("Demo pictures on disk")
struct DemoImagesWritingTests {
    private let demo = DemoImages(seed: 5, side: 24, trainPerClass: 5, validationPerClass: 2)

    @Test("files lie in one folder per class and can be read back")
    func files() throws {
        try withTemporaryDirectory { path in
            let (train, validation) = try demo.write(to: path + "/demo")
            for (folder, part) in [(train, DemoImages.Part.train), (validation, .validation)] {
                let source = try ImageSources.open(folder)
                var items = try source.items()
                var labels: [String: Int] = [:]
                while let item = try items.next() {
                    labels[item.label ?? "", default: 0] += 1
                    #expect(try RGBImage(decoding: item.read()).width == 24)
                }
                #expect(labels == Dictionary(uniqueKeysWithValues: DemoImages.labels.map { ($0, demo.perClass(part)) }))
            }
            // PNG loses nothing.
            let png = try Data(contentsOf: URL(fileURLWithPath: train + "/" + demo.path(class: 2, number: 3)))
            #expect(try RGBImage(decoding: Array(png)) == demo.image(class: 2, number: 3, part: .train))
        }
    }

    @Test("writing twice gives the same files")
    func twice() throws {
        try withTemporaryDirectory { path in
            let name = "/train/" + demo.path(class: 0, number: 0)
            try demo.write(to: path)
            let first = try Data(contentsOf: URL(fileURLWithPath: path + name))
            try demo.write(to: path)
            #expect(try Data(contentsOf: URL(fileURLWithPath: path + name)) == first)
        }
    }

    @Test("a report finds its pictures in the folders")
    func picturesOfSources() throws {
        try withTemporaryDirectory { path in
            let (train, _) = try demo.write(to: path)
            let reader = ClassificationExperiment.pictures(train: try ImageSources.open(train), validation: nil)
            let wanted: Set<String> = [demo.path(class: 4, number: 1), demo.path(class: 9, number: 3), "gone.jpg"]
            var found: Set<String> = []
            try reader(.train, wanted) { path, _ in found.insert(path) }
            #expect(found == wanted.subtracting(["gone.jpg"]))
            try reader(.validation, wanted) { _, _ in Issue.record("there is no source for the validation set") }
        }
    }

    @Test("writing can be stopped, and a folder that cannot be made is an error")
    func refusals() throws {
        try withTemporaryDirectory { path in
            #expect(throws: CancellationError.self) {
                try demo.write(to: path, monitor: ProgressMonitor(shouldStop: { true }))
            }
            let file = path + "/taken"
            try Data("x".utf8).write(to: URL(fileURLWithPath: file))
            #expect(throws: FileError.self) { try demo.write(to: file) }
        }
    }
}
