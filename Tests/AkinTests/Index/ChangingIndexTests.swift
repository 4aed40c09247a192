import Akin
import AkinTestSupport
import Foundation
import Testing

/// What the indexes of trees and hashes have in common.
protocol ChangingIndex: VectorIndex {
    init(
        training sample: Matrix<Float>, spec: IndexSpec, metric: Metric, space: EmbeddingSpace?, seed: UInt64,
        threads: Int?, monitor: ProgressMonitor) throws
    mutating func add(_ vectors: Matrix<Float>, ids: [Int64]?, threads: Int?, monitor: ProgressMonitor) throws
    mutating func remove(where filter: IDFilter) -> Int
    func search(_ queries: Matrix<Float>, within radius: Float, options: SearchOptions) throws -> SearchResult
    init(path: String, isMapped: Bool, verify: Bool, monitor: ProgressMonitor) throws
    init(_ container: ContainerReader, verify: Bool, monitor: ProgressMonitor) throws
}

extension HashIndex: ChangingIndex {}
extension HashTableIndex: ChangingIndex {}
extension KDTreeIndex: ChangingIndex {}

/// What trees and hashes have to do: train, add, search, filter, remove, save, load, map.
@Suite struct ChangingIndexTests {
    /// A spec, and the least recall that it must reach.
    struct Case: Sendable, CustomTestStringConvertible {
        var text: String
        var floor: Double
        var testDescription: String { text }

        init(_ text: String, _ floor: Double) {
            self.text = text
            self.floor = floor
        }
    }

    static let cases = [
        Case("BFlat", 0.1), Case("BMIH4", 0.1), Case("ITQ16,BFlat", 0.1), Case("ITQ24,BMIH3,RFlat", 0.5),
        Case("LSH64", 0.1), Case("LSH256,RFlat", 0.8), Case("Center,RR,BFlat,Refine(SQ8)", 0.5),
        Case("KDTree", 1), Case("KDTree4", 0.5), Case("PCA8,KDTree,RFlat", 0.5), Case("LSH4x8", 0.2),
        Case("E2LSH6x8", 0.5), Case("PCA16,E2LSH6x8,Refine(SQ8)", 0.3),
    ]
    static let metrics: [Metric] = [.l2, .innerProduct, .cosine]
    static let base = Matrix<Float>.clustered(rows: 2000, columns: 32, clusters: 40, seed: 1)
    static let queries = Matrix<Float>.clustered(rows: 40, columns: 32, clusters: 40, seed: 1, skipping: 2000)

    static func kind(_ spec: IndexSpec) -> any ChangingIndex.Type {
        switch spec.core {
        case .kdTrees: KDTreeIndex.self
        case .hashTables: HashTableIndex.self
        default: HashIndex.self
        }
    }

    private func empty(_ text: String, _ metric: Metric, dimension: Int = 32) throws -> any ChangingIndex {
        let spec = try IndexSpec(parsing: text, dimension: dimension)
        return try Self.kind(spec).init(
            training: Self.base, spec: spec, metric: metric, space: nil, seed: 1, threads: 2, monitor: .silent)
    }

    private var options: SearchOptions { SearchOptions(threads: 1, refineFactor: 20) }

