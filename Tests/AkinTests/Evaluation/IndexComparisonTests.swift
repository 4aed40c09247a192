import Akin
import AkinTestSupport
import Testing

@Suite("Comparison of indexes")
struct IndexComparisonTests {
    private static let vectors = Matrix<Float>.clustered(rows: 2000, columns: 12, clusters: 20, seed: 3)
    private static let held = HeldOutQueries(of: vectors, count: 100)

    private static func lists(_ spec: String) throws -> IVFIndex {
        var index = try IVFIndex(training: held.base, spec: IndexSpec(parsing: spec, dimension: 12))
        try index.add(held.base)
        return index
    }

    @Test("queries are taken out evenly, and nothing gets lost")
    func heldOut() {
        let held = Self.held
        #expect(held.queries.rows == 100 && held.base.rows == 1900)
        #expect((held.baseRows + held.queryRows).sorted() == Array(0..<2000))
        for (i, row) in held.baseRows.enumerated() where i % 97 == 0 {
            #expect(held.base[i] == Self.vectors[row])
        }
        for (i, row) in held.queryRows.enumerated() { #expect(held.queries[i] == Self.vectors[row]) }
        let few = HeldOutQueries(of: Self.vectors.rows(0..<9), count: 100)
        #expect(few.base.rows == 9 && few.queries.rows == 9)
    }

    @Test("the front holds what nothing beats", arguments: 0..<30)
    func front(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let points = (0..<Int(random.next() % 20)).map { _ in
            (recall: Double(random.next() % 6) / 5, speed: Double(random.next() % 6) + 1)
        }
        let marks = ParetoFront.marks(of: points)
        for (i, point) in points.enumerated() {
            let isBeaten = points.enumerated().contains { j, other in
                other.recall >= point.recall && other.speed >= point.speed
                    && (other.recall > point.recall || other.speed > point.speed || j < i)
            }
            #expect(marks[i] == !isBeaten)
        }
        let near = ParetoFront.marks(of: points, slack: 1.5)
        for i in points.indices where marks[i] { #expect(near[i]) }
    }

    @Test("values of a knob go from its least to its greatest, each once")
    func ladder() {
        for most in [1.0, 2, 3, 7, 100, 1024] {
            for isAlone in [true, false] {
                let knob = SearchKnob(.nprobe, 1...most, standard: 16)
                let values = SearchSweep.values(of: knob, k: 10, isAlone: isAlone)
                #expect(values.first == 1 && values.last == most)
                #expect(zip(values, values.dropFirst()).allSatisfy { $0 < $1 })
                #expect(values.allSatisfy { $0 == $0.rounded() })
                #expect(values.count < 24)
            }
        }
    }

    @Test("a sweep stops where more gains nothing, and where it takes too long")
    func stopping() throws {
        let knob = SearchKnob(.nprobe, 1...1024, standard: 16)
        func tried(longest: Double, _ recall: @escaping (Double) -> Double) throws -> [Double] {
            try SearchSweep([knob], options: .init(), k: 10, longest: longest) { options in
                let value = options[.nprobe] ?? 0
                return (recall(value), value / 1000)
            }.trials.compactMap { $0.options[.nprobe] }
        }
        let flat = try tried(longest: .infinity) { min($0, 11) / 20 }
        #expect(flat.count { $0 > 12 } == 2)
        let slow = try tried(longest: 0.05) { $0 / 1024 }
        #expect(slow.count { $0 > 50 } == 1)
        let done = try tried(longest: .infinity) { min($0, 11) / 11 }
        #expect(done.count { $0 >= 11 } == 1)
    }

    @Test("every index gets its own settings; recall, accuracy and the front are those of the searches")
    func comparison() throws {
        let held = Self.held
        let flat = try FlatIndex(held.base)
        let exact = try flat.search(held.queries, k: 5).neighbors
        let indexes: [any VectorIndex] = [flat, try Self.lists("IVF20,Flat"), try Self.lists("IVF20,SQ4,RFlat")]
        // The class of a vector is its nearest of a few, so that neighbours mostly agree.
        let classes = try FlatIndex(Self.vectors.rows(0..<7)).search(Self.vectors, k: 1).neighbors
        func labels(_ rows: [Int]) -> [Int] { rows.map { Int(classes[$0].first?.id ?? 0) } }
        let known = IndexComparison.Labels(
            base: labels(held.baseRows), queries: labels(held.queryRows), classCount: 7)
        var options = IndexComparison.Options()
        options.k = 5
        options.repeats = 2
        let comparison = try IndexComparison(
            indexes.map { .init($0, trainSeconds: 1, addSeconds: 2, fileBytes: 3) }, queries: held.queries,
            truth: exact, base: held.base, labels: known, options: options)
        #expect(comparison.entries.map(\.name) == ["Flat", "IVF20,Flat", "IVF20,SQ4,RFlat"])
        let all = comparison.entries[0].points
        #expect(all.count == 1 && all[0].recall == 1 && all[0].setting == "" && all[0].isBest)
        #expect(all[0].accuracy == comparison.exactAccuracy)
        #expect((comparison.exactAccuracy ?? 0) > 0.5)
        for (entry, index) in zip(comparison.entries, indexes).dropFirst() {
            #expect(entry.points.contains { $0.recall >= 0.99 })
            #expect(entry.bytes == index.byteCount && entry.fileBytes == 3)
            for point in entry.points {
                var setting = SearchOptions()
                for part in point.setting.split(separator: ",") {
                    let words = part.split(separator: "=")
                    let name = try #require(SearchKnob.Name(rawValue: String(words[0])))
                    setting[name] = Double(words[1])
                }
                let found = try index.search(held.queries, k: 5, options: setting).neighbors
                let ids = try GroundTruth(exact).ids
                let recall = try Recall.compute(
                    found: found, truth: ids, base: held.base, queries: held.queries, metric: .l2, k: 5)
                #expect(point.recall == recall.value)
                #expect(point.visited > 0)
                #expect(point.accuracy != nil)
            }
            let marks = ParetoFront.marks(of: entry.points.map { ($0.recall, $0.queriesPerSecond) })
            #expect(entry.points.map(\.isBest) == marks)
        }
        let lists = comparison.entries[1]
        let point = try #require(lists.fastest(reaching: 0.95))
        #expect(point.recall >= 0.95)
        #expect(lists.fastest(reaching: 1.1) == nil)
    }

    @Test("labels that do not fit are refused, and so are indexes of two metrics")
    func refused() throws {
        let held = Self.held
        let flat = try FlatIndex(held.base)
        let exact = try flat.search(held.queries, k: 10).neighbors
        func compare(_ candidates: [any VectorIndex], _ labels: IndexComparison.Labels?) throws {
            _ = try IndexComparison(
                candidates.map { .init($0) }, queries: held.queries, truth: exact, base: held.base, labels: labels)
        }
        #expect(throws: ClassificationError.self) { try compare([flat], .init(base: [0], queries: [0], classCount: 1)) }
        #expect(throws: ClassificationError.self) {
            try compare([flat], .init(base: .init(repeating: 0, count: 1900), queries: [0], classCount: 1))
        }
        let other = try FlatIndex(held.base, metric: .cosine)
        #expect(throws: IndexError.self) { try compare([flat, other], nil) }
    }

    @Test("the middle of three passes counts")
    func median() {
        #expect(ComparisonTrial.median([3, 1, 2]) == 2)
        #expect(ComparisonTrial.median([4, 1, 2, 3]) == 2)
    }
}
