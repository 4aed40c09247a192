public import Akin
import AkinVision
public import ArgumentParser

extension Metric: ExpressibleByArgument {}
extension ElementType: ExpressibleByArgument {}

/// Runs `body`; an error that does not know which file it is about gets the file's name in front.
func naming<Result>(_ path: String, _ body: () throws -> Result) throws -> Result {
    do {
        return try body()
    } catch let error as IndexError {
        throw CommandError("\(path): \(error)")
    }
}

/// Reads vectors, with their records and embedding space where those lie beside them.
///
/// Vectors stay in the mapped file where it holds 32-bit floats in one piece.
func readVectors(_ path: String) throws -> EmbeddedSet {
    let set = try EmbeddedSet(path: path)
    guard set.vectors.rows > 0 else { throw CommandError("\(path): expected at least one vector, the file holds none") }
    return set
}

/// Opens an index and reads queries of the same embedding space, as far as both are known.
func readPair(
    index path: String, queries: String, isMapped: Bool, threads: Int?, monitor: ProgressMonitor
) throws -> (any VectorIndex, Matrix<Float>) {
    let index = try IndexFile.open(
        path, isMapped: isMapped, verify: !isMapped, threads: threads, monitor: monitor)
    let asked = try readVectors(queries)
    if let expected = index.space, let actual = asked.space { try naming(queries) { try expected.check(actual) } }
    return (index, asked.vectors)
}

/// A whole number that must be 1 or more, as an error of usage otherwise.
func checkPositive(_ value: Int, _ option: String) throws {
    guard value >= 1 else { throw ValidationError("\(option) is \(value); it must be 1 or more") }
}

/// `1,10,20` on the command line.
struct WholeNumbers: ExpressibleByArgument {
    var values: [Int]

    init(_ values: [Int]) { self.values = values }

    init?(argument: String) {
        let parts = argument.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
        guard !parts.isEmpty, parts.allSatisfy({ $0 != nil }) else { return nil }
        values = parts.compactMap { $0 }
    }

    var defaultValueDescription: String { values.map(String.init).joined(separator: ",") }
}

/// `500MiB`, `4GiB`, `2000000` on the command line.
struct ByteCount: ExpressibleByArgument {
    var value: Int

    init?(argument: String) {
        let units = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40), ("", 1)]
        for (unit, factor) in units where argument.hasSuffix(unit) {
            guard let number = Double(argument.dropLast(unit.count)), number >= 0 else { continue }
            let bytes = number * Double(factor)
            guard bytes < 1e18 else { return nil }
            value = Int(bytes)
            return
        }
        return nil
    }
}

/// `250000..<500000` on the command line: rows from the first on, up to but without the last.
struct RowRange: ExpressibleByArgument, CustomStringConvertible {
    var range: Range<Int>
    var description: String { "\(range.lowerBound)..<\(range.upperBound)" }

    init?(argument: String) {
        let parts = argument.components(separatedBy: "..<")
        guard parts.count == 2, let first = Int(parts[0]), let end = Int(parts[1]), first >= 0, end > first else {
            return nil
        }
        range = first..<end
    }
}

/// How an index is opened and searched.
struct SearchBreadth: ParsableArguments {
    @Option(help: ArgumentHelp("Inverted lists to look at (default: the index's own).", valueName: "n"))
    var nprobe: Int?

    @Option(help: ArgumentHelp("Candidates kept while walking a graph (default: the index's own).", valueName: "n"))
    var ef: Int?

    @Option(
        help: ArgumentHelp(
            "Candidates compared again per neighbour, in an index with refinement (default: the index's own).",
            valueName: "factor"))
    var refine: Double?

    @Option(help: ArgumentHelp("Leaves of trees to look at (default: the index's own).", valueName: "n"))
    var leaves: Int?

    @Option(help: ArgumentHelp("Buckets of each hash table to look at (default: the index's own).", valueName: "n"))
    var probes: Int?

    @Flag(help: "Leave inverted lists in the file and read only those that are probed; checksums are not compared.")
    var mapped = false

    func validate() throws {
        if let nprobe { try checkPositive(nprobe, "--nprobe") }
        if let ef { try checkPositive(ef, "--ef") }
        if let leaves { try checkPositive(leaves, "--leaves") }
        if let probes { try checkPositive(probes, "--probes") }
        if let refine, !(refine >= 1) { throw ValidationError("--refine is \(refine); it must be 1 or more") }
    }
}
