import Akin
import AkinTestSupport
import Foundation
import Testing

/// What every graph has to do: train, add, search, filter, range, remove, save, load, map.
@Suite struct HNSWSpecMatrixTests {
    static let specs = [
        "HNSW8", "HNSW8,SQ8", "HNSW8,SQ4,RFlat", "HNSW8,SQfp16", "HNSW8,SQbf16", "HNSW8,PQ8", "HNSW8,PQ8,Refine(SQ8)",
        "PCAR8,HNSW8,SQ8,RFlat",
    ]
    static let base = IndexSpecMatrixTests.base.rows(0..<2000)
    static let queries = IndexSpecMatrixTests.queries

    @Test("train, add, search, filter, remove, save, load, map", arguments: specs, Metric.allCases)
    func everything(text: String, metric: Metric) throws {
        var index = try HNSWIndex(
            training: Self.base, spec: IndexSpec(parsing: text, dimension: 32), metric: metric,
            construction: .init(efConstruction: 40), threads: 2)
        #expect(index.count == 0 && index.spec == text)
        try index.add(Self.base)
        #expect(index.count == 2000 && index.unreachable.isEmpty)
        let options = SearchOptions(threads: 1, efSearch: 100, refineFactor: 10)
        let found = try index.search(Self.queries, k: 10, options: options).neighbors
        let truth = try FlatIndex(Self.base, metric: metric).search(Self.queries, k: 10).neighbors
        let recall = IndexSpecMatrixTests.recall(found, truth)
        #expect(recall >= (text.contains("PQ8") ? 0.5 : text.contains("PCAR8") ? 0.75 : 0.93), "recall \(recall)")
        let ordered = (0..<50).allSatisfy { q in
            zip(found[q], found[q].dropFirst()).allSatisfy { !metric.isNearer($1.score, than: $0.score) }
        }
        #expect(ordered)

        // Neither threads, batches nor kernels change the answer.
        let alone = try index.search(Self.queries.rows(17..<18), k: 10, options: options).neighbors
        #expect(Array(alone[0]) == Array(found[17]))
        for kernels in Kernels.available {
            var options = options
            options.kernels = kernels
            options.threads = 3
            #expect(try index.search(Self.queries, k: 10, options: options).neighbors == found, "\(kernels.name)")
        }

        var filtered = options
        filtered.filter = .range(100..<140)
        let few = try index.search(Self.queries, k: 50, options: filtered)
        let onlyAllowed = (0..<50).allSatisfy { q in
            few.neighbors[q].count == 40 && few.neighbors[q].allSatisfy { (100..<140).contains($0.id) }
        }
        #expect(onlyAllowed && few.isLimited)
        try range(index, metric, found, options)
        try storage(index, found, options)

        #expect(index.remove(where: .predicate { $0 % 2 == 0 }) == 1000)
        let odd = try index.search(Self.queries, k: 10, options: options).neighbors
        var onlyOdd = options
        onlyOdd.filter = .predicate { $0 % 2 == 1 }
        onlyOdd.filtering = .scan
        let best = try index.search(Self.queries, k: 10, options: onlyOdd).neighbors
        #expect(IndexSpecMatrixTests.recall(odd, best) > 0.9)
    }

