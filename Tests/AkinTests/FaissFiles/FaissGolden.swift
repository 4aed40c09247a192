import Akin
import Foundation
import Testing

/// An index as Faiss wrote it, and what Faiss finds in it.
struct FaissGolden: Decodable, Sendable, CustomTestStringConvertible {
    var name: String
    var metric: String
    var count: Int
    var dimension: Int
    var queries: [[Float]]
    var ids: [[Int64]]
    var scores: [[Float]]
    private var file: Data

    var bytes: [UInt8] { Array(file) }
    var testDescription: String { "\(name), \(metric)" }

    /// `Tests/Goldens/faiss.json`.
    static let all: [FaissGolden] = {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Goldens/faiss.json")
        do {
            return try JSONDecoder().decode([FaissGolden].self, from: Data(contentsOf: path))
        } catch {
            fatalError("Tests/Goldens/faiss.json: \(error)")
        }
    }()

    /// Those small enough to be read thousands of times.
    static let small = all.filter { $0.file.count < 3000 }

    static func named(_ name: String) throws -> FaissGolden {
        try #require(all.first { $0.name == name })
    }
}

/// Collects what is written.
final class MemorySink: ByteSink {
    var bytes: [UInt8] = []
    func write(_ bytes: UnsafeRawBufferPointer) { self.bytes += bytes }
}

/// Reads a Faiss index from bytes.
func faissIndex(_ bytes: [UInt8]) throws(FileError) -> FaissIndex {
    try FaissIndex(bytes.withUnsafeBytes { MemoryFile($0) }, path: "memory.faiss")
}

/// The bytes of a tree.
func written(_ index: FaissIndex) throws(FileError) -> [UInt8] {
    let sink = MemorySink()
    try index.write(to: sink)
    return sink.bytes
}

/// Bytes of a Faiss file, put together by hand.
struct FaissBytes {
    var bytes: [UInt8] = []

    /// Four characters.
    func code(_ text: String) -> FaissBytes { self + Array(text.utf8) }
    func number<T: FixedWidthInteger>(_ value: T) -> FaissBytes { self + AkinTests.bytes(value) }
    func float(_ value: Float) -> FaissBytes { number(value.bitPattern) }
    func floats(_ values: [Float]) -> FaissBytes { values.reduce(self) { $0.float($1) } }
    /// Floats behind their number.
    func array(_ values: [Float]) -> FaissBytes { number(UInt64(values.count)).floats(values) }
    /// Bytes behind their number.
    func array(_ values: [UInt8]) -> FaissBytes { number(UInt64(values.count)) + values }
    /// Ids behind their number.
    func array(_ values: [Int64]) -> FaissBytes { values.reduce(number(UInt64(values.count))) { $0.number($1) } }

    /// What follows the code of every index.
    func header(_ dimension: Int32, _ count: Int64, trained: UInt8 = 1, metric: Int32 = 1) -> FaissBytes {
        let header = number(dimension).number(count).number(Int64(1 << 20)).number(Int64(1 << 20)).number(trained)
        return header.number(metric)
    }

    /// A whole flat index.
    func flat(_ dimension: Int32, _ values: [Float]) -> FaissBytes {
        code("IxF2").header(dimension, Int64(values.count) / Int64(dimension)).array(values)
    }

    /// A product quantizer of two dimensions, two subquantizers and one bit.
    func product(nbits: UInt64 = 1) -> FaissBytes {
        let centroids = (0..<2 << nbits).map { Float($0) }
        return number(UInt64(2)).number(UInt64(2)).number(nbits).array(centroids)
    }

    static func + (a: FaissBytes, b: [UInt8]) -> FaissBytes { FaissBytes(bytes: a.bytes + b) }
}
