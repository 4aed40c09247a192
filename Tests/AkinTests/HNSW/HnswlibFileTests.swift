import Akin
import AkinTestSupport
import Foundation
import Testing

/// Indexes that hnswlib wrote, beside what it answers.
@Suite struct HnswlibFileTests {
    struct Golden: Decodable, Sendable {
        var space: String
        var queries: [[Float]]
        var labels: [[Int64]]
        var distances: [[Float]]
        private var file: Data

        var bytes: [UInt8] { Array(file) }
        var metric: Metric { space == "l2" ? .l2 : space == "ip" ? .innerProduct : .cosine }
    }

    /// `Tests/Goldens/hnswlib.json`.
    static let all: [Golden] = {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Goldens/hnswlib.json")
        do {
            return try JSONDecoder().decode([Golden].self, from: Data(contentsOf: path))
        } catch {
            fatalError("Tests/Goldens/hnswlib.json: \(error)")
        }
    }()

    private func open(_ bytes: [UInt8], _ metric: Metric) throws -> HNSWIndex {
        try HnswlibFile.read(bytes.withUnsafeBytes { MemoryFile($0) }, path: "memory.bin", metric: metric)
    }

    @Test("an index finds what hnswlib finds", arguments: 0..<3)
    func search(_ number: Int) throws {
        let golden = Self.all[number]
        let index = try open(golden.bytes, golden.metric)
        #expect(index.spec == "HNSW3" && index.dimension == 5 && index.count == (golden.metric == .l2 ? 57 : 60))
        #expect(index.unreachable.isEmpty || golden.metric != .l2)
        let found = try index.search(Matrix(golden.queries), k: 5, options: .init(threads: 1, efSearch: 60)).neighbors
        for q in golden.queries.indices {
            #expect(found[q].map(\.id) == golden.labels[q])
            for (neighbor, distance) in zip(found[q], golden.distances[q]) {
                let score = golden.metric == .l2 ? distance : 1 - distance
                #expect(abs(neighbor.score - score) < 1e-4)
            }
        }
        // What came from a file grows and goes through files as others do.
        try withTemporaryDirectory { folder in
            var grown = index
            try grown.add(Matrix(golden.queries), ids: [1000, 1001, 1002, 1003, 1004, 1005])
            try grown.save(to: folder + "/graph.akin")
            #expect(try HNSWIndex(path: folder + "/graph.akin").count == index.count + 6)
            try grown.saveFaiss(to: folder + "/graph.faiss")
            let again = try FaissFile.open(folder + "/graph.faiss")
            #expect(again.spec == "HNSW3" && again.metric == grown.metric)
            let options = SearchOptions(threads: 1, efSearch: 66)
            #expect(
                try again.search(Matrix(golden.queries), k: 5, options: options).neighbors[0].map(\.id)
                    == grown.search(Matrix(golden.queries), k: 5, options: options).neighbors[0].map(\.id))
        }
    }

    @Test("cut or changed anywhere, a file is an error or another index, and nothing worse")
    func damage() throws {
        let whole = Self.all[0].bytes
        for length in 0..<whole.count where length < 120 || length % 7 == 0 {
            #expect(throws: FileError.self, "\(length) bytes") { try open(Array(whole[..<length]), .l2) }
        }
        #expect(throws: FileError.self) { try open(whole + [0], .l2) }
        for i in whole.indices where i < 400 || i % 5 == 0 {
            for value: UInt8 in [0, 0x7f, 0xff] {
                var bytes = whole
                bytes[i] = value
                guard var index = try? open(bytes, .l2) else { continue }
                let found = try index.search(Matrix([[1, 2, 3, 4, 5]]), k: 3, options: .init(threads: 1))
                #expect(found.neighbors.count == 1)
                index.remove([7, 9], threads: 1)
            }
        }
    }
}
