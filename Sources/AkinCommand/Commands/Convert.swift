import Akin
import ArgumentParser

/// `akin convert`: one file format of vectors to another.
struct Convert: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Converts a file of vectors to another format.",
        discussion: """
            The extensions say the formats: .npy, .fvecs, .bvecs, .ivecs, .fbin, .u8bin, .i8bin. Values are kept; one that the
            new format cannot hold is an error. Half precision, where it is asked for, rounds to the nearest.

            Example:
              akin convert base.fvecs base.npy
              akin convert base.npy small.npy --type float16 --first 1000
            """)

    @Argument(help: "The file to read.")
    var input: String

    @Argument(help: "The file to write.")
    var output: String

    @Option(
        help: "Element type of a .npy output: float32, float16, uint8, int8, int32, int64 (default: as in the input).")
    var type: ElementType?

    @Option(help: "Only the first rows.")
    var first: Int?

    @OptionGroup var talk: OutputOptions

    /// Bytes that are in memory at a time.
    private static let blockByteCount = 64 << 20

    func validate() throws {
        if let first { try checkPositive(first, "--first") }
    }

    func run() throws {
        let session = Session(talk)
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
