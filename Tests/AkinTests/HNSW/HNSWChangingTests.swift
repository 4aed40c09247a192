import Akin
import AkinTestSupport
import Synchronization
import Testing

/// Graphs that change: removal, update, merging, churn.
@Suite struct HNSWChangingTests {
    static let base = Matrix<Float>.clustered(rows: 4500, columns: 16, clusters: 12, seed: 1)
    static let queries = Matrix<Float>.clustered(rows: 100, columns: 16, clusters: 12, seed: 1, skipping: 4500)

    private func make(_ base: Matrix<Float>, _ spec: String = "HNSW8", threads: Int? = nil) throws -> HNSWIndex {
        var index = try HNSWIndex(
            training: base, spec: IndexSpec(parsing: spec), construction: .init(efConstruction: 48))
        try index.add(base, threads: threads)
        return index
    }

    private func gather(_ rows: [Int]) -> Matrix<Float> {
        Matrix(rows: rows.count, columns: 16) { target in
            for (i, row) in rows.enumerated() {
                for c in 0..<16 { target[i * 16 + c] = Self.base[row, c] }
            }
        }
    }

    private func recall(_ index: HNSWIndex, _ truth: Neighbors, ef: Int = 24) throws -> Double {
        let found = try index.search(Self.queries, k: 10, options: .init(threads: 1, efSearch: ef)).neighbors
        return IndexSpecMatrixTests.recall(found, truth)
    }

    @Test("what is removed is not found, and all the rest can be")
    func removal() throws {
        var index = try make(Self.base.rows(0..<2000))
        let before = index.linkByteCount
        #expect(index.remove([5, 9, 77, 5000, -3, 9]) == 3)
        #expect(index.remove([5, 9, 77]) == 0)
        #expect(index.remove([Int64]()) == 0)
        #expect(index.count == 1997 && index.linkByteCount < before)
        #expect(index.unreachable.isEmpty)
        #expect(index.remove(where: .predicate { $0 % 3 == 0 }) == 666)
        #expect(index.count == 1331)
        #expect(index.unreachable.isEmpty)
        let left = (0..<2000).filter { $0 % 3 != 0 && ![5, 77].contains($0) }
        let truth = bruteForce(gather(left), Self.queries, k: 10, metric: .l2, ids: left.map(Int64.init))
        #expect(try recall(index, truth, ef: 60) > 0.98)
        let found = try index.search(Self.base.rows(0..<2000), k: 1, options: .init(efSearch: 40)).neighbors
        #expect(left.allSatisfy { found[$0].first?.id == Int64($0) })
    }

    @Test("after ten rounds of replacing one in twenty the graph is as good as a new one")
    func churn() throws {
        var index = try make(Self.base.rows(0..<3000))
        var stored = Array(0..<3000)
        let bytes = index.byteCount
        for round in 0..<10 {
            var random = SeededRandom(seed: UInt64(round))
            var gone: [Int64] = []
            for _ in 0..<150 { gone.append(Int64(stored.remove(at: Int(random.next() % UInt64(stored.count))))) }
            #expect(index.remove(gone) == 150)
            let new = 3000 + round * 150..<3000 + (round + 1) * 150
            try index.add(Self.base.rows(new), ids: new.map(Int64.init))
            stored += Array(new)
        }
        #expect(index.count == 3000 && index.unreachable.isEmpty)
        #expect(index.byteCount < bytes + bytes / 20)
        let truth = bruteForce(gather(stored), Self.queries, k: 10, metric: .l2, ids: stored.map(Int64.init))
        let fresh = try make(gather(stored))
        // Ids of the fresh one are places of `stored`.
        let freshTruth = bruteForce(gather(stored), Self.queries, k: 10, metric: .l2)
        for ef in [12, 24, 48] {
            let after = try recall(index, truth, ef: ef), expected = try recall(fresh, freshTruth, ef: ef)
            #expect(after >= expected - 0.01, "ef \(ef): \(after) beside \(expected)")
        }
    }

