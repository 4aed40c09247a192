/// Adds up what an index takes.
struct IndexPlanner {
    let spec: IndexSpec
    let count: Int
    let dimension: Int
    let metric: Metric
    let memory: Int?
    let iterations: Int
    let maxPointsPerCentroid: Int

    /// Rows that codebooks are learned from, at most.
    static let codeSample = 1 << 16
    /// Vectors that are coded at a time.
    static let step = 1 << 18
    /// Candidates that a graph over centroids is asked to keep while vectors are assigned.
    static let assignBreadth = CoarseGraph.assignBreadth
    /// Candidates kept while a vector is linked into a graph.
    static let linkBreadth = HNSWIndex.Construction().efConstruction

    var codedDimension: Int { spec.codedDimension(dimension) }
    private var codedMetric: Metric { metric == .l2 ? .l2 : .innerProduct }
    private var layout: CodeLayout { CodeLayout(spec.codec, dimension: codedDimension, metric: codedMetric) }
    private var nlist: Int { spec.partition?.nlist ?? 1 }
    /// Exact search keeps the vectors and has neither lists nor ids of its own.
    private var isFlat: Bool { spec == .flat }

    var refinement: CodeLayout? {
        switch spec.refinement {
        case nil: nil
        case .flat: CodeLayout(.flat, dimension: dimension, metric: .l2)
        case .codec(let codec): CodeLayout(codec, dimension: dimension, metric: .l2)
        }
    }

    func plan() -> IndexPlan {
        let trainingCount = trainingCount
        let shards = shards
        var parts: [IndexPlan.Phase: [IndexPlan.Part]] = [
            .train: training(trainingCount), .build: building(shards: shards), .search: searching, .file: file,
        ]
        for phase in IndexPlan.Phase.allCases { parts[phase]?.removeAll { $0.byteCount == 0 } }
        return IndexPlan(
            spec: spec, count: count, dimension: dimension, metric: metric, memory: memory,
            iterations: iterations, trainingCount: trainingCount, shards: shards, parts: parts,
            tasks: tasks(trainingCount, shards: shards).filter { $0.amount > 0 }, assumptions: assumptions)
    }

    // MARK: Sizes

    private var needsTraining: Bool { !isFlat && (spec.partition != nil || trainsCodes || !spec.transforms.isEmpty) }

    private var trainsCodes: Bool {
        let codecs =
            [spec.codec]
            + (spec.refinement.flatMap { if case .codec(let codec) = $0 { codec } else { nil } }.map { [$0] } ?? [])
        return codecs.contains {
            switch $0 {
            case .flat, .scalar(.float16), .scalar(.bfloat16), .rabit: false
            default: true
            }
        }
    }

    /// Vectors that training looks at: what the centroids ask for, as far as they fit in a fifth of the memory.
    private var trainingCount: Int {
        guard needsTraining else { return 0 }
        let wanted = max(nlist * maxPointsPerCentroid, Self.codeSample)
        let affordable = memory.map { max(1, $0 / 5 / (4 * dimension)) } ?? Int.max
        return min(count, wanted, affordable)
    }

    /// Bytes of a vector in the lists.
    private var listBytesPerVector: Double {
        8 + Double(refinement?.codeByteCount ?? 0) + Double(layout.blockByteCount) / Double(layout.blockVectors)
    }

    private var shards: Int {
        guard let memory, !isFlat, hashParts == nil else { return 1 }
        let padding = nlist * layout.blockByteCount / 2
        let room = memory - fixedParts.reduce(0) { $0 + $1.byteCount } - padding - 4 * Self.codeSample * dimension * 4
        let rows = max(Self.codeSample, Int(Double(max(room, 0)) / 2 / listBytesPerVector))
        return (count + rows - 1) / rows
    }

    // MARK: Bytes

    func part(_ name: String, _ byteCount: Int) -> IndexPlan.Part { .init(name: name, byteCount: byteCount) }

    /// What searching keeps of vectors that are compared exactly, beside the vectors.
    private func exactSearch(_ rows: Int, _ dimension: Int) -> Int {
        let padded = (rows + 47) / 48 * 48
        let codes = Kernels.best.hasFastBytes ? padded * ((dimension + 3) / 4 * 4 + 24) : 0
        return padded * 28 + codes
    }

