extension FaissCursor {
    /// A transform with the dimensions that follow it.
    mutating func transform() throws(FileError) -> FaissTransform {
        let start = offset
        let code = try code("the code of a transform")
        if let name = FaissCode.unsupportedTransforms[code] {
            throw failure("a Faiss transform of kind \(code) (\(name)) is not supported", .unsupported, at: start)
        }
        try enter(code)
        let kind = try transformKind(code, at: start)
        let input = Int(try int32("the transform's input dimension", in: 1...1 << 20))
        let output = Int(try int32("the transform's output dimension", in: 1...1 << 20))
        let isTrained = try flag("whether the transform is trained")
        let transform = FaissTransform(from: input, to: output, isTrained: isTrained, kind)
        try check(transform)
        leave()
        return transform
    }

    private mutating func transformKind(_ code: FaissCode, at start: Int) throws(FileError) -> FaissTransform.Kind {
        switch code {
        case "LTra": return .linear(try linear())
        case "rrot": return .randomRotation(try linear())
        case "Pcam", "PcAm", "PCAm":
            let power = try number(Float.self, "the power of the eigenvalues")
            let epsilon = code == "Pcam" ? try number(Float.self, "epsilon") : 0
            let hasRotation = try flag("whether a random rotation follows")
            let bins = code == "PCAm" ? 0 : try int32("the number of balanced bins")
            let pca = FaissPCA(
                eigenPower: power, epsilon: epsilon, hasRandomRotation: hasRotation, balancedBins: bins,
                mean: try array(of: Float.self, "the mean"), eigenvalues: try array(of: Float.self, "the eigenvalues"),
                eigenvectors: try array(of: Float.self, "the eigenvectors"))
            return .pca(pca, try linear())
        case "VNrm":
            return .normalization(norm: try number(Float.self, "the norm"))
        case "VCnt": return .centering(try array(of: Float.self, "the mean"))
        case "RmDT": return .remap(try array(of: Int32.self, "the map of dimensions"))
        case "HRot": return .hadamard(seed: try number(UInt32.self, "the seed"))
        default:
            throw failure(
                "expected the code of a transform, found \(code), which is none that Faiss is known to write",
                .unknownFormat, at: start)
        }
    }

    private mutating func linear() throws(FileError) -> FaissLinear {
        let hasBias = try flag("whether there is an offset")
        var linear = FaissLinear(
            matrix: try array(of: Float.self, "the matrix"), bias: try array(of: Float.self, "the offset"))
        linear.hasBias = hasBias
        return linear
    }

    /// Compares the arrays of a transform with its dimensions.
    private func check(_ transform: FaissTransform) throws(FileError) {
        let input = transform.inputDimension, output = transform.outputDimension
        // What is not trained may be empty.
        func check(_ what: String, _ count: Int, _ expected: Int) throws(FileError) {
            try self.check(
                count == expected || (count == 0 && !transform.isTrained),
                "expected \(expected) elements as \(what) of a transform from \(input) to \(output), found \(count)")
        }
        func checkLinear(_ linear: FaissLinear) throws(FileError) {
            try check("the matrix", linear.matrix.count, input * output)
            if linear.hasBias { try check("the offset", linear.bias.count, output) }
        }
        switch transform.kind {
        case .linear(let linear), .randomRotation(let linear): try checkLinear(linear)
        case .pca(let pca, let linear):
            try checkLinear(linear)
            try check("the mean", pca.mean.count, input)
        case .normalization: try checkSame(input, output)
        case .centering(let mean):
            try checkSame(input, output)
            try check("the mean", mean.count, input)
        case .remap(let map):
            try check("the map", map.count, output)
            for i in 0..<map.count {
                try self.check(
                    map[i] >= -1 && map[i] < input,
                    "entry \(i) of the map of dimensions is \(map[i]), the input has \(input) components")
            }
        case .hadamard:
            try self.check(
                output & (output - 1) == 0 && output >= input && output < 2 * input,
                "a Hadamard rotation of dimension \(input) gives the next power of two, not \(output)")
        }
    }

    private func checkSame(_ input: Int, _ output: Int) throws(FileError) {
        try check(input == output, "expected a transform that keeps the dimension \(input), found \(output)")
    }
}
