extension TransformChain {
    /// Learns, or draws, the transforms of a spec, each on what the ones before it make of the sample.
    ///
    /// - Parameters:
    ///   - transforms: first to last.
    ///   - sample: `[n, d]`, finite. Of a large one an evenly spaced part is used.
    ///   - codeBits: bits of the product codes that OPQ prepares for.
    ///   - seed: for what is random.
    ///   - threads: `nil` means one per core; the result does not depend on them.
    ///   - kernels: the instruction set; the result does not depend on it.
    ///   - monitor: progress and cancellation.
    /// - Returns: one transform for each of the spec.
    /// - Throws: ``IndexError`` for too few vectors, NaN, and sizes that cannot be; `CancellationError`.
    package static func train(
        _ transforms: [IndexSpec.Transform], on sample: Matrix<Float>, codeBits: Int = 8, seed: UInt64,
        threads: Int? = nil,
        kernels: Kernels = .best, monitor: ProgressMonitor = .silent
    ) throws -> TransformChain {
        guard !transforms.isEmpty else { return TransformChain(inputDimension: sample.columns) }
        guard sample.rows > 0 else { throw IndexError.empty }
        let threads = threads ?? availableCores()
        try SampleMoments(sample, threads: threads).checkFinite()
        var trained: [any VectorTransform] = []
        var current = evenlySpaced(sample, atMost: max(1 << 16, 64 * sample.columns))
        for (i, transform) in transforms.enumerated() {
            try monitor.update("transforms", done: i, total: transforms.count)
            let d = current.columns
            let own = SplitMix64(seeds: seed, UInt64(i)).peek()
            let next: any VectorTransform
            switch transform {
            case .pca(let output, let whitening, let rotation):
                next = try LinearTransform.pca(
                    current, output: output, whitening: whitening, rotation: rotation, seed: own, threads: threads,
                    kernels: kernels, monitor: monitor)
            case .randomRotation(let output):
                if let output {
                    next = try LinearTransform.randomRotation(input: d, output: output, seed: own)
                } else if d >= 32 {
                    next = HadamardRotation(dimension: d, seed: own)
                } else {
                    next = try LinearTransform.randomRotation(input: d, output: d, seed: own)
                }
            case .center:
                next = Centering(
                    mean: try SampleMoments(current, threads: threads, kernels: kernels).mean().mean.map(Float.init))
            case .l2Normalization: next = L2Normalization(dimension: d)
            case .itq(let output):
                next = try LinearTransform.itq(
                    current, output: output, seed: own, threads: threads, kernels: kernels, monitor: monitor)
            case .opq(let m, let output):
                next = try LinearTransform.opq(
                    current, m: m, output: output ?? d, bits: codeBits, seed: own, threads: threads, kernels: kernels,
                    monitor: monitor)
            }
            trained.append(next)
            if i + 1 < transforms.count { current = try next.apply(current, threads: threads, kernels: kernels) }
        }
        return TransformChain(trained, inputDimension: sample.columns)
    }

    /// Some rows at equal distances, all where there are no more than `limit`.
    static func evenlySpaced(_ sample: Matrix<Float>, atMost limit: Int) -> Matrix<Float> {
        guard sample.rows > limit else { return sample }
        let d = sample.columns
        return Matrix(rows: limit, columns: d) { target in
            sample.withUnsafeElements { source in
                guard let from = source.baseAddress, let to = target.baseAddress else { return }
                for i in 0..<limit {
                    (to + i * d).update(from: from + i * sample.rows / limit * d, count: d)
                }
            }
        }
    }
}

extension SplitMix64 {
    /// The number that comes next, as a seed for something else.
    fileprivate func peek() -> UInt64 {
        var copy = self
        return copy.next()
    }
}
