internal import CAkinKernels
internal import Foundation

/// Does a little of each operation of a plan, and says how fast it went.
struct PlanBench {
    private let plan: IndexPlan
    private let folder: String
    private let threads: Int
    /// Seconds for one operation.
    private let share: Double
    /// `[n, dimension]`, and what the transforms make of them.
    private let vectors: Matrix<Float>
    private let coded: Matrix<Float>
    private let chain: TransformChain
    private let transformTraining: Double

    /// Vectors that are worked on; fewer where they are long.
    private static func rows(_ dimension: Int) -> Int { min(max((1 << 24) / dimension, 64), 32_768) }

    init(_ plan: IndexPlan, sample: Matrix<Float>?, folder: String, threads: Int, share: Double) throws {
        self.plan = plan
        self.folder = folder
        self.threads = threads
        self.share = share
        let rows = Self.rows(plan.dimension)
        vectors =
            sample.map { TransformChain.evenlySpaced($0, atMost: rows) }
            ?? Self.random(rows: rows, columns: plan.dimension, seed: 1)
        // Learned from few vectors: enough to be applied, and to tell how long more would take.
        let few = vectors.rows(0..<min(vectors.rows, 2_048))
        let fits = few.rows >= plan.dimension
        let transforms = plan.spec.transforms
        let clock = ContinuousClock()
        let start = clock.now
        if fits {
            chain = try TransformChain.train(
                transforms, on: few, codeBits: plan.spec.codec.productBits ?? 8, seed: 1, threads: threads)
        } else {
            chain = try Self.stand(in: transforms, dimension: plan.dimension)
        }
        transformTraining =
            max(1, plan.spec.transformTraining(few.rows, dimension: plan.dimension))
            / max((clock.now - start).seconds, 1e-6)
        coded = try chain.apply(vectors, threads: threads)
    }

    /// Units a second.
    mutating func rate(of operation: IndexPlan.Operation) throws -> Double {
        switch operation {
        case .trainTransforms: transformTraining
        case .trainCentroids: try trainCentroids()
        case .trainCodes: try trainCodes()
        case .transform: try repeated(Double(vectors.rows)) { _ = try chain.apply(vectors, threads: threads) }
        case .assign: try assign()
        case .assignByGraph, .link: try scattered()
        case .encode: try encode()
        case .copy: try copy()
        }
    }

    // MARK: Operations

    private var codedMetric: Metric { plan.metric == .l2 ? .l2 : .innerProduct }

    private func trainCentroids() throws -> Double {
        let nlist = min(plan.spec.partition?.nlist ?? 1, max(1, coded.rows / 16))
        var options = KMeansOptions()
        options.iterations = min(plan.iterations, 20)  // later ones are quicker
        options.threads = threads
        options.isSpherical = codedMetric == .innerProduct
        let work = Double(coded.rows) * Double(nlist) * Double(options.iterations + 1)
        return try repeated(work) { _ = try KMeans.train(coded, centroids: nlist, options: options, monitor: .silent) }
    }

    private func assign() throws -> Double {
        let half = max(1, coded.rows / 2)
        let nlist = min(plan.spec.partition?.nlist ?? 1, half)
        let centroids = TransformChain.evenlySpaced(coded.rows(0..<half), atMost: nlist)
        let coarse = try CoarseQuantizer(centroids, metric: codedMetric)
        let others = coded.rows > half ? coded.rows(half..<coded.rows) : coded
        return try repeated(Double(others.rows) * Double(nlist)) {
            _ = try coarse.assign(others, threads: threads, monitor: .silent)
        }
    }

