#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Glibc)
    internal import Glibc
#endif

extension LinearTransform {
    /// Learns a rotation that product quantization loses little with.
    ///
    /// After [Ge et al. 2013]: principal components are dealt to the `m` parts of a vector so that the variances of each part have nearly the
    /// same product: then every part is worth the same number of bits. From there rotation and codewords are improved by
    /// turns, where the sample has as many vectors as a part has codewords.
    ///
    /// - Parameters:
    ///   - sample: `[n, d]`, finite, n at least `output`.
    ///   - m: subquantizers; divides `output`.
    ///   - output: dimensions to keep, `1...d`.
    ///   - bits: of the codes, 4...12.
    ///   - seed: for what is random.
    ///   - threads: `nil` means one per core.
    ///   - kernels: the instruction set.
    ///   - monitor: progress and cancellation.
    /// - Returns: a map with orthonormal rows and no bias.
    /// - Throws: ``IndexError`` for bad input, `CancellationError`.
    ///
    /// [Ge et al. 2013]: https://doi.org/10.1109/TPAMI.2013.240
    package static func opq(
        _ sample: Matrix<Float>, m: Int, output: Int, bits: Int = 8, seed: UInt64, threads: Int? = nil,
        kernels: Kernels = .best,
        monitor: ProgressMonitor = .silent
    ) throws -> LinearTransform {
        let d = sample.columns
        try checkSize(d)
        guard (1...d).contains(output) else {
            throw IndexError.outOfRange(name: "the output dimension of OPQ", value: output, allowed: 1...d)
        }
        guard m >= 1, output.isMultiple(of: m) else {
            throw IndexError.outOfRange(
                name: "the remainder of \(output) dimensions by m", value: output % max(m, 1), allowed: 0...0)
        }
        guard sample.rows >= output else {
            throw IndexError.tooFewVectors(needed: output, given: sample.rows, purpose: "OPQ\(m)")
        }
        let moments = SampleMoments(sample, threads: threads ?? availableCores(), kernels: kernels)
        try moments.checkFinite()
        let axes = try PrincipalAxes(moments, monitor: monitor)
        let order = balancedParts(axes.variances[..<output].map { max($0, axes.noise) }, parts: m)
        var a: [Double] = []
        a.reserveCapacity(output * d)
        for k in order { a += axes.vectors[k * d..<(k + 1) * d] }
        let parameters = ProductQuantizer.Parameters(dimension: output, m: m, nbits: bits)
        try parameters.check()
        if sample.rows >= parameters.ksub, axes.variances[0] > axes.noise {
            let refiner = RotationRefiner(
                parameters: parameters,
                sample: TransformChain.evenlySpaced(
                    sample, atMost: RotationRefiner.sampleSize(d, bits: bits)), seed: seed,
                threads: threads ?? availableCores(), kernels: kernels)
            a = try refiner.refine(a, monitor: monitor)
        }
        return LinearTransform(rows: output, columns: d, matrix: a, isOrthonormal: true)
    }

    /// Deals numbers, descending, to `parts` of equal size so that their products are nearly equal: the places of the
    /// numbers of the first part, of the second, ....
    static func balancedParts(_ values: [Double], parts: Int) -> [Int] {
        let size = values.count / parts
        var members = [[Int]](repeating: [], count: parts)
        var logarithms = [Double](repeating: 0, count: parts)
        // Scaled so that every logarithm is positive: a part with more members must not look smaller.
        let least = values.filter { $0 > 0 }.min() ?? 1
        for (k, value) in values.enumerated() {
            let open = members.indices.filter { members[$0].count < size }
            guard let part = open.min(by: { logarithms[$0] < logarithms[$1] }) else { break }
            members[part].append(k)
            logarithms[part] += log(max(value, least) / least) + 1e-9
        }
        return members.flatMap { $0 }
    }
}