    @Test("train, add, search, filter, remove, save, load, map", arguments: cases, metrics)
    func everything(example: Case, metric: Metric) throws {
        var index = try empty(example.text, metric)
        #expect(index.count == 0 && index.spec == example.text)
        try index.add(Self.base.rows(0..<700), ids: nil, threads: 2, monitor: .silent)
        try index.add(Self.base.rows(700..<2000), ids: nil, threads: 1, monitor: .silent)
        #expect(index.count == 2000 && index.metric == metric && index.byteCount > 0)
        let found = try index.search(Self.queries, k: 10, options: options)
        let truth = try FlatIndex(Self.base, metric: metric).search(Self.queries, k: 10).neighbors
        let recall = IndexSpecMatrixTests.recall(found.neighbors, truth)
        #expect(recall >= example.floor, "recall \(recall)")
        if found.isExact { #expect(found.neighbors == truth) }
        for q in 0..<40 {
            let row = found.neighbors[q]
            let ordered = zip(row, row.dropFirst()).allSatisfy {
                !metric.isNearer($1.score, than: $0.score) && ($0.score != $1.score || $0.id < $1.id)
            }
            #expect(ordered && (row.count == 10 || index is HashTableIndex))
        }

        // Neither threads, batches, kernels nor the order of adding change the answer.
        for kernels in Kernels.available {
            var options = options
            options.kernels = kernels
            options.threads = 3
            #expect(try index.search(Self.queries, k: 10, options: options).neighbors == found.neighbors)
        }
        let alone = try index.search(Self.queries.rows(17..<18), k: 10, options: options).neighbors
        #expect(Array(alone[0]) == Array(found.neighbors[17]))
        var backwards = try empty(example.text, metric)
        for first in [1500, 0, 700] {
            let rows = first..<(first == 0 ? 700 : first == 700 ? 1500 : 2000)
            try backwards.add(Self.base.rows(rows), ids: rows.map(Int64.init), threads: 1, monitor: .silent)
        }
        #expect(try backwards.search(Self.queries, k: 10, options: options).neighbors == found.neighbors)

        // A filter: only what it allows, and as many as there are.
        var filtered = options
        filtered.filter = .range(100..<140)
        let few = try index.search(Self.queries, k: 50, options: filtered)
        let onlyAllowed = (0..<40).allSatisfy { few.neighbors[$0].allSatisfy { (100..<140).contains($0.id) } }
        #expect(onlyAllowed && few.isLimited)

        // A range holds what a search for the k nearest says is within it.
        let last = try #require(found.neighbors[0].last)
        let within = try index.search(Self.queries.rows(0..<1), within: last.score, options: options).neighbors
        #expect(Set(within[0].map(\.id)).isSuperset(of: found.neighbors[0].map(\.id)))
        #expect(within[0].allSatisfy { !metric.isNearer(last.score, than: $0.score) })

        try storage(index, found.neighbors)
        try removal(index)
    }

    private func storage(_ index: any ChangingIndex, _ found: Neighbors) throws {
        try withTemporaryDirectory { folder in
            let path = folder + "/index.akin"
            try index.save(to: path)
            for isMapped in [true, false] {
                var opened = try type(of: index).init(
                    path: path, isMapped: isMapped, verify: !isMapped, monitor: .silent)
                #expect(opened.spec == index.spec && opened.count == index.count && opened.metric == index.metric)
                #expect(try opened.search(Self.queries, k: 10, options: options).neighbors == found)
                try opened.add(Self.base.rows(0..<20), ids: nil, threads: 1, monitor: .silent)
                #expect(opened.count == 2020)
                #expect(opened.remove(where: .range(2000..<3000)) == 20)
                #expect(try opened.search(Self.queries, k: 10, options: options).neighbors == found)
            }
            #expect(try type(of: IndexFile.open(path)) == type(of: index))
            let again = folder + "/again.akin"
            try IndexFile.open(path).save(to: again)
            let identical = try Data(contentsOf: .init(filePath: path)) == Data(contentsOf: .init(filePath: again))
            #expect(identical)
            #expect(try FileDescription(path: path).index == index.spec)
            try FileDescription.verify(path: path)
        }
    }

    private func removal(_ index: any ChangingIndex) throws {
        var changed = index
        #expect(changed.remove(where: .predicate { $0 % 2 == 0 }) == 1000)
        #expect(changed.count == 1000 && index.count == 2000)
        let found = try changed.search(Self.queries, k: 10, options: options).neighbors
        #expect((0..<40).allSatisfy { found[$0].allSatisfy { $0.id % 2 == 1 } })
        #expect(changed.remove(where: .range(0..<2000)) == 1000)
        #expect(try changed.search(Self.queries, k: 3, options: options).neighbors[5].isEmpty)
        try changed.add(Self.base, ids: (0..<2000).map(Int64.init), threads: 1, monitor: .silent)
        let restored = try changed.search(Self.queries, k: 10, options: options).neighbors
        #expect(try index.search(Self.queries, k: 10, options: options).neighbors == restored)
    }

    // MARK: - Bad input

    @Test("bad input is refused and changes nothing", arguments: cases)
    func badInput(example: Case) throws {
        var index = try empty(example.text, .l2)
        try index.add(Self.base.rows(0..<50), ids: nil, threads: 1, monitor: .silent)
        let wrong = Matrix<Float>.random(rows: 3, columns: 31, seed: 1)
        var holed = Array(repeating: Array(repeating: Float(1), count: 32), count: 3)
        holed[1][4] = .nan
        let one = Self.queries.rows(0..<1)
        #expect(throws: IndexError.dimensionMismatch(expected: 32, actual: 31)) {
            try index.search(wrong, k: 1, options: options)
        }
        #expect(throws: IndexError.notFinite(row: 1, column: 4)) {
            try index.search(Matrix(holed), k: 1, options: options)
        }
        #expect(throws: IndexError.outOfRange(name: "k", value: 0, allowed: 1...50)) {
            try index.search(one, k: 0, options: options)
        }
        #expect(throws: IndexError.dimensionMismatch(expected: 32, actual: 31)) {
            try index.add(wrong, ids: nil, threads: 1, monitor: .silent)
        }
        #expect(throws: IndexError.notFinite(row: 1, column: 4)) {
            try index.add(Matrix(holed), ids: nil, threads: 1, monitor: .silent)
        }
        #expect(throws: IndexError.duplicateID(49)) { try index.add(one, ids: [49], threads: 1, monitor: .silent) }
        #expect(throws: CancellationError.self) {
            try index.add(one, ids: nil, threads: 1, monitor: .init(shouldStop: { true }))
        }
        #expect(throws: CancellationError.self) {
            try index.search(Self.queries, k: 1, options: .init(threads: 1, monitor: .init(shouldStop: { true })))
        }
        #expect(index.count == 50)
        #expect(throws: IndexError.empty) {
            try Self.kind(.init(parsing: example.text)).init(
                training: Self.base.rows(0..<0), spec: .init(parsing: example.text), metric: .l2, space: nil, seed: 1,
                threads: 1, monitor: .silent)
        }
        #expect(throws: (any Error).self) { try HashIndex(training: Self.base, spec: .flat) }
    }

    @Test("one vector, the same vector many times, one dimension", arguments: cases, metrics)
    func degenerate(example: Case, metric: Metric) throws {
        var index = try empty(example.text, metric)
        try index.add(Self.base.rows(0..<1), ids: [7], threads: 1, monitor: .silent)
        #expect(try index.search(Self.base.rows(0..<1), k: 5, options: options).neighbors[0].map(\.id) == [7])
        let same = Matrix<Float>(rows: 100, columns: 32) { elements in for i in elements.indices { elements[i] = 2 } }
        try index.add(same, ids: nil, threads: 1, monitor: .silent)
        let found = try index.search(same.rows(0..<1), k: 5, options: options).neighbors
        #expect(found[0].map(\.id) == Array(8..<13))
        guard !example.text.contains("ITQ"), !example.text.contains("BMIH"), !example.text.contains("PCA") else {
            return
        }
        let line = Matrix<Float>(rows: 60, columns: 1) { elements in
            for i in elements.indices { elements[i] = Float(i) - 30 }
        }
        let spec = try IndexSpec(parsing: example.text, dimension: 1)
        var flat = try Self.kind(spec).init(
            training: line, spec: spec, metric: metric, space: nil, seed: 1, threads: 1, monitor: .silent)
        try flat.add(line, ids: nil, threads: 1, monitor: .silent)
        #expect(try flat.search(line, k: 3, options: options).neighbors.count == 60)
    }

    // MARK: - Damage

    private func file(_ text: String, _ folder: String) throws -> String {
        var index = try empty(text, .l2)
        try index.add(Self.base.rows(0..<60), ids: nil, threads: 1, monitor: .silent)
        let path = folder + "/index.akin"
        try index.save(to: path)
        return path
    }

    @Test("cut anywhere, a file is an error; changed, an error or a wrong answer", arguments: cases)
    func damaged(example: Case) throws {
        try withTemporaryDirectory { folder in
            let path = try file(example.text, folder)
            let whole = try [UInt8](Data(contentsOf: .init(filePath: path)))
            for length in stride(from: 0, to: whole.count, by: 997) {
                let storage = whole[..<length].withUnsafeBytes { MemoryFile($0) }
                #expect(throws: FileError.self, "\(length) bytes") {
                    try Self.kind(.init(parsing: example.text)).init(
                        ContainerReader(storage, path: "cut"), verify: true, monitor: .silent)
                }
            }
            for section in try ContainerReader(path: path).sections where section.byteCount > 0 {
                for i in 0..<24 {
                    var bytes = whole
                    bytes[section.offset + i * max(1, section.byteCount / 24) % section.byteCount] ^= 1 << UInt8(i % 8)
                    let storage = bytes.withUnsafeBytes { MemoryFile($0) }
                    let reader = try ContainerReader(storage, path: "changed")
                    let kind = try Self.kind(.init(parsing: example.text))
                    #expect(throws: (any Error).self, "\(section.name) \(i)") {
                        try kind.init(reader, verify: true, monitor: .silent)
                    }
                    guard let index = try? kind.init(reader, verify: false, monitor: .silent) else { continue }
                    #expect(["codes", "refined"].contains(section.name), "\(section.name)")
                    #expect(try index.search(Self.queries, k: 3, options: options).neighbors.count == 40)
                }
            }
        }
    }
}
