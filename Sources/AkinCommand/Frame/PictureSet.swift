import Akin
import AkinVision
import ArgumentParser

/// A set of vectors, and where the pictures are that they were made of, as far as that is known.
struct PictureSet {
    let set: EmbeddedSet
    let source: (any ImageSource)?
    /// What the set is called in messages.
    let name: String

    /// Reads a file of vectors; the pictures are where they were when it was made, or where `images` says.
    init(vectors path: String, images: String?, session: Session) throws {
        set = try readVectors(path)
        name = path
        if let images {
            source = try ImageSources.open(images)
            guard !set.records.isEmpty else {
                throw CommandError("\(path): has no records beside it, so its rows cannot be told from \(images)")
            }
        } else if !set.records.isEmpty, let known = try EmbeddedSet.source(of: path) {
            source = try? ImageSources.open(known)
            if source == nil {
                session.note("\(known) is gone, so there are no pictures; --images says where they are")
            }
        } else {
            source = nil
        }
    }

    /// Embeds pictures into a file, where an interrupted run goes on.
    init(
        embedding images: String, by embedder: any Embedder, to file: String, options: EmbeddingOptions,
        session: Session
    ) throws {
        let source = try ImageSources.open(images)
        _ = try source.countImages()
        _ = try TimedEmbedding(images: images, by: embedder, to: file, options: options, in: session)
        set = try readVectors(file)
        self.source = source
        name = images
    }

    /// Small pictures of some rows; none where it is not known where they are.
    func pictures(of rows: some Sequence<Int>, session: Session) throws -> ReportPictures {
        guard let source else { return ReportPictures() }
        return try ReportPictures(rows: rows, of: set, from: source, monitor: session.monitor)
    }
}

/// Whether a path is that of a file of vectors, by its name.
func isVectorFile(_ path: String) -> Bool { (try? VectorFormat(path: path)) != nil }

/// `-k`, `--metric`, `--approximate`, `--graph`: the neighbours that duplicates and paths are found among.
struct GraphOptions: ParsableArguments {
    @Option(name: .customShort("k"), help: ArgumentHelp("Neighbours of each picture to look at.", valueName: "k"))
    var k = 10

    @Option(help: "How nearness is measured: l2, ip or cosine.")
    var metric = Metric.cosine

    @Option(
        help: ArgumentHelp(
            "The neighbours of the same vectors, as `akin graph` wrote them; -k is not needed then.", valueName: "file"
        ))
    var graph: String?

    @Flag(help: "Find most of the neighbours instead of all, which is faster for many pictures.")
    var approximate = false

    func validate() throws { try checkPositive(k, "-k") }

    /// Finds the neighbours.
    func graph(of pictures: PictureSet, k: Int, threads: Int?, session: Session) throws -> KNNGraph {
        if let graph {
            let known = try KNNGraph(path: graph, metric: metric)
            guard known.count == pictures.set.vectors.rows else {
                throw CommandError(
                    "\(graph): expected the neighbours of \(pictures.set.vectors.rows) vectors, found \(known.count)")
            }
            return known
        }
        let options = KNNGraphOptions(threads: threads, monitor: session.monitor)
        return try naming(pictures.name) {
            approximate
                ? try KNNGraph.approximate(pictures.set.vectors, k: k, metric: metric, options: options)
                : try KNNGraph.exact(pictures.set.vectors, k: k, metric: metric, options: options)
        }
    }
}