    @Test("one vector at a time goes and comes, also the last", arguments: [1, 2, 5, 40])
    func oneByOne(count: Int) throws {
        var index = try make(Self.base.rows(0..<count))
        for id in 0..<Int64(count) {
            #expect(index.remove([id]) == 1)
            #expect(index.unreachable.isEmpty)
            #expect(
                try index.search(Self.queries, k: 3, options: .init(efSearch: 50)).neighbors[0].count
                    == min(3, count - 1))
            try index.add(Self.base.rows(100..<101), ids: [1000 + id])
        }
        let found = try index.search(Self.base.rows(100..<101), k: count).neighbors[0]
        #expect(found.map(\.id) == (0..<Int64(count)).map { 1000 + $0 })
    }

    @Test("an addition that is stopped leaves some of the vectors, all of which can be found")
    func stopped() throws {
        var index = try make(Self.base.rows(0..<500))
        let linked = Atomic<Int>(0)
        let monitor = ProgressMonitor(
            onUpdate: { if $0.phase == "linking" { linked.store($0.done, ordering: .relaxed) } },
            shouldStop: { linked.load(ordering: .relaxed) >= 700 })
        #expect(throws: CancellationError.self) {
            try index.add(Self.base.rows(500..<2000), threads: 2, monitor: monitor)
        }
        #expect(index.count == 500 + linked.load(ordering: .relaxed) && (1200..<2000).contains(index.count))
        #expect(index.unreachable.isEmpty)
        let found = try index.search(Self.base.rows(0..<2000), k: 1, options: .init(efSearch: 64)).neighbors
        let themselves = (0..<2000).filter { found[$0].first?.id == Int64($0) }
        #expect(themselves.count == index.count && themselves.starts(with: 0..<500))
        // Neither the first that came nor the last.
        #expect(themselves.filter { $0 >= 1250 }.count > 200 && themselves.filter { 500..<1250 ~= $0 }.count > 200)

        let missing = (500..<2000).filter { !Set(themselves).contains($0) }
        try index.add(gather(missing), ids: missing.map(Int64.init))
        #expect(index.count == 2000 && index.unreachable.isEmpty)
        let truth = bruteForce(Self.base.rows(0..<2000), Self.queries, k: 10, metric: .l2)
        #expect(try recall(index, truth, ef: 48) > 0.97)
    }

    @Test("everything goes, and comes again")
    func all() throws {
        var index = try make(Self.base.rows(0..<300), "HNSW8,SQ8,RFlat")
        #expect(index.remove(0..<300) == 300)
        #expect(index.count == 0 && index.levelCount == 1)
        #expect(try index.search(Self.queries, k: 3).neighbors[99].isEmpty)
        try withTemporaryDirectory { folder in
            try index.save(to: folder + "/empty.akin")
            #expect(try HNSWIndex(path: folder + "/empty.akin").count == 0)
        }
        try index.add(Self.base.rows(0..<300))
        // Ids go on where they were.
        #expect(try index.search(Self.base.rows(7..<8), k: 1).neighbors[0].map(\.id) == [307])
    }

    @Test("levels stay in order when the entry and whole levels go")
    func levels() throws {
        var index = try make(Self.base.rows(0..<2000), "HNSW4")
        var ids = Array(Int64(0)..<2000)
        while ids.count > 20 {
            // The nearest to anything first: what is left is scattered.
            let found = try index.search(Self.queries, k: max(1, ids.count / 40), options: .init(threads: 1)).neighbors
            let gone = Set((0..<100).flatMap { found[$0].map(\.id) })
            #expect(index.remove(gone, threads: 1) == gone.count)
            ids.removeAll { gone.contains($0) }
            #expect(index.count == ids.count && index.unreachable.isEmpty)
        }
    }

    @Test("the number of threads changes nothing")
    func threads() throws {
        let index = try make(Self.base.rows(0..<1500))
        var one = index, three = index
        one.remove(where: .range(200..<500), threads: 1)
        three.remove(where: .range(200..<500), threads: 3)
        try one.add(Self.base.rows(2000..<2100), threads: 1)
        try three.add(Self.base.rows(2000..<2100), threads: 3)
        let a = try one.search(Self.queries, k: 10), b = try three.search(Self.queries, k: 10)
        #expect(a.neighbors == b.neighbors && a.visited == b.visited)
        #expect(index.count == 1500)
    }

    @Test("updates replace, and fail whole")
    func update() throws {
        var index = try make(Self.base.rows(0..<400))
        try index.update(Self.base.rows(1000..<1002), ids: [3, 900])
        #expect(index.count == 401)
        #expect(try index.search(Self.base.rows(1000..<1001), k: 1).neighbors[0].map(\.id) == [3])
        #expect(try index.search(Self.base.rows(3..<4), k: 1).neighbors[0].map(\.id) != [3])
        #expect(throws: IndexError.duplicateID(4)) { try index.update(Self.base.rows(0..<2), ids: [4, 4]) }
        #expect(index.count == 401)
        #expect(try index.search(Self.base.rows(4..<5), k: 1).neighbors[0].map(\.id) == [4])
    }

    @Test("indexes trained alike become one", arguments: ["HNSW8", "PCA8,HNSW8,SQ8,RFlat"])
    func merge(spec: String) throws {
        let trained = try HNSWIndex(
            training: Self.base, spec: IndexSpec(parsing: spec), construction: .init(efConstruction: 48))
        var left = trained, right = trained, whole = trained
        try left.add(Self.base.rows(0..<700))
        try right.add(Self.base.rows(700..<1500))
        try whole.add(Self.base.rows(0..<1500))
        let error = #expect(throws: IndexError.self) { try left.merge(right) }
        guard case .duplicateID(0..<700) = error else {
            Issue.record("expected an id below 700 to be there twice, got \(String(describing: error))")
            return
        }
        #expect(left.count == 700)
        try left.merge(right, idOffset: 700)
        #expect(left.count == 1500 && left.unreachable.isEmpty)
        let truth = try whole.search(Self.queries, k: 10, options: .init(efSearch: 400)).neighbors
        #expect(
            IndexSpecMatrixTests.recall(
                try left.search(Self.queries, k: 10, options: .init(efSearch: 400)).neighbors, truth) > 0.99)
        var other = try make(Self.base.rows(0..<600), "HNSW8,SQ8")
        #expect(throws: IndexError.self) { try left.merge(other) }
        #expect(throws: IndexError.self) { try other.merge(try make(Self.base.rows(600..<900), "HNSW8,SQ8")) }
    }
}
