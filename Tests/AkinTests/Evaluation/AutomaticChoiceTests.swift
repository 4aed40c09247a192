import Akin
import AkinTestSupport
import Testing

@Suite struct AutomaticChoiceTests {
    private let vectors = Matrix<Float>.clustered(rows: 3000, columns: 16, clusters: 30, seed: 1)

    @Test("recall 1 is exact search")
    func exact() throws {
        let choice = try AutomaticChoice(
            for: vectors, count: 3000, metric: .l2, goal: .init(recall: 1), threads: 2)
        #expect(choice.spec == .flat)
        #expect(choice.candidates.count == 1)
    }

    @Test("the choice fits the memory and reaches the goal where one can", arguments: [nil, 3000 * 60])
    func goal(memory: Int?) throws {
        let choice = try AutomaticChoice(
            for: vectors, count: 3000, metric: .l2, goal: .init(recall: 0.9, memory: memory), threads: 2)
        let winner = try #require(choice.candidates.first { $0.spec == choice.spec })
        let measured = try #require(winner.measured)
        #expect(measured.reachesGoal && measured.recall >= 0.9)
        #expect(winner.bytes <= memory ?? .max)
        for candidate in choice.candidates {
            #expect((candidate.measured == nil) == (candidate.passedOver != nil), "\(candidate.spec)")
            guard let other = candidate.measured, other.reachesGoal else { continue }
            #expect(other.secondsPerQuery >= measured.secondsPerQuery)
        }
    }

    @Test("memory that nothing fits is an error that says what is needed")
    func tooLittleMemory() throws {
        #expect(throws: IndexError.self) {
            try AutomaticChoice(for: vectors, count: 3000, metric: .l2, goal: .init(memory: 100), threads: 2)
        }
    }

    @Test("the cheapest setting reaches the goal, and one list fewer does not", arguments: [0.5, 0.8, 0.95])
    func tuning(goal: Double) throws {
        let queries = Matrix<Float>.clustered(rows: 100, columns: 16, clusters: 30, seed: 1, skipping: 3000)
        let truth = try FlatIndex(vectors).search(queries, k: 10).neighbors
        let ids = Matrix<Int32>((0..<100).map { truth[$0].map { Int32($0.id) } })
        var index = try IVFIndex(training: vectors, spec: IndexSpec(parsing: "IVF30,Flat", dimension: 16))
        try index.add(vectors)
        let best = try #require(
            try SearchTuning(index, queries, truth: ids, base: vectors, k: 10).cheapest(reaching: goal))
        func recall(_ nprobe: Int) throws -> Double {
            let found = try index.search(queries, k: 10, options: .init(nprobe: nprobe)).neighbors
            return try Recall.compute(
                found: found, truth: ids, base: vectors, queries: queries, metric: .l2, k: 10
            ).value
        }
        let nprobe = try #require(best.nprobe)
        #expect(try recall(nprobe) >= goal)
        if nprobe > 1 { #expect(try recall(nprobe - 1) < goal) }
    }
}
