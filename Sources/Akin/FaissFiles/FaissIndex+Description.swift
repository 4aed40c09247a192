extension FaissIndex {
    /// The index in Faiss's factory language, as far as that has words for it: "OPQ8,IVF32,PQ8x4fs,RFlat".
    package var factory: String {
        switch content {
        case .flat: return "Flat"
        case .scalar(let quantizer, _): return quantizer.factory
        case .product(let quantizer, _, _): return quantizer.factory
        case .fastScan(let quantizer, _, _): return "PQ\(quantizer.m)x4fs"
        case .ivf(let ivf):
            let coarse: String
            if case .flat = ivf.quantizer.content {
                coarse = "IVF\(ivf.nlist)"
            } else if case .hnsw(let graph, .some(let stored)) = ivf.quantizer.content, case .flat = stored.content {
                coarse = "IVF\(ivf.nlist)_HNSW\(graph.linksPerLevel)"
            } else {
                coarse = "IVF\(ivf.nlist)(\(ivf.quantizer.factory))"
            }
            switch ivf.codec {
            case .flat: return coarse + ",Flat"
            case .scalar(let quantizer, _): return coarse + "," + quantizer.factory
            case .product(let quantizer, _): return coarse + "," + quantizer.factory
            case .fastScan(let quantizer, _, let byResidual):
                return coarse + ",PQ\(quantizer.m)x4fs" + (byResidual ? "r" : "")
            }
        case .idMap(let inner, _, let reversible): return (reversible ? "IDMap2," : "IDMap,") + inner.factory
        case .preTransform(let transforms, let inner):
            return (transforms.map(\.factory) + [inner.factory]).joined(separator: ",")
        case .refine(let base, let ranking, _):
            if case .flat = ranking.content { return base.factory + ",RFlat" }
            return base.factory + ",Refine(\(ranking.factory))"
        case .hnsw(let graph, let storage):
            return "HNSW\(graph.linksPerLevel)" + (storage.map { "," + $0.factory } ?? "")
        }
    }

    /// Whether the caller's ids are stored somewhere.
    package var hasIDs: Bool {
        switch content {
        case .idMap: true
        case .preTransform(_, let inner), .refine(let inner, _, _): inner.hasIDs
        default: false
        }
    }

    /// Whether vectors are kept as floats.
    package var isFlat: Bool {
        switch content {
        case .flat: true
        case .ivf(let ivf): ivf.codec == .flat
        case .idMap(let inner, _, _), .preTransform(_, let inner), .refine(let inner, _, _): inner.isFlat
        case .hnsw(_, let storage): storage?.isFlat ?? false
        case .scalar, .product, .fastScan: false
        }
    }
}

extension FaissGraph {
    /// Links of a vector on each level but the lowest.
    fileprivate var linksPerLevel: Int32 {
        linksBelow.count > 2 ? linksBelow[2] - linksBelow[1] : linksBelow.count > 1 ? linksBelow[1] / 2 : 0
    }
}

extension FaissScalarQuantizer {
    fileprivate var factory: String {
        switch kind {
        case .bits8, .bits8Uniform: "SQ8"
        case .bits6: "SQ6"
        case .bits4, .bits4Uniform: "SQ4"
        case .float16: "SQfp16"
        case .bfloat16: "SQbf16"
        case .bits8Direct: "SQ8_direct"
        case .bits8DirectSigned: "SQ8_direct_signed"
        }
    }
}

extension FaissProductQuantizer {
    fileprivate var factory: String { "PQ\(m)" + (nbits == 8 ? "" : "x\(nbits)") }
}

extension FaissTransform {
    fileprivate var factory: String {
        switch kind {
        case .linear: "LinearTransform\(outputDimension)"
        case .randomRotation: "RR\(outputDimension)"
        case .pca(let pca, _):
            "PCA" + (pca.eigenPower != 0 ? "W" : "") + (pca.hasRandomRotation ? "R" : "") + "\(outputDimension)"
        case .normalization: "L2norm"
        case .centering: "Center"
        case .remap: "Pad\(outputDimension)"
        case .hadamard: "HR"
        }
    }
}

extension FaissMetric {
    /// Akin's name of it; `nil` for a metric that Akin does not have.
    var metric: Metric? {
        switch self {
        case .l2: .l2
        case .innerProduct: .innerProduct
        default: nil
        }
    }
}
