import Akin
import AkinTestSupport
import Testing

/// Hash tables: the order of probes, and what they find.
@Suite struct ProbeSequenceTests {
    private func functions(_ family: IndexSpec.HashFamily, hashes: Int) throws -> HashFunctions {
        try .draw(
            family, tables: 1, hashes: hashes, for: .random(rows: 500, columns: 8, seed: 1), seed: 2, threads: 1)
    }

    @Test("sides are changed in the order of what they cost, each set once")
    func hyperplanes() throws {
        let functions = try functions(.hyperplane, hashes: 6)
        let products: [Float] = [0.5, -0.1, 2, -1.5, 0.3, -0.7]
        var sequence = ProbeSequence(functions, products)
        var keys: [UInt32] = []
        while let key = sequence.next() { keys.append(key) }
        #expect(Set(keys).count == 64 && keys.count == 64)
        let own = functions.key(products)
        #expect(keys[0] == own && own == 0b010101)
        let costs = keys.map { key in
            (0..<6).reduce(Float(0)) { $0 + ((key ^ own) >> UInt32($1) & 1 == 1 ? products[$1] * products[$1] : 0) }
        }
        #expect(zip(costs, costs.dropFirst()).allSatisfy { $0 <= $1 + 1e-5 })
    }

    @Test("slices are changed by one either way, never both")
    func slices() throws {
        let functions = try functions(.pStable, hashes: 3)
        let w = functions.width
        let products = [0.1 * w, 1.6 * w, -0.5 * w]
        var sequence = ProbeSequence(functions, products)
        var keys: [UInt32] = []
        while let key = sequence.next() { keys.append(key) }
        #expect(keys.count == 27 && Set(keys).count == 27)
        func key(_ slices: [Float]) -> UInt32 { functions.key(slices.map { ($0 + 0.5) * w }) }
        #expect(keys[0] == key([0, 1, -1]) && keys[1] == key([-1, 1, -1]) && keys[2] == key([0, 2, -1]))
    }

    @Test("more probes find more", arguments: ["LSH4x12", "E2LSH4x8"])
    func recall(text: String) throws {
        let base = Matrix<Float>.clustered(rows: 5000, columns: 24, clusters: 50, seed: 1)
        let queries = Matrix<Float>.clustered(rows: 100, columns: 24, clusters: 50, seed: 1, skipping: 5000)
        let truth = try FlatIndex(base).search(queries, k: 10).neighbors
        var index = try HashTableIndex(training: base, spec: IndexSpec(parsing: text), threads: 2)
        try index.add(base, threads: 2)
        var last = (recall: -1.0, visited: 0)
        for probes in [1, 8, 64, 512] {
            let found = try index.search(queries, k: 10, options: .init(threads: 2, probes: probes))
            let recall = IndexSpecMatrixTests.recall(found.neighbors, truth)
            #expect(recall >= last.recall && found.visited >= last.visited, "\(probes): \(recall)")
            last = (recall, found.visited)
        }
        #expect(last.recall > 0.7, "\(last)")
        #expect(throws: IndexError.self) { try index.search(queries, k: 1, options: .init(probes: 0)) }
    }
}
