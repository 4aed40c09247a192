extension IndexSpec {
    /// The ranges of the numbers in a spec.
    enum Limits {
        /// Characters of a spec.
        static let length = 1000
        static let transforms = 8
        static let dimension = 1...VectorFile.maximumDimension
        static let nlist = 1...(1 << 30)
        static let links = 2...1024
        static let productBits = 4...12
        static let productParts = 1...4096
        static let fastScanParts = 2...1024
        static let rabitBits = 1...9
        static let trees = 1...256
        static let hyperplanes = 1...16_384
        static let codeParts = 1...4096
        static let codePartBits = 1...32
        static let hashTables = 1...256
        /// Hashes of a table, whose signs make a number of 32 bits; slices are hashed to one.
        static let hashes = 1...32
    }

    /// Checks that an index of this spec can exist for vectors of `dimension` components.
    ///
    /// - Throws: ``IndexSpecError`` that points at the first part that cannot be, in the spec as it prints.
    public func validate(dimension: Int) throws(IndexSpecError) {
        if let problem = problem(dimension: dimension) {
            throw IndexSpecError(
                text: description, offset: printedOffsets[problem.part] ?? 0, message: problem.message)
        }
    }

    /// The first part that cannot be, and why.
    ///
    /// Without a dimension only what does not depend on it is checked.
    func problem(dimension: Int?) -> (part: Part, message: String)? {
        let first = transforms.isEmpty ? corePart : .transform(0)
        if let dimension, !Limits.dimension.contains(dimension) {
            return (first, "the dimension is \(dimension); it must be in \(Limits.dimension.text)")
        }
        guard transforms.count <= Limits.transforms else {
            return (.transform(Limits.transforms), "expected at most \(Limits.transforms) transforms")
        }
        var current = dimension
        for (i, transform) in transforms.enumerated() {
            if let message = transform.problem(input: current) { return (.transform(i), message) }
            current = transform.knownOutput(of: current)
        }
        switch core {
        case .partitioned(let partition, let codec):
            if let message = partition?.problem { return (.partition, message) }
            if let message = codec.problem(dimension: current) { return (.codec, message) }
            if case .fastScan(_, residual: true) = codec, partition == nil {
                return (.codec, "\(codec) codes residuals, which need inverted lists: write IVFn, before it")
            }
        case .hnsw(let m, let codec):
            if !Limits.links.contains(m) { return (.graph, "HNSW\(m): links must be in \(Limits.links.text)") }
            switch codec {
            case .flat, .scalar, .product: break
            case .fastScan, .rabit:
                return (.codec, "a graph compares single vectors: expected Flat, SQ or PQ codes after it, got \(codec)")
            }
            if let message = codec.problem(dimension: current) { return (.codec, message) }
        case .kdTrees, .signs, .hyperplanes, .hashTables:
            if let message = hashProblem(dimension: current) { return (.hash, message) }
        }
        return refinementProblem(dimension: dimension).map { (.refinement, $0) }
    }

    /// What the core begins with.
    private var corePart: Part {
        switch core {
        case .partitioned(let partition, _): partition == nil ? .codec : .partition
        case .hnsw: .graph
        case .kdTrees, .signs, .hyperplanes, .hashTables: .hash
        }
    }

    /// What is wrong with trees or hashes of vectors of `dimension` components.
    private func hashProblem(dimension: Int?) -> String? {
        func problem(_ value: Int, _ allowed: ClosedRange<Int>, _ what: String) -> String? {
            allowed.contains(value) ? nil : "\(IndexSpec(core: core)): \(what) must be in \(allowed.text)"
        }
        switch core {
        case .partitioned, .hnsw: return nil
        case .signs(.all):
            guard let bits = dimension, !BinaryIndex.allowedBits.contains(bits) else { return nil }
            return
                "\(IndexSpec(core: core)): a code has at most \(BinaryIndex.allowedBits.upperBound) bits, got \(bits)"
        case .kdTrees(let count): return problem(count, Limits.trees, "trees")
        case .hyperplanes(let bits): return problem(bits, Limits.hyperplanes, "hyperplanes")
        case .hashTables(_, let tables, let hashes):
            return problem(tables, Limits.hashTables, "tables") ?? problem(hashes, Limits.hashes, "hashes of a table")
        case .signs(.multiIndex(let parts)):
            if let message = problem(parts, Limits.codeParts, "parts") { return message }
            guard let bits = dimension else { return nil }
            guard BinaryIndex.allowedBits.contains(bits) else {
                return
                    "\(IndexSpec(core: core)): a code has at most \(BinaryIndex.allowedBits.upperBound) bits, got \(bits)"
            }
            let longest = (bits + parts - 1) / parts
            guard parts <= bits, Limits.codePartBits.contains(longest) else {
                let most = Limits.codePartBits.upperBound
                return "\(IndexSpec(core: core)) cuts codes of \(bits) bits into \(parts) parts of 1 to \(most) bits: "
                    + "expected \(((bits + most - 1) / most...min(bits, Limits.codeParts.upperBound)).text) parts"
            }
            return nil
        }
    }

    private func refinementProblem(dimension: Int?) -> String? {
        guard let refinement else { return nil }
        if keepsCodedVectors, transforms.isEmpty {
            let kind = codec == .flat && corePart == .codec || partition != nil ? "Flat" : "\(IndexSpec(core: core))"
            return "\(refinement) has nothing to refine: \(kind) keeps the vectors as they are"
        }
        switch refinement {
        case .flat, .codec(.flat): return nil
        case .codec(let codec):
            switch codec {
            case .flat, .scalar, .product: return codec.problem(dimension: dimension)
            case .fastScan, .rabit:
                return "a refinement compares single vectors: expected Flat, SQ or PQ codes in it, got \(codec)"
            }
        }
    }
}

