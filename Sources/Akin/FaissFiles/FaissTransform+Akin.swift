extension FaissTransform {
    /// The most components of a matrix that is made from something smaller.
    private static let largestMatrix = 1 << 22

    /// The counterpart of a transform.
    init(_ transform: any VectorTransform, path: String) throws(FileError) {
        inputDimension = transform.inputDimension
        outputDimension = transform.outputDimension
        isTrained = true
        switch transform {
        case let linear as LinearTransform: kind = .linear(FaissLinear(linear))
        case let rotation as HadamardRotation: kind = .randomRotation(FaissLinear(rotation.linear))
        case let centering as Centering: kind = .centering(FaissArray(centering.mean))
        case is L2Normalization: kind = .normalization(norm: 2)
        default: throw FileError(.unsupported, path: path, "a transform of the index has no counterpart in Faiss")
        }
    }

    /// The counterpart in an index; `path` is for messages.
    func transform(path: String) throws(FileError) -> any VectorTransform {
        func unsupported(_ message: String) -> FileError { FileError(.unsupported, path: path, message) }
        let limit = IndexSpec.Limits.dimension
        guard limit.contains(inputDimension), limit.contains(outputDimension) else {
            throw unsupported(
                "a transform from \(inputDimension) to \(outputDimension) dimensions is not supported: they must be in "
                    + "\(limit)")
        }
        guard outputDimension <= inputDimension else {
            throw unsupported(
                "transforms that add dimensions, as this one from \(inputDimension) to \(outputDimension), are not "
                    + "supported")
        }
        switch kind {
        case .linear(let linear), .randomRotation(let linear), .pca(_, let linear):
            let matrix = linear.matrix.matrix(columns: inputDimension)
            let bias = linear.hasBias ? linear.bias.elements : Array(repeating: 0, count: outputDimension)
            try Self.checkFinite(matrix, bias, path: path)
            return LinearTransform(matrix: matrix, bias: bias, isOrthonormal: Self.isOrthonormal(matrix))
        case .normalization(let norm):
            guard norm == 2 else { throw unsupported("normalisation by the norm \(norm) is not supported") }
            return L2Normalization(dimension: inputDimension)
        case .centering(let mean):
            let mean = mean.elements
            try Self.checkFinite(Matrix([mean]), [], path: path)
            return Centering(mean: mean)
        case .remap(let map):
            guard inputDimension * outputDimension <= Self.largestMatrix else {
                throw unsupported("a map of \(inputDimension) to \(outputDimension) dimensions is not supported")
            }
            let columns = inputDimension
            let matrix = Matrix<Float>(rows: outputDimension, columns: columns) { elements in
                for row in 0..<map.count where map[row] >= 0 { elements[row * columns + Int(map[row])] = 1 }
            }
            let sources = map.elements.filter { $0 >= 0 }
            let isOrthonormal = sources.count == map.count && Set(sources).count == sources.count
            return LinearTransform(matrix: matrix, isOrthonormal: isOrthonormal)
        case .hadamard: throw unsupported("Faiss's Hadamard rotations are not supported")
        }
    }

    private static func checkFinite(_ matrix: Matrix<Float>, _ bias: [Float], path: String) throws(FileError) {
        let isFinite = matrix.withUnsafeElements { $0.allSatisfy(\.isFinite) } && bias.allSatisfy(\.isFinite)
        guard isFinite else { throw FileError(.malformed, path: path, "a transform has numbers that are not finite") }
    }

    /// Whether rows have length one and are perpendicular, up to rounding; not asked of the largest matrices.
    private static func isOrthonormal(_ matrix: Matrix<Float>) -> Bool {
        let (rows, columns) = (matrix.rows, matrix.columns)
        guard rows <= columns, rows <= 2048 else { return false }
        return matrix.withUnsafeElements { elements in
            for i in 0..<rows {
                for j in 0...i {
                    var sum = 0.0
                    for c in 0..<columns {
                        sum += Double(elements[i * columns + c]) * Double(elements[j * columns + c])
                    }
                    guard abs(sum - (i == j ? 1 : 0)) <= 1e-4 else { return false }
                }
            }
            return true
        }
    }
}

extension FaissTransform {
    /// How a spec would call it before a codec.
    ///
    /// A matrix without a name of its own is taken for that of PCA where there is an offset, and for OPQ's before a
    /// product quantizer.
    func specification(before codec: IndexSpec.Codec, _ made: any VectorTransform) -> IndexSpec.Transform {
        let output = outputDimension == inputDimension ? nil : outputDimension
        switch kind {
        case .pca(let pca, _):
            return .pca(outputDimension, whitening: pca.eigenPower != 0, rotation: pca.hasRandomRotation)
        case .linear(let linear) where linear.hasBias:
            let isOrthonormal = (made as? LinearTransform)?.isOrthonormal ?? false
            return .pca(outputDimension, whitening: !isOrthonormal, rotation: false)
        case .randomRotation: return .randomRotation(output)
        case .linear, .remap, .hadamard:
            switch codec {
            case .product(let m, _), .fastScan(let m, _): return .opq(m: m, output: output)
            case .flat, .scalar, .rabit: return .randomRotation(output)
            }
        case .normalization: return .l2Normalization
        case .centering: return .center
        }
    }
}

extension FaissLinear {
    init(_ linear: LinearTransform) {
        let hasBias = linear.bias.contains { $0 != 0 }
        self.init(matrix: FaissArray(linear.matrix), bias: hasBias ? FaissArray(linear.bias) : nil)
    }
}
