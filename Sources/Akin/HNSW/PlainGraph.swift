/// A graph by the numbers of its vectors, as other libraries store it: links between vectors on some levels.
struct PlainGraph {
    /// Links of a vector on the levels above the lowest, which has twice as many.
    let m: Int
    /// The highest level of each vector, 0 or more.
    let tops: [Int]
    /// The vector where a search begins.
    let entry: Int
    /// Calls its argument with each vector that one is linked to on a level.
    let links: (_ vector: Int, _ level: Int, _ body: (Int) -> Void) -> Void

    /// Levels that are believed.
    static let maximumTop = 30

    init(m: Int, tops: [Int], entry: Int, links: @escaping (_ vector: Int, _ level: Int, _ body: (Int) -> Void) -> Void)
    {
        self.m = m
        self.tops = tops
        self.entry = entry
        self.links = links
    }

    /// The graph of some layers.
    ///
    /// - Parameters:
    ///   - layers: level 0 first; every link leads to a member.
    ///   - entry: the member of the top level where a search begins.
    ///   - numbers: of the vectors by their rows, a permutation of all.
    init(_ layers: [GraphLayer], entry: UInt32, numbers: [UInt32]) {
        var tops = [Int](repeating: 0, count: numbers.count)
        // By number, the member of each level above 0.
        var members: [[UInt32]] = []
        for (level, layer) in layers.enumerated().dropFirst() {
            let view = LayerView(layer, isBase: false)
            var own = [UInt32](repeating: GraphLayer.none, count: numbers.count)
            for member in 0..<UInt32(view.count) {
                let number = Int(numbers[Int(view.row(of: member))])
                own[number] = member
                tops[number] = max(tops[number], level)
            }
            members.append(own)
        }
        var rows = [UInt32](repeating: 0, count: numbers.count)
        for (row, number) in numbers.enumerated() { rows[Int(number)] = UInt32(row) }
        let top = LayerView(layers[layers.count - 1], isBase: layers.count == 1)
        self.init(
            m: layers[0].degree / 2, tops: tops, entry: numbers.isEmpty ? 0 : Int(numbers[Int(top.row(of: entry))])
        ) { number, level, body in
            withExtendedLifetime(layers) {
                let view = LayerView(layers[level], isBase: level == 0)
                let member = level == 0 ? rows[number] : members[level - 1][number]
                let own = view.links + Int(member) * view.degree
                for i in 0..<view.degree {
                    if own[i] == GraphLayer.none { break }
                    body(Int(numbers[Int(view.row(of: own[i]))]))
                }
            }
        }
    }
}

extension HNSWIndex {
    /// An index over a graph that was built elsewhere.
    ///
    /// - Parameters:
    ///   - graph: of which links may lead anywhere; those that lead nowhere are refused.
    ///   - vectors: `[n, d]`, after `transforms`, finite.
    ///   - given: ids, one per vector, all different, each less than the greatest there is.
    ///   - metric: for the inner product and cosine the graph was built by that, too.
    ///   - transforms: what is done to queries.
    ///   - transformSpecs: the same as a spec names them.
    ///   - kind: what becomes of the vectors.
    ///   - efConstruction: for vectors that are added.
    ///   - path: for messages.
    /// - Throws: ``FileError`` for a graph that contradicts itself, ``IndexError`` for bad vectors or ids.
    init(
        _ graph: PlainGraph, vectors: Matrix<Float>, ids given: [Int64], metric: Metric, transforms: TransformChain,
        transformSpecs: [IndexSpec.Transform], kind: IndexSpec.Codec = .flat, efConstruction: Int, path: String
    ) throws {
        func malformed(_ message: String) -> FileError { FileError(.malformed, path: path, message) }
        let spec = IndexSpec(transforms: transformSpecs, core: .hnsw(m: graph.m, kind), refinement: nil)
        do {
            try spec.validate(dimension: transforms.inputDimension)
        } catch {
            throw FileError(.unsupported, path: path, "a graph like this cannot be held: \(error)")
        }
        guard vectors.rows == graph.tops.count, given.count == vectors.rows, vectors.rows <= Self.maximumCount,
            graph.tops.allSatisfy({ (0...PlainGraph.maximumTop).contains($0) }),
            vectors.rows == 0 || (0..<vectors.rows).contains(graph.entry)
        else { throw malformed("the numbers of the graph contradict each other") }
        try VectorCheck.finite(vectors)
        let unit = metric == .cosine ? UnitVectors.make(vectors, threads: 1) : vectors
        let largest = metric == .innerProduct ? GraphSpace.squares(unit).max() ?? 0 : 0
        let plain = GraphSpace(
            metric: metric, transforms: TransformChain(inputDimension: vectors.columns), largestSquare: largest,
            parts: kind.parts)
        let coded = try plain.points(unit, threads: 1)
        let codec = try GraphCodecs.train(kind, on: coded, seed: Construction().seed, threads: 1)
        self.init(
            spec, m: graph.m, metric: metric,
            points: GraphSpace(metric: metric, transforms: transforms, largestSquare: largest, parts: kind.parts),
            codec: codec, refinement: nil, construction: Construction(efConstruction: max(1, efConstruction)))
        try check(given, count: given.count)
        guard vectors.rows > 0 else { return }

        let rows = codes.append(coded.rows)
        coded.withUnsafeElements { x in
            if let x = x.baseAddress { codec.encode(x, count: coded.rows, into: rows) }
        }
        // As many rows as the others, of no bytes.
        _ = refined.append(given.count)
        let newIDs = ids.append(given.count).assumingMemoryBound(to: Int64.self)
        for (i, id) in given.enumerated() { newIDs[i] = id }
        nextID = max(0, (given.max() ?? -1) + 1)
        idsAreRows = given.indices.allSatisfy { given[$0] == Int64($0) }
        try take(graph, malformed)
    }

    /// Makes the layers of a graph whose vectors are stored already.
    private mutating func take(_ graph: PlainGraph, _ malformed: (String) -> FileError) throws(FileError) {
        var members = (0..<UInt32(count)).map { $0 }
        for level in 0...(graph.tops.max() ?? 0) {
            if level == 0 {
                layers[0].append(count)
            } else {
                var layer = GraphLayer(degree: graph.m)
                var next = [UInt32](repeating: GraphLayer.none, count: count)
                for row in 0..<count where graph.tops[row] >= level {
                    next[row] = UInt32(layer.count)
                    layer.append(row: UInt32(row), below: members[row])
                }
                members = next
                layers.append(layer)
            }
            let degree = layers[level].degree
            let links = layers[level].links.mutableBase().assumingMemoryBound(to: UInt32.self)
            var bad: String?
            for row in 0..<count where graph.tops[row] >= level {
                var held = 0
                graph.links(row, level) { other in
                    guard (0..<count).contains(other), members[other] != GraphLayer.none, held < degree else {
                        bad = bad ?? "vector \(row) has a link to \(other) on level \(level) that leads nowhere"
                        return
                    }
                    links[Int(members[row]) * degree + held] = members[other]
                    held += 1
                }
            }
            if let bad { throw malformed(bad) }
        }
        let top = graph.tops.max() ?? 0
        let start = graph.tops[graph.entry] == top ? graph.entry : graph.tops.firstIndex(of: top) ?? 0
        entry = members[start]
    }
}