    private func graph(_ rows: Int, links: Int) -> Int {
        // Twice as many links on the lowest level, and a level that every links-th row reaches above it, and so on.
        rows * (4 * 2 * links + 8) + rows / max(links - 1, 1) * 4 * links
    }

    var transformBytes: Int {
        var d = dimension, sum = 0
        for transform in spec.transforms {
            let output = transform.outputDimension(of: d)
            switch transform {
            case .randomRotation(nil) where d >= 32: sum += 4 * 3 * d
            case .pca, .opq, .itq, .randomRotation: sum += 4 * (d + 1) * (output + (output + 31) / 32 * 32)
            case .center: sum += 4 * d
            case .l2Normalization: break
            }
            d = output
        }
        return sum
    }

    /// What searching needs beside the lists.
    private var fixedParts: [IndexPlan.Part] {
        var parts: [IndexPlan.Part] = []
        if let partition = spec.partition {
            parts.append(part("centroids", nlist * codedDimension * 4))
            parts.append(part("centroid search", exactSearch(nlist, codedDimension)))
            if case .hnsw(let m) = partition.coarse {
                // Its codes are made again when a file is opened.
                let codes = nlist * roundedUp(codedDimension + (codedMetric == .l2 ? 0 : 1), to: 32)
                parts.append(part("centroid graph", graph(nlist, links: m) + codes))
            }
        }
        if case .hnsw(let m, _) = spec.core { parts.append(part("graph", graph(count, links: m))) }
        parts.append(part("tables", 2 * (layout.tableByteCount + (refinement?.tableByteCount ?? 0)) + transformBytes))
        parts.append(part("list starts", 8 * (nlist + 1) + count / 64))
        return parts
    }

    /// Lists of `count` vectors; in memory there is room for as many ids and second codes as for codes.
    private func lists(_ count: Int, inMemory: Bool) -> [IndexPlan.Part] {
        let codes = layout.byteCount(count: count, nlist: nlist)
        let rows = inMemory ? codes / layout.blockByteCount * layout.blockVectors : count
        return [
            part("codes", codes), part("ids", 8 * rows), part("refinement", (refinement?.codeByteCount ?? 0) * rows),
        ]
    }

    private var searching: [IndexPlan.Part] {
        if isFlat {
            return [part("vectors", 4 * dimension * count), part("exact search", exactSearch(count, dimension))]
        }
        return hashParts ?? lists(count, inMemory: true) + fixedParts
    }

    private func training(_ n: Int) -> [IndexPlan.Part] {
        guard n > 0 else { return [] }
        let coded = codedDimension
        var parts = [part("sample", 4 * dimension * n)]
        if metric == .cosine { parts.append(part("sample, normalized", 4 * dimension * n)) }
        if !spec.transforms.isEmpty { parts.append(part("sample, transformed", 4 * coded * n)) }
        if spec.partition != nil {
            let points = min(n, nlist * maxPointsPerCentroid)
            let panels = (nlist + 47) / 48
            let size = max(1, (panels + max(8, coded) - 1) / max(8, coded))
            let groups = (panels + size - 1) / size
            parts.append(part("k-means, sample in 8 bits and bounds", points * ((coded + 3) / 4 * 4 + 36 + 4 * groups)))
            parts.append(part("k-means, centroids and sums", nlist * coded * 16 + exactSearch(nlist, coded)))
        }
        if trainsCodes { parts.append(part("sample for the codes", 2 * 4 * coded * min(n, Self.codeSample))) }
        return parts
    }

    private func building(shards: Int) -> [IndexPlan.Part] {
        if isFlat { return searching }
        if let hashParts { return hashParts + [part("vectors at hand", hashWork)] }
        let rows = (count + shards - 1) / shards
        let vectors = min(rows, Self.step)
        let work =
            vectors * (4 * dimension + 4 * codedDimension + 8 + layout.codeByteCount + (refinement?.codeByteCount ?? 0))
        return lists(rows, inMemory: true) + fixedParts + [part("vectors at hand", work)]
    }