    /// Distances to vectors that lie anywhere, as walking through a graph computes them.
    private func scattered() throws -> Double {
        let d = coded.columns
        let rows = min(max((1 << 25) / d, 64), plan.spec.partition?.nlist ?? plan.count)
        let many = rows <= coded.rows ? coded : Self.random(rows: rows, columns: d, seed: 2)
        if plan.spec.partition != nil { return try scatteredCodes(many.rows(0..<min(rows, many.rows))) }
        let looks = 65_536
        return try repeated(Double(looks * threads)) {
            try many.withUnsafeElements { elements in
                guard let base = elements.baseAddress else { return }
                nonisolated(unsafe) let y = base
                try parallelFor(threads: threads, count: threads) { thread in
                    var random = SplitMix64(seed: UInt64(thread))
                    var row = [UInt32](repeating: 0, count: 64)
                    var keys = [Double](repeating: 0, count: 64)
                    for _ in stride(from: 0, to: looks, by: 64) {
                        for i in row.indices { row[i] = UInt32(random.next() % UInt64(many.rows)) }
                        akin_exact_many(Kernels.best.table, codedMetric != .l2, y, y, d, &row, row.count, &keys)
                    }
                }
            }
        }
    }

    /// The same with codes of 8 bits, which graphs over centroids compare.
    private func scatteredCodes(_ vectors: Matrix<Float>) throws -> Double {
        let codec = try GraphCodecs.train(.scalar(.bits8), on: vectors, seed: 1, threads: threads)
        let codes = Buffer<UInt8>(repeating: 0, count: vectors.rows * codec.rowByteCount)
        vectors.withUnsafeElements { elements in
            guard let x = elements.baseAddress else { return }
            codec.encode(x, count: vectors.rows, into: codes.pointer)
        }
        let looks = 1 << 18, links = 64
        return try repeated(Double(looks * threads)) {
            try parallelFor(threads: threads, count: threads) { thread in
                var random = SplitMix64(seed: UInt64(thread))
                let query = Buffer<UInt8>(repeating: 0, count: codec.queryByteCount)
                codec.prepare(row: codes.pointer, into: query.pointer)
                var rows = [UInt32](repeating: 0, count: links)
                var keys = [Float](repeating: 0, count: links)
                for _ in stride(from: 0, to: looks, by: links) {
                    for i in rows.indices { rows[i] = UInt32(random.next() % UInt64(vectors.rows)) }
                    codec.keys(
                        query.pointer, codes.pointer, &rows, count: links, kernels: .best, into: &keys)
                }
            }
        }
    }

    private func trainCodes() throws -> Double {
        let iterations = 2, full = 25
        var codecs = [plan.spec.codec]
        if case .codec(let codec) = plan.spec.refinement { codecs.append(codec) }
        var perVector = 0.0
        for (i, codec) in codecs.enumerated() {
            let data = i == 0 ? coded : vectors
            let m: Int, bits: Int
            switch codec {
            case .product(let parts, let b): (m, bits) = (parts, b)
            case .fastScan(let parts, _): (m, bits) = (parts, 4)
            case .scalar(let type) where !type.isFloat:
                perVector += 1 / (try repeated(Double(data.rows)) { _ = try ScalarQuantizer.train(type, data) })
                continue
            default: continue
            }
            guard data.rows >= 1 << bits else { continue }
            let some = data.rows(0..<min(data.rows, max(2 << bits, 4_096)))
            let rate = try repeated(Double(some.rows)) {
                _ = try ProductQuantizer.train(
                    .init(dimension: data.columns, m: m, nbits: bits), some, iterations: iterations, threads: threads)
            }
            perVector += Double(full) / Double(iterations) / rate
        }
        return perVector > 0 ? 1 / perVector : 0
    }

    private func encode() throws -> Double {
        if plan.spec == .flat {
            return try repeated(Double(vectors.rows)) {
                _ = try FlatIndex(vectors, metric: plan.metric, threads: threads)
            }
        }
        let fine: IndexSpec.Codec? =
            switch plan.spec.refinement {
            case nil: nil
            case .flat: .flat
            case .codec(let codec): codec
            }
        // With both codes at once where they are of the same vectors, as the index does it.
        if coded.columns == vectors.columns { return try adding(plan.spec.codec, coded, refinedBy: fine) }
        let rate = try adding(plan.spec.codec, coded)
        guard let fine else { return rate }
        return 1 / (1 / rate + 1 / (try adding(fine, vectors)))
    }

