import Akin
import AkinVision
import ArgumentParser

/// `akin embed`: images to vectors.
struct Embed: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Turns images into vectors.",
        discussion: """
            Writes vectors.npy, beside it vectors.jsonl (path and label of each row, and why an image could not be read) and \
            vectors.json (model and embedding space). Interrupted, it goes on where it stopped when run again.

            Example:
              akin embed photos/ --model vit_tiny/ -o vectors.npy
              akin embed train.tar --model builtin -o train.npy --strict
              akin embed train.tar --model vit_base/ --device cuda -o train.npy
            """)

    @Argument(help: "A folder (sub-folders are labels), a .tar of one, or an image.")
    var images: String

    @OptionGroup(title: "Model") var model: ModelOptions

    @Option(name: .shortAndLong, help: "The file of vectors to write: .npy.")
    var output: String

    @OptionGroup var embedding: EmbedOptions
    @OptionGroup var parallel: ThreadOptions
    @OptionGroup var device: DeviceOptions
    @OptionGroup var talk: OutputOptions

    func run() throws {
        let session = Session(talk)
        let (embedder, loading) = try timed { try model.makeEmbedder(on: device.chosen) }
        let done = try TimedEmbedding(
            images: images, by: embedder, to: output, options: embedding.options(threads: parallel.threads), in: session
        )
        let summary = done.summary
        let rate = done.imagesPerSecond.rounded(decimals: 1)
        try session.result(
            """
            \(output): \(summary.embedded.counted("image")), dimension \(summary.dimension), \
            \(done.seconds.text(decimals: 2)) s, \(rate) images/s\(summary.skipped > 0 ? ", \(summary.skipped) skipped" : "")
            """,
            json: [
                "images": .int(summary.embedded), "skipped": .int(summary.skipped), "resumed": .int(summary.resumed),
                "seconds": .seconds(done.seconds), "images_per_second": .double(rate),
                "load_seconds": .seconds(loading), "threads": .int(parallel.count),
                "device": .string(embedder.deviceName),
                "dimension": .int(summary.dimension), "space": .string(summary.space.id),
                "space_name": .string(summary.space.name), "output": .string(output),
            ])
    }
}
