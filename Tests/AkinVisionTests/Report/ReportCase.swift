import Akin
import AkinTestSupport
import AkinVision

/// Synthetic sets whose classes are clusters around corners of a cube, with the labels that a test wants.
enum ReportCase {
    /// What people might call their folders.
    static let hostileLabels = [
        "<script>alert(1)</script>", "a & b", "\"quoted\" 'twice'", "</title><img src=x onerror=alert(1)>",
        "pipe | and `code` *stars*", "line\nbreak", "\u{202E}desrever", "javascript:alert(1)", "",
    ]

    /// `perClass` vectors near each class's own direction; `noise` of 0 repeats it exactly.
    static func set(
        labels: [String], perClass: Int, noise: Float, seed: UInt64, space: EmbeddingSpace? = nil,
        skipped: [ImageRecord] = []
    ) -> EmbeddedSet {
        var random = SeededRandom(seed: seed)
        let dimension = 24
        var rows: [[Float]] = []
        var records: [ImageRecord] = []
        for (c, label) in labels.enumerated() {
            var bits = SeededRandom(seed: UInt64(c) &+ 99)
            let centre = (0..<dimension).map { _ in Bool.random(using: &bits) ? Float(1) : -1 }
            for i in 0..<perClass {
                rows.append(centre.map { $0 + noise * random.gaussian() })
                records.append(ImageRecord(path: "\(label)/\(i).jpg", label: label, row: records.count))
            }
        }
        return EmbeddedSet(vectors: Matrix(rows), records: records, skipped: skipped, space: space)
    }

    /// A finished experiment on such sets, with pictures for all samples but those in `missing`.
    static func outcome(
        labels: [String], perClass: Int = 6, noise: Float = 1, k: [Int] = [1, 5], title: String = "Test",
        missing: Set<String> = []
    ) throws -> ClassificationExperiment.Outcome {
        var options = ClassificationExperiment.Options()
        options.k = k
        options.includesSelf = true
        let bad = [ImageRecord(path: "\(labels[0])/bad.jpg", error: "<b>truncated</b>")]
        let space = EmbeddingSpace(id: "0123abcd", name: "tiny <model>")
        let experiment = try ClassificationExperiment(
            train: set(labels: labels, perClass: perClass, noise: noise, seed: 1, space: space, skipped: bad),
            validation: set(labels: labels, perClass: perClass, noise: noise, seed: 2, space: space),
            options: options)
        return try experiment.run(
            title: title,
            embedding: [
                .init(part: .train, images: 54, seconds: 2, threads: 2, device: "CPU", model: "tiny <model>"),
                .init(part: .validation, images: 54, seconds: 0, threads: 2, device: "CPU", model: "tiny <model>"),
            ],
            machine: MachineDescription(cpu: "<cpu>", cores: 2, simd: "scalar", memory: 1 << 33, system: "test"),
            pictures: { part, paths, take in
                for path in paths.subtracting(missing) {
                    try take(path, RGBImage(width: 300, height: 150, pixels: Array(repeating: 90, count: 135_000)))
                }
            })
    }
}