    /// Vectors a second into an index of one list.
    private func adding(
        _ kind: IndexSpec.Codec, _ vectors: Matrix<Float>, refinedBy fine: IndexSpec.Codec? = nil
    ) throws -> Double {
        let refinement = try fine.map { Refinement(codec: try codec($0, like: vectors, metric: .l2)) }
        let empty = IVFIndex(
            IndexSpec(core: .partitioned(nil, kind), refinement: fine.map { $0 == .flat ? .flat : .codec($0) }),
            dimension: vectors.columns, metric: codedMetric,
            transforms: TransformChain(inputDimension: vectors.columns), coarse: nil, isResidual: false,
            codec: try codec(kind, like: vectors, metric: codedMetric), refinement: refinement)
        return try repeated(Double(vectors.rows)) {
            var index = empty
            try index.add(vectors, threads: threads)
        }
    }

    private func copy() throws -> Double {
        let name = folder + "/.akin-plan-\(ProcessInfo.processInfo.processIdentifier).tmp"
        let block = [UInt8](repeating: 0x5A, count: 8 << 20)
        let file = try AtomicFile(path: name)
        let clock = ContinuousClock()
        let start = clock.now
        var written = 0
        repeat {
            try file.write(block)
            written += block.count
            if written % (64 << 20) == 0 { try file.synchronize() }
        } while (clock.now - start).seconds < share && written < 1 << 30
        try file.synchronize()
        let rate = Double(written) / (clock.now - start).seconds
        file.abandon()
        return rate
    }

    // MARK: Parts

    /// A codec that costs what a trained one does.
    private func codec(_ kind: IndexSpec.Codec, like vectors: Matrix<Float>, metric: Metric) throws -> any ListCodec {
        let d = vectors.columns
        let tables: [Matrix<Float>]
        switch kind {
        case .product(let m, let bits): tables = [Self.random(rows: m << bits, columns: d / m, seed: 3)]
        case .fastScan(let m, _): tables = [Self.random(rows: m << 4, columns: d / m, seed: 3)]
        default:
            return try ListCodecs.train(
                kind, on: vectors, metric: metric, seed: 1, threads: threads, monitor: .silent)
        }
        return try ListCodecs.restore(kind, dimension: d, metric: metric, tables: tables)
    }

    /// Transforms of the right sizes, where there are too few vectors to learn some.
    private static func stand(in transforms: [IndexSpec.Transform], dimension: Int) throws -> TransformChain {
        var d = dimension
        let chain: [any VectorTransform] = transforms.map { transform in
            let output = transform.outputDimension(of: d)
            defer { d = output }
            switch transform {
            case .randomRotation(nil): return HadamardRotation(dimension: d, seed: 1)
            case .center: return Centering(mean: Array(repeating: 0, count: d))
            case .l2Normalization: return L2Normalization(dimension: d)
            case .pca, .opq, .itq, .randomRotation:
                return LinearTransform(matrix: random(rows: output, columns: d, seed: 4), isOrthonormal: false)
            }
        }
        return TransformChain(chain, inputDimension: dimension)
    }

    /// Components of about the normal distribution: sums of uniform ones, which are quickly made.
    private static func random(rows: Int, columns: Int, seed: UInt64) -> Matrix<Float> {
        Matrix(rows: rows, columns: columns) { elements in
            var random = SplitMix64(seed: seed)
            for i in elements.indices {
                let bits = random.next()
                let sum = Int(bits & 0xFFFF) + Int(bits >> 16 & 0xFFFF) + Int(bits >> 32 & 0xFFFF) + Int(bits >> 48)
                elements[i] = Float(sum - 131_070) / 37_837
            }
        }
    }

    /// Repeats `body` for the share of time that it has; gives units a second, without the first pass where there are more.
    private func repeated(_ amount: Double, _ body: () throws -> Void) throws -> Double {
        let clock = ContinuousClock()
        let start = clock.now
        try body()
        let first = (clock.now - start).seconds
        var passes = 0.0
        while (clock.now - start).seconds < share {
            try body()
            passes += 1
        }
        let rest = (clock.now - start).seconds - first
        return passes > 0 ? amount * passes / max(rest, 1e-9) : amount / max(first, 1e-9)
    }
}
