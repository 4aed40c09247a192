import Akin
import AkinVision

/// A source of images that was embedded into files, and how long that took.
struct TimedEmbedding {
    let summary: EmbeddingSummary
    /// Seconds from the first byte read to the last vector written; loading the model is no part of it.
    let seconds: Double

    /// Embeds the images of a folder, tar or file.
    ///
    /// After Ctrl-C it says how to go on, then throws `CancellationError` like any interrupted work.
    init(
        images: String, by embedder: any Embedder, to path: String, options: EmbeddingOptions, in session: Session
    ) throws {
        let source = try ImageSources.open(images)
        do {
            (summary, seconds) = try timed {
                try EmbeddingPipeline.embed(
                    source: source, embedder: embedder, to: path, options: options, monitor: session.monitor)
            }
        } catch is CancellationError {
            session.note("what is finished is kept; the same command goes on from there")
            throw CancellationError()
        }
        if summary.resumed > 0 { session.note("\(path): went on behind \(summary.resumed.counted("image"))") }
        if summary.skipped > 0 {
            session.note(
                "\(images): \(summary.skipped.counted("image")) could not be read; the records beside \(path) say why")
        }
    }

    /// Images dealt with in this run per second.
    var imagesPerSecond: Double { Double(summary.embedded + summary.skipped - summary.resumed) / max(seconds, 1e-9) }
}
