import Akin
import ArgumentParser

/// `akin convert`: one file format of vectors to another, and index files of Faiss and hnswlib to Akin's and back.
struct Convert: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Converts a file of vectors to another format, or an index of Faiss to Akin's and back.",
        discussion: """
            The extensions say the formats: .npy, .fvecs, .bvecs, .ivecs, .fbin, .u8bin, .i8bin for vectors, .akin, .faiss and
            .index for indexes. Values are kept; one that the new format cannot hold is an error. Half precision, where it is
            asked for, rounds to the nearest. An index keeps its codes and its ids, and finds what it found.

            Example:
              akin convert base.fvecs base.npy
              akin convert base.npy small.npy --type float16 --first 1000
              akin convert index.faiss index.akin
              akin convert index.akin index.faiss
              akin convert hnswlib.bin index.akin --metric cosine
            """)

    @Argument(help: "The file to read.")
    var input: String

    @Argument(help: "The file to write.")
    var output: String

    @Option(
        help: "Element type of a .npy output: float32, float16, uint8, int8, int32, int64 (default: as in the input).")
    var type: ElementType?

    @Option(help: "How nearness is measured in an index of hnswlib, whose files do not say: l2, ip or cosine.")
    var metric: Metric?

    @Option(help: "Only the first rows.")
    var first: Int?

    @OptionGroup var parallel: ThreadOptions
    @OptionGroup var talk: OutputOptions

    /// Bytes that are in memory at a time.
    private static let blockByteCount = 64 << 20

    func validate() throws {
        if let first { try checkPositive(first, "--first") }
    }

    func run() throws {
        let session = Session(talk)
        if let metric {
            try checkNoVectorOptions()
            guard output.hasSuffix(".akin") else {
                throw CommandError("\(output): an index of hnswlib is converted to .akin")
            }
            let index = try HnswlibFile.open(input, metric: metric)
            try index.save(to: output)
            return try report(session, spec: index.spec, index.count, index.dimension)
        }
        let (from, to) = (Kind(input, exists: true), Kind(output, exists: false))
        switch (from, to) {
        case (.vectors, .vectors): return try convertVectors(session)
        case (.faiss, .faiss):
            try checkNoVectorOptions()
            try FaissFile.rewrite(input, to: output)
            let index = try FileDescription(path: output)
            return try report(session, spec: index.index ?? "", index.count, index.dimension)
        case (.faiss, .akin):
            try checkNoVectorOptions()
            let index = try FaissFile.open(input, threads: parallel.threads, monitor: session.monitor)
            try index.save(to: output)
            try report(session, spec: index.spec, index.count, index.dimension)
        case (.akin, .faiss):
            try checkNoVectorOptions()
            let index = try IndexFile.open(
                input, isMapped: true, threads: parallel.threads, monitor: session.monitor)
            try index.saveFaiss(to: output, threads: parallel.threads)
            try report(session, spec: index.spec, index.count, index.dimension)
        case (.akin, .akin): throw CommandError("\(output): both are .akin files, which need no conversion; copy it")
        case (.vectors, _): throw CommandError("\(output): an index is made of vectors with 'akin build'")
        case (_, .vectors):
            throw CommandError("\(output): an index is converted to .akin or .faiss, not to a file of vectors")
        }
    }

    /// What a file holds, told by its name; a Faiss file that exists by its first bytes, too.
    private enum Kind {
        case vectors, akin, faiss

        init(_ path: String, exists: Bool) {
            if path.hasSuffix(".akin") {
                self = .akin
            } else if exists ? FaissFile.isFaiss(path) : FaissFile.hasName(path) {
                self = .faiss
            } else {
                self = .vectors
            }
        }
    }

    private func checkNoVectorOptions() throws {
        if type != nil { throw ValidationError("--type is for files of vectors") }
        if first != nil { throw ValidationError("--first is for files of vectors") }
    }

    private func report(_ session: Session, spec: String, _ count: Int, _ dimension: Int) throws {
        try session.result(
            "\(output): \(spec), \(count.counted("vector")) of dimension \(dimension)",
            json: [
                "output": .string(output), "index": .string(spec), "count": .int(count), "dimension": .int(dimension),
            ])
    }

    private func convertVectors(_ session: Session) throws {
        let source = try VectorFile(path: input)
        let format = try VectorFormat(path: output)
        let target = type ?? format.elementType ?? source.elementType
        let count = min(first ?? source.count, source.count)
        let writer = try VectorWriter(path: output, dimension: source.dimension, elementType: target)
        let step = max(1, Self.blockByteCount / (4 * source.dimension))
        for start in stride(from: 0, to: count, by: step) {
            let range = start..<min(start + step, count)
            if source.elementType.isWhole && target.isWhole {
                try writer.append(source.integers(range))
            } else {
                try writer.append(source.floats(range))
            }
            try session.monitor.update("converting", done: range.upperBound, total: count)
        }
        try writer.finish()
        try session.result(
            "\(output): \(count.counted("vector")) of dimension \(source.dimension), \(target.rawValue)",
            json: [
                "output": .string(output), "count": .int(count), "dimension": .int(source.dimension),
                "type": .string(target.rawValue),
            ])
    }
}

extension ElementType {
    /// Whether components are whole numbers of at most 32 bits, or written so.
    fileprivate var isWhole: Bool {
        switch self {
        case .float32, .float16: false
        case .uint8, .int8, .int32, .int64: true
        }
    }
}