    private var file: [IndexPlan.Part] {
        let page = 4096
        if isFlat { return [part("vectors", 4 * dimension * count), part("headers", 4 * page)] }
        if let hashParts = hashFileParts { return hashParts + [part("headers", page * (8 + spec.transforms.count))] }
        var parts = lists(count, inMemory: false)
        // Lists begin at cache lines, and sections at pages.
        if layout.blockByteCount % 64 != 0, nlist > 1 { parts[0].byteCount += 32 * min(nlist, count) }
        if spec.partition != nil { parts.append(part("centroids", 4 * nlist * codedDimension)) }
        if case .hnsw(let m, _) = spec.core { parts.append(part("graph", graph(count, links: m))) }
        if let partition = spec.partition, case .hnsw(let m) = partition.coarse {
            parts.append(part("centroid graph", graph(nlist, links: m)))
        }
        parts.append(part("tables", layout.tableByteCount + (refinement?.tableByteCount ?? 0) + transformBytes))
        parts.append(part("list sizes", 8 * nlist))
        parts.append(part("headers", page * (7 + spec.transforms.count)))
        return parts
    }

    // MARK: Work

    private func visits(breadth: Int, links: Int) -> Double {
        // Each candidate has up to twice `links` neighbours, of which about a third were not seen before.
        min(Double(breadth) * 2 * Double(links) / 3, Double(spec.partition?.nlist ?? count))
    }

    private func tasks(_ n: Int, shards: Int) -> [IndexPlan.Task] {
        var tasks: [IndexPlan.Task] = []
        func add(_ phase: IndexPlan.Phase, _ operation: IndexPlan.Operation, _ amount: Double) {
            tasks.append(.init(phase: phase, operation: operation, amount: amount))
        }
        if !spec.transforms.isEmpty {
            add(.train, .trainTransforms, spec.transformTraining(n, dimension: dimension))
            add(.train, .transform, Double(n))
        }
        if let partition = spec.partition {
            let points = Double(min(n, nlist * maxPointsPerCentroid))
            // After the last move vectors are assigned once more.
            add(.train, .trainCentroids, points * Double(nlist) * Double(iterations + 1))
            if case .hnsw(let m) = partition.coarse {
                add(.train, .link, Double(nlist) * visits(breadth: Self.linkBreadth, links: m))
            }
        }
        if trainsCodes { add(.train, .trainCodes, Double(min(n, Self.codeSample))) }

        if !spec.transforms.isEmpty { add(.build, .transform, Double(count)) }
        switch spec.partition?.coarse {
        case .flat: add(.build, .assign, Double(count) * Double(nlist))
        case .hnsw(let m): add(.build, .assignByGraph, Double(count) * visits(breadth: Self.assignBreadth, links: m))
        case nil: break
        }
        if case .hnsw(let m, _) = spec.core {
            add(.build, .link, Double(count) * min(Double(Self.linkBreadth) * 2 * Double(m) / 3, Double(count)))
        }
        if hashParts == nil { add(.build, .encode, Double(count)) }
        let written = file.reduce(0) { $0 + Double($1.byteCount) }
        add(.build, .copy, 4 * Double(dimension) * Double(count) + (shards > 1 ? 3 : 1) * written)
        return tasks
    }

    private var assumptions: [String] {
        var lines: [String] = []
        if let partition = spec.partition {
            lines.append("the last block of each list is half full")
            if case .hnsw(let m) = partition.coarse {
                let seen = Int(visits(breadth: Self.assignBreadth, links: m))
                lines.append("the graph over the centroids looks at \(seen) of them to assign a vector")
            }
        }
        if hashParts != nil { lines.append("hours leave out the making of trees, codes and tables") }
        if case .hnsw(let m, _) = spec.core {
            lines.append("\(Int(visits(breadth: Self.linkBreadth, links: m))) vectors are looked at to link one")
        }
        if shards > 1 { lines.append("the vectors are read once, and codes are written, read and written again") }
        return lines
    }
}

extension IndexSpec {
    /// Vectors that the transforms are learned from, those of all transforms together, where there are `n`.
    func transformTraining(_ n: Int, dimension: Int) -> Double {
        var d = dimension, sum = 0.0
        for transform in transforms {
            let most = max(1 << 16, 64 * dimension)
            switch transform {
            case .opq: sum += Double(min(n, most, RotationRefiner.sampleSize(d, bits: codec.productBits ?? 8)))
            case .pca, .center: sum += Double(min(n, most))
            case .itq: sum += Double(min(n, LinearTransform.itqSampleSize(d)))
            case .randomRotation, .l2Normalization: break
            }
            d = transform.outputDimension(of: d)
        }
        return sum
    }
}