extension IndexSpec.Transform {
    fileprivate func knownOutput(of input: Int?) -> Int? {
        switch self {
        case .pca(let output, _, _), .itq(let output): output
        case .opq(_, let output), .randomRotation(let output): output ?? input
        case .center, .l2Normalization: input
        }
    }

    fileprivate func problem(input: Int?) -> String? {
        switch self {
        case .pca(let output, _, _), .itq(let output), .randomRotation(.some(let output)):
            return outputProblem(output, input: input)
        case .opq(let m, let output):
            if let output, let message = outputProblem(output, input: input) { return message }
            guard IndexSpec.Limits.productParts.contains(m) else {
                return "\(self): subquantizers must be in \(IndexSpec.Limits.productParts.text)"
            }
            return (output ?? input).flatMap { divisionProblem("\(self)", m: m, dimension: $0) }
        case .randomRotation(nil), .center, .l2Normalization: return nil
        }
    }

    private func outputProblem(_ output: Int, input: Int?) -> String? {
        let most = input ?? IndexSpec.Limits.dimension.upperBound
        guard !(1...most).contains(output) else { return nil }
        return "\(self) gives \(output) dimensions; from \(input.map { "\($0)" } ?? "vectors") it can give "
            + (1...most).text
    }
}

extension IndexSpec.Partition {
    fileprivate var problem: String? {
        let limits = IndexSpec.Limits.self
        if !limits.nlist.contains(nlist) { return "\(self): nlist must be in \(limits.nlist.text)" }
        if case .hnsw(let m) = coarse, !limits.links.contains(m) {
            return "\(self): links must be in \(limits.links.text)"
        }
        return nil
    }
}

extension IndexSpec.Codec {
    fileprivate func problem(dimension: Int?) -> String? {
        let limits = IndexSpec.Limits.self
        switch self {
        case .flat, .scalar: return nil
        case .product(let m, let bits):
            guard limits.productParts.contains(m) else {
                return "\(self): subquantizers must be in \(limits.productParts.text)"
            }
            guard limits.productBits.contains(bits) else {
                return "\(self): bits must be in \(limits.productBits.text)"
            }
            return dimension.flatMap { divisionProblem("\(self)", m: m, dimension: $0) }
        case .fastScan(let m, _):
            guard limits.fastScanParts.contains(m) else {
                return "\(self): subquantizers must be in \(limits.fastScanParts.text)"
            }
            guard m.isMultiple(of: 2) else {
                return
                    "\(self): fast scan reads two subquantizers at a time, so expected an even number of them, got \(m)"
            }
            return dimension.flatMap { divisionProblem("\(self)", m: m, dimension: $0, even: true) }
        case .rabit(let bits):
            return limits.rabitBits.contains(bits) ? nil : "\(self): bits must be in \(limits.rabitBits.text)"
        }
    }
}

/// Why vectors cannot be cut into `m` equal parts, and what would do instead.
private func divisionProblem(_ part: String, m: Int, dimension: Int, even: Bool = false) -> String? {
    guard !dimension.isMultiple(of: m) else { return nil }
    let possible = { (n: Int) in dimension.isMultiple(of: n) && (!even || n.isMultiple(of: 2)) }
    let below = m > dimension ? (possible(dimension) ? dimension : nil) : (1..<m).last(where: possible)
    let above = m > dimension ? nil : (m + 1...max(m + 1, dimension)).first(where: possible)
    let near = [below, above].compactMap { $0.map(String.init) }.joined(separator: " or ")
    return "\(part) cuts a vector into \(m) equal parts, which dimension \(dimension) does not allow"
        + (near.isEmpty ? "" : "; \(near) would do")
}

extension ClosedRange<Int> {
    fileprivate var text: String { "\(lowerBound)...\(upperBound)" }
}
