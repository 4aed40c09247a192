import AkinTestSupport
import AkinVision
import Foundation
import Testing

@Suite("Preprocessing")
struct PreprocessingTests {
    @Test("the output is planar and normalised in single precision")
    func normalized() {
        let preprocessing = Preprocessing(
            resize: .none, filter: .bicubic, width: 2, height: 1, scale: 1 / 255, mean: [0.485, 0.456, 0.406],
            deviation: [0.229, 0.224, 0.225])
        let output = preprocessing(RGBImage(width: 2, height: 1, pixels: [0, 100, 200, 255, 7, 31]))
        func expected(_ value: Double, _ mean: Float, _ deviation: Float) -> Float {
            (Float(value * (1 / 255)) - mean) / deviation
        }
        #expect(
            output == [
                expected(0, 0.485, 0.229), expected(255, 0.485, 0.229), expected(100, 0.456, 0.224),
                expected(7, 0.456, 0.224), expected(200, 0.406, 0.225), expected(31, 0.406, 0.225),
            ])
        #expect(preprocessing.outputCount == 6)
    }

    @Test("a picture smaller than the crop is surrounded by black, the odd line in front")
    func padded() {
        let preprocessing = Preprocessing(resize: .none, filter: .bicubic, width: 4, height: 2)
        let picture = preprocessing.pixels(TestPicture.plain(1, 1, 9, 8, 7))
        var expected = [UInt8](repeating: 0, count: 24)
        expected.replaceSubrange((4 + 2) * 3..<(4 + 2) * 3 + 3, with: [9, 8, 7])
        #expect(picture.pixels == expected)
    }

    @Test("a long thin picture costs no more than what is shown of it")
    func thin() {
        let preprocessing = Preprocessing(resize: .shortestEdge(4096), filter: .bicubic, width: 8, height: 8)
        let picture = preprocessing.pixels(TestPicture.plain(1, 60_000, 5, 6, 7))
        #expect(picture == TestPicture.plain(8, 8, 5, 6, 7))
    }

    @Test("the same picture sizes give the same result from many threads")
    func threads() async {
        let preprocessing = Preprocessing(resize: .shortestEdge(40), filter: .bilinear, width: 32, height: 32)
        let pictures = (0..<8).map { TestPicture.noise(50 + $0 % 3, 41, seed: UInt32($0)) }
        let alone = pictures.map { preprocessing.pixels($0) }
        let together = await withTaskGroup(of: (Int, RGBImage).self) { group in
            for round in 0..<64 { group.addTask { (round % 8, preprocessing.pixels(pictures[round % 8])) } }
            return await group.reduce(into: [(Int, RGBImage)]()) { $0.append($1) }
        }
        #expect(together.count == 64)
        #expect(together.allSatisfy { alone[$0.0] == $0.1 })
    }

    @Test("the fingerprint changes with every parameter")
    func fingerprint() {
        let variants = [
            Preprocessing(resize: .shortestEdge(256), filter: .bicubic, width: 224, height: 224),
            Preprocessing(resize: .shortestEdge(248), filter: .bicubic, width: 224, height: 224),
            Preprocessing(resize: .fixed(width: 256, height: 256), filter: .bicubic, width: 224, height: 224),
            Preprocessing(resize: .none, filter: .bicubic, width: 224, height: 224),
            Preprocessing(resize: .shortestEdge(256), filter: .bilinear, width: 224, height: 224),
            Preprocessing(resize: .shortestEdge(256), filter: .bicubic, width: 224, height: 200),
            Preprocessing(resize: .shortestEdge(256), filter: .bicubic, width: 200, height: 224),
            Preprocessing(resize: .shortestEdge(256), filter: .bicubic, width: 224, height: 224, scale: 1),
            Preprocessing(resize: .shortestEdge(256), filter: .bicubic, width: 224, height: 224, mean: [0, 0, 0.1]),
            Preprocessing(resize: .shortestEdge(256), filter: .bicubic, width: 224, height: 224, deviation: [1, 2, 1]),
        ]
        #expect(Set(variants.map(\.fingerprint)).count == variants.count)
        #expect(
            variants[0].fingerprint
                == Preprocessing(resize: .shortestEdge(256), filter: .bicubic, width: 224, height: 224).fingerprint)
    }
}

@Suite("Reading preprocessor_config.json")
struct PreprocessingConfigurationTests {
    static let norm = #""image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.25, 0.5]"#

    struct Case: Sendable, CustomTestStringConvertible {
        let json: String
        let resize: Preprocessing.Resize
        let filter: ResampleFilter
        let width: Int
        let height: Int
        var testDescription: String { json }

