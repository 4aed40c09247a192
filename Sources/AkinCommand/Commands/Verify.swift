import Akin
import ArgumentParser

/// `akin verify`: whether a file is whole.
struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Reads all of a file and says whether it is whole.",
        discussion: """
            An index is compared with its checksums. Files of vectors have none; there the shape of every row is checked, and \
            that every value is finite.

            Example:
              akin verify index.akin
              akin verify vectors.npy
            """)

    @Argument(help: "An .akin index or a file of vectors.")
    var file: String

    @OptionGroup var talk: OutputOptions

    func run() throws {
        let session = Session(talk)
        let description = try FileDescription(path: file)
        let (_, seconds) = try timed {
            try FileDescription.verify(path: file, monitor: session.monitor)
            if description.index == nil { try checkFinite(session) }
        }
        try session.result(
            "\(file): whole, \(description.count.counted("vector")) of dimension \(description.dimension)",
            json: [
                "path": .string(file), "ok": true, "count": .int(description.count),
                "dimension": .int(description.dimension), "bytes": .int(description.bytes),
                "seconds": .seconds(seconds),
            ])
    }

    private func checkFinite(_ session: Session) throws {
        let vectors = try VectorFile(path: file)
        guard vectors.elementType == .float32 || vectors.elementType == .float16 else { return }
        let step = max(1, (16 << 20) / vectors.dimension)
        for start in stride(from: 0, to: vectors.count, by: step) {
            let range = start..<min(start + step, vectors.count)
            let block = try vectors.floats(range)
            let bad = block.withUnsafeElements { $0.firstIndex { !$0.isFinite } }
            if let bad {
                let row = start + bad / vectors.dimension
                throw CommandError("\(file): \(IndexError.notFinite(row: row, column: bad % vectors.dimension))")
            }
            try session.monitor.update("checking values", done: range.upperBound, total: vectors.count)
        }
    }
}
