/// How one vector becomes bytes, in Faiss's terms.
enum FaissCodec: Sendable {
    case flat
    case scalar(FaissScalarQuantizer)
    case product(FaissProductQuantizer)
    case fastScan(FaissProductQuantizer, byResidual: Bool)

    /// The counterpart of a codec.
    init(_ codec: any ListCodec, path: String) throws(FileError) {
        let dimension = codec.dimension
        // Tables are in the order of Faiss's arrays: [m, ksub, dsub], and least values before widths.
        let numbers = codec.tables.first.map { FaissArray($0) } ?? FaissArray([])
        switch codec.specification {
        case .flat: self = .flat
        case .scalar(let type):
            self = .scalar(FaissScalarQuantizer(type.faissKind, dimension: dimension, trained: numbers))
        case .product(let m, let bits):
            self = .product(FaissProductQuantizer(dimension: dimension, m: m, nbits: bits, centroids: numbers))
        case .fastScan(let m, let residual):
            self = .fastScan(
                FaissProductQuantizer(dimension: dimension, m: m, nbits: 4, centroids: numbers), byResidual: residual)
        case .rabit:
            throw FileError(.unsupported, path: path, "\(codec.specification) has no counterpart in Faiss")
        }
    }

    /// The counterpart in an index.
    func listCodec(dimension: Int, metric: Metric) throws -> any ListCodec {
        switch self {
        case .flat: return try ListCodecs.restore(.flat, dimension: dimension, metric: metric, tables: [])
        case .scalar(let quantizer):
            let (type, ranges) = quantizer.specification
            return try ListCodecs.restore(
                .scalar(type), dimension: dimension, metric: metric, tables: ranges.map { [$0] } ?? [])
        case .product(let quantizer):
            return try ListCodecs.restore(
                .product(m: quantizer.m, bits: quantizer.nbits), dimension: dimension, metric: metric,
                tables: [quantizer.codebooks])
        case .fastScan(let quantizer, let byResidual):
            // An odd number of subquantizers has the same codes without fast scan.
            let specification: IndexSpec.Codec =
                quantizer.m.isMultiple(of: 2)
                ? .fastScan(m: quantizer.m, residual: byResidual) : .product(m: quantizer.m, bits: 4)
            return try ListCodecs.restore(
                specification, dimension: dimension, metric: metric, tables: [quantizer.codebooks])
        }
    }

    /// What an index with lists says of it.
    func inLists(byResidual: Bool) -> FaissIVF.Codec {
        switch self {
        case .flat: .flat
        case .scalar(let quantizer): .scalar(quantizer, byResidual: byResidual)
        case .product(let quantizer): .product(quantizer, byResidual: byResidual)
        case .fastScan(let quantizer, _): .fastScan(quantizer, FaissFastScan(), byResidual: byResidual)
        }
    }
}

extension FaissProductQuantizer {
    /// `[m * ksub, dsub]`.
    fileprivate var codebooks: Matrix<Float> { centroids.matrix(columns: dimension / m) }
}

extension IndexSpec.ScalarType {
    fileprivate var faissKind: FaissScalarQuantizer.Kind {
        switch self {
        case .bits8: .bits8
        case .bits6: .bits6
        case .bits4: .bits4
        case .float16: .float16
        case .bfloat16: .bfloat16
        }
    }
}

extension FaissScalarQuantizer {
    /// The type, and the least value and range of each component, `[2, dimension]`; none for floats.
    ///
    /// Kinds with one range for all components, and those that store whole numbers, are the same with ranges that say so.
    fileprivate var specification: (IndexSpec.ScalarType, Matrix<Float>?) {
        func uniform(_ least: Float, _ range: Float) -> Matrix<Float> {
            Matrix([Array(repeating: least, count: dimension), Array(repeating: range, count: dimension)])
        }
        return switch kind {
        case .bits8: (.bits8, trained.matrix(columns: dimension))
        case .bits6: (.bits6, trained.matrix(columns: dimension))
        case .bits4: (.bits4, trained.matrix(columns: dimension))
        case .bits8Uniform: (.bits8, uniform(trained[0], trained[1]))
        case .bits4Uniform: (.bits4, uniform(trained[0], trained[1]))
        // Code c stands for least + range * (c + 0.5) / 255.
        case .bits8Direct: (.bits8, uniform(-0.5, 255))
        case .bits8DirectSigned: (.bits8, uniform(-128.5, 255))
        case .float16: (.float16, nil)
        case .bfloat16: (.bfloat16, nil)
        }
    }
}