    private func range(
        _ index: HNSWIndex, _ metric: Metric, _ found: Neighbors, _ options: SearchOptions
    ) throws {
        guard let last = found[0].last else { return }
        let query = Self.queries.rows(0..<1)
        let within = try index.search(query, within: last.score, options: options).neighbors
        #expect(within[0].count >= 10 && within[0].allSatisfy { !metric.isNearer(last.score, than: $0.score) })
        // Narrower walks nominate fewer.
        #expect(Set(found[0].map(\.id)).isSubset(of: within[0].map(\.id)))
        var filtered = options
        filtered.filter = .predicate { $0 % 2 == 0 }
        #expect(
            try index.search(query, within: last.score, options: filtered).neighbors[0].map(\.id)
                == within[0].map(\.id).filter { $0 % 2 == 0 })
        let worst: Float = metric == .l2 ? -1 : .infinity
        #expect(try index.search(query, within: worst, options: options).neighbors[0].isEmpty)
        let everything: Float = metric == .l2 ? .infinity : -.infinity
        #expect(try index.search(query, within: everything, options: options).neighbors[0].count == 2000)
        #expect(throws: IndexError.self) { try index.search(query, within: .nan, options: options) }
    }

    private func storage(_ index: HNSWIndex, _ found: Neighbors, _ options: SearchOptions) throws {
        try withTemporaryDirectory { folder in
            let path = folder + "/index.akin"
            try index.save(to: path)
            for verify in [true, false] {
                let opened = try HNSWIndex(path: path, isMapped: !verify, verify: verify)
                #expect(opened.spec == index.spec && opened.count == index.count && opened.metric == index.metric)
                #expect(try opened.search(Self.queries, k: 10, options: options).neighbors == found)
                var changed = opened
                #expect(changed.remove([3, 1999]) == 2)
                #expect(changed.count == 1998 && opened.count == 2000)
                let again = folder + "/again.akin"
                try opened.save(to: again)
                let identical = try Data(contentsOf: .init(filePath: path)) == Data(contentsOf: .init(filePath: again))
                #expect(identical)
            }
        }
    }

    @Test(
        "constant, repeated, flat and extreme vectors are indexed and found, and nothing fails",
        arguments: ["HNSW4", "HNSW4,SQ8", "HNSW4,SQ4,RFlat", "HNSW4,SQfp16", "HNSW4,PQ2", "PCA4,HNSW4,SQ8,RFlat"],
        ["zero", "constant", "two points", "one direction", "one outlier", "tiny"])
    func degenerate(text: String, kind: String) throws {
        let vectors = DegenerateVectorsTests.vectors(kind)
        for metric in Metric.allCases {
            var index = try HNSWIndex(
                training: vectors, spec: IndexSpec(parsing: text, dimension: 8), metric: metric,
                construction: .init(efConstruction: 16), threads: 1)
            try index.add(vectors, threads: 1)
            #expect(index.unreachable.isEmpty, "\(metric)")
            let found = try index.search(vectors.rows(0..<20), k: 5, options: .init(threads: 1)).neighbors
            let full = (0..<20).allSatisfy { found[$0].count == 5 && Set(found[$0].map(\.id)).count == 5 }
            #expect(full, "\(metric)")
            #expect((0..<20).allSatisfy { found[$0].allSatisfy { !$0.score.isNaN } }, "\(metric)")
            index.remove(where: .predicate { $0 % 3 == 0 }, threads: 1)
            #expect(index.unreachable.isEmpty, "\(metric)")
            for i in 0..<5 { try index.add(vectors.rows(i..<i + 1), threads: 1) }
            #expect(index.unreachable.isEmpty && index.count == 405, "\(metric)")
        }
    }

    @Test("points among many copies of others are found")
    func copies() throws {
        // Nine tenths of the vectors are copies of one.
        let base = Matrix<Float>(rows: 1000, columns: 4) { elements in
            for i in 0..<1000 {
                for c in 0..<4 { elements[i * 4 + c] = i % 10 == 0 ? Float((i / 10 * (c + 3)) % 37) : 1 }
            }
        }
        var index = try HNSWIndex(
            training: base, spec: IndexSpec(parsing: "HNSW6"), construction: .init(efConstruction: 32))
        for first in stride(from: 0, to: 1000, by: 50) { try index.add(base.rows(first..<first + 50)) }
        #expect(index.unreachable.isEmpty)
        let found = try index.search(base, k: 1, options: .init(efSearch: 32)).neighbors
        #expect((0..<1000).allSatisfy { found[$0].first?.score == 0 })
    }

    @Test("one component, one vector")
    func smallest() throws {
        let base = Matrix<Float>(rows: 200, columns: 1) { elements in for i in 0..<200 { elements[i] = Float(i) } }
        for count in [1, 2, 200] {
            var index = try HNSWIndex(training: base.rows(0..<count), spec: IndexSpec(parsing: "HNSW4,SQ8,RFlat"))
            try index.add(base.rows(0..<count))
            let found = try index.search(base.rows(0..<count), k: 2, options: .init(efSearch: 32)).neighbors
            #expect((0..<count).allSatisfy { found[$0].first?.id == Int64($0) && found[$0].count == min(2, count) })
        }
    }
}