        init(
            _ json: String, _ resize: Preprocessing.Resize, _ width: Int, _ height: Int,
            _ filter: ResampleFilter = .bicubic
        ) {
            (self.json, self.resize, self.filter, self.width, self.height) = (json, resize, filter, width, height)
        }
    }

    static let cases = [
        Case(
            #""size": {"shortest_edge": 248}, "resample": 3, "crop_size": {"height": 224, "width": 200}"#,
            .shortestEdge(248), 200, 224),
        Case(#""size": {"height": 30, "width": 40}, "resample": 2"#, .fixed(width: 40, height: 30), 40, 30, .bilinear),
        Case(
            #""size": {"height": 30, "width": 40}, "resample": 0, "crop_size": 20"#, .fixed(width: 40, height: 30),
            20, 20, .nearest),
        Case(#""size": 224, "resample": 3"#, .fixed(width: 224, height: 224), 224, 224),
        Case(#""size": 256, "resample": 3, "crop_size": 224"#, .shortestEdge(256), 224, 224),
        Case(
            #""size": 256, "resample": 3, "crop_size": 224, "feature_extractor_type": "DeiTFeatureExtractor""#,
            .fixed(width: 256, height: 256), 224, 224),
        Case(
            #""size": 224, "resample": 3, "crop_size": 224, "image_processor_type": "CLIPImageProcessor""#,
            .shortestEdge(224), 224, 224),
        Case(
            #""size": 224, "resample": 3, "do_center_crop": false, "crop_size": 200, "image_processor_type": "ViTImageProcessorFast""#,
            .fixed(width: 224, height: 224), 224, 224),
        Case(#""do_resize": false, "do_center_crop": true, "crop_size": 96"#, .none, 96, 96, .bilinear),
        Case(#""size": {"shortest_edge": 224}, "resample": 3, "crop_pct": 0.875"#, .shortestEdge(256), 224, 224),
        Case(
            #""size": {"shortest_edge": 384}, "resample": 3, "crop_pct": 0.875"#, .fixed(width: 384, height: 384), 384,
            384),
        Case(
            #""size": {"shortest_edge": 224}, "resample": 3, "crop_pct": 0.9, "crop_size": 200"#, .shortestEdge(248),
            200, 200),
        Case(
            #""size": {"height": 8, "width": 8}, "resample": 1, "do_pad": false, "do_flip_channel_order": null, "do_reduce_labels": true"#,
            .fixed(width: 8, height: 8), 8, 8, .lanczos),
    ]

    @Test("sizes, crops and filters are understood", arguments: cases)
    func understood(_ c: Case) throws {
        let preprocessing = try Preprocessing(configuration: Array("{\(c.json), \(Self.norm)}".utf8))
        #expect(preprocessing.resize == c.resize)
        #expect(preprocessing.filter == c.filter)
        #expect(preprocessing.outputWidth == c.width && preprocessing.outputHeight == c.height)
        #expect(preprocessing.scale == 1.0 / 255)
        #expect(preprocessing.mean == [0.5, 0.5, 0.5] && preprocessing.deviation == [0.5, 0.25, 0.5])
    }

    @Test("rescaling and normalising can be switched off")
    func switchedOff() throws {
        let json = #"{"size": 8, "resample": 3, "do_rescale": false, "rescale_factor": 0.5, "do_normalize": false}"#
        let preprocessing = try Preprocessing(configuration: Array(json.utf8))
        #expect(preprocessing.scale == 1 && preprocessing.mean == [0, 0, 0] && preprocessing.deviation == [1, 1, 1])
    }

    struct Fault: Sendable, CustomTestStringConvertible {
        let json: String
        let key: String
        var testDescription: String { "\(key) in \(json)" }
        init(_ json: String, _ key: String) { (self.json, self.key) = (json, key) }
    }

    static let faults = [
        Fault(#"{"resample": 3, \#(norm)}"#, "size"),
        Fault(#"{"size": 8, \#(norm)}"#, "resample"),
        Fault(#"{"size": 8, "resample": 9, \#(norm)}"#, "resample"),
        Fault(#"{"size": 8, "resample": "bicubic", \#(norm)}"#, "resample"),
        Fault(#"{"size": 8.5, "resample": 3, \#(norm)}"#, "size"),
        Fault(#"{"size": 0, "resample": 3, \#(norm)}"#, "size"),
        Fault(#"{"size": 1e300, "resample": 3, \#(norm)}"#, "size"),
        Fault(#"{"size": -4, "resample": 3, \#(norm)}"#, "size"),
        Fault(#"{"size": true, "resample": 3, \#(norm)}"#, "size"),
        Fault(#"{"size": {"longest_edge": 8}, "resample": 3, \#(norm)}"#, "size"),
        Fault(#"{"size": {"shortest_edge": 8, "longest_edge": 9}, "resample": 3, \#(norm)}"#, "size"),
        Fault(#"{"size": {"shortest_edge": 5000}, "resample": 3, "crop_size": 8, \#(norm)}"#, "size.shortest_edge"),
        Fault(#"{"size": {"height": 8, "width": "8"}, "resample": 3, \#(norm)}"#, "size.width"),
        Fault(#"{"size": {"shortest_edge": 8}, "resample": 3, \#(norm)}"#, "do_center_crop"),
        Fault(#"{"do_resize": false, \#(norm)}"#, "do_center_crop"),
        Fault(#"{"size": 8, "resample": 3, "do_center_crop": true, \#(norm)}"#, "crop_size"),
        Fault(#"{"size": 8, "resample": 3, "crop_size": {"height": 8}, \#(norm)}"#, "crop_size"),
        Fault(#"{"size": 8, "resample": 3, "crop_size": 100000, \#(norm)}"#, "crop_size"),
        Fault(#"{"size": 8, "resample": 3, "crop_pct": 1.5, \#(norm)}"#, "crop_pct"),
        Fault(#"{"size": 4096, "crop_size": 8, "resample": 3, "crop_pct": 0.5, \#(norm)}"#, "size / crop_pct"),
        Fault(#"{"size": {"height": 8, "width": 8}, "resample": 3, "crop_pct": 0.5, \#(norm)}"#, "size"),
        Fault(#"{"size": 8, "resample": 3, "do_resize": 1, \#(norm)}"#, "do_resize"),
        Fault(#"{"size": 8, "resample": 3, "do_convert_rgb": false, \#(norm)}"#, "do_convert_rgb"),
        Fault(#"{"size": 8, "resample": 3, "do_flip_channel_order": true, \#(norm)}"#, "do_flip_channel_order"),
        Fault(#"{"size": 8, "resample": 3, "rescale_offset": true, \#(norm)}"#, "rescale_offset"),
        Fault(
            #"{"size": 8, "resample": 3, "image_processor_type": "LevitImageProcessor", \#(norm)}"#,
            "image_processor_type"),
        Fault(#"{"size": 8, "resample": 3, "rescale_factor": 0, \#(norm)}"#, "rescale_factor"),
        Fault(#"{"size": 8, "resample": 3}"#, "image_mean"),
        Fault(#"{"size": 8, "resample": 3, "image_mean": [0, 0], "image_std": [1, 1, 1]}"#, "image_mean"),
        Fault(#"{"size": 8, "resample": 3, "image_mean": [0, 0, "0"], "image_std": [1, 1, 1]}"#, "image_mean[2]"),
        Fault(#"{"size": 8, "resample": 3, "image_mean": [0, 0, 0], "image_std": [1, 0, 1]}"#, "image_std[1]"),
    ]

    @Test("a wrong value names the file and the key", arguments: faults)
    func refused(_ fault: Fault) {
        #expect {
            try Preprocessing(configuration: Array(fault.json.utf8), file: "model/preprocessor_config.json")
        } throws: { error in
            switch error as? PreprocessingError {
            case .missing(let file, let key), .unsupported(let file, let key, _, _),
                .outOfRange(let file, let key, _, _):
                file == "model/preprocessor_config.json" && key == fault.key
                    && "\(error)".hasPrefix("model/preprocessor_config.json: \"\(fault.key)\"")
            default: false
            }
        }
    }

    @Test(
        "what is not a JSON object is refused", arguments: ["", "{", "[1]", "7", "\"size\"", "{\"size\": 8", "\u{0}"])
    func notJSON(_ text: String) {
        #expect {
            try Preprocessing(configuration: Array(text.utf8))
        } throws: {
            if case PreprocessingError.notJSON = $0 { true } else { false }
        }
    }

    @Test("deep nesting is refused")
    func deep() {
        let text = String(repeating: "[", count: 100_000)
        #expect(throws: PreprocessingError.self) { try Preprocessing(configuration: Array(text.utf8)) }
    }

    @Test("a directory's file is read, a missing one is named")
    func directory() throws {
        try withTemporaryDirectory { directory in
            #expect {
                try Preprocessing(directory: directory)
            } throws: {
                "\($0)" == "cannot read \(directory)/preprocessor_config.json: No such file or directory"
            }
            let json = #"{"size": 8, "resample": 3, "do_normalize": false}"#
            try Data(json.utf8).write(to: URL(filePath: "\(directory)/preprocessor_config.json"))
            #expect(try Preprocessing(directory: directory).outputWidth == 8)
        }
    }
}
