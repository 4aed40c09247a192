extension IndexSpec: CustomStringConvertible {
    /// The spec in Faiss's factory language, in its one canonical form: "IVF4096,PQ32x4fs,RFlat".
    public var description: String { pieces.map(\.text).joined(separator: ",") }

    /// A part of a spec: what an error points at.
    enum Part: Hashable {
        case transform(Int)
        case partition
        case graph
        case hash
        case codec
        case refinement
    }

    /// The parts that are printed, in order, a comma between any two.
    var pieces: [(part: Part, text: String)] {
        var pieces = transforms.enumerated().map { (part: Part.transform($0), text: $1.description) }
        switch core {
        case .partitioned(let partition, let codec):
            if let partition { pieces.append((.partition, partition.description)) }
            pieces.append((.codec, codec.description))
        case .hnsw(let m, let codec):
            pieces.append((.graph, "HNSW\(m)"))
            if codec != .flat { pieces.append((.codec, codec.description)) }
        case .kdTrees(let count): pieces.append((.hash, count == 1 ? "KDTree" : "KDTree\(count)"))
        case .signs(.all): pieces.append((.hash, "BFlat"))
        case .signs(.multiIndex(let parts)): pieces.append((.hash, "BMIH\(parts)"))
        case .hyperplanes(let bits): pieces.append((.hash, "LSH\(bits)"))
        case .hashTables(let family, let tables, let hashes):
            pieces.append((.hash, "\(family.rawValue)\(tables)x\(hashes)"))
        }
        if let refinement { pieces.append((.refinement, refinement.description)) }
        return pieces
    }

    /// Where each part begins in ``description``, in characters.
    var printedOffsets: [Part: Int] {
        var offsets: [Part: Int] = [:]
        var offset = 0
        for piece in pieces {
            offsets[piece.part] = offset
            offset += piece.text.count + 1
        }
        return offsets
    }
}

extension IndexSpec.Transform: CustomStringConvertible {
    /// The part as a spec writes it: "PCAW64".
    public var description: String {
        switch self {
        case .pca(let output, let whitening, let rotation):
            "PCA\(whitening ? "W" : "")\(rotation ? "R" : "")\(output)"
        case .opq(let m, let output): "OPQ\(m)" + (output.map { "_\($0)" } ?? "")
        case .randomRotation(let output): "RR" + (output.map { "\($0)" } ?? "")
        case .center: "Center"
        case .l2Normalization: "L2norm"
        case .itq(let output): "ITQ\(output)"
        }
    }
}

extension IndexSpec.Partition: CustomStringConvertible {
    /// The part as a spec writes it: "IVF262144_HNSW32".
    public var description: String {
        switch coarse {
        case .flat: "IVF\(nlist)"
        case .hnsw(let m): "IVF\(nlist)_HNSW\(m)"
        }
    }
}

extension IndexSpec.Codec: CustomStringConvertible {
    /// The part as a spec writes it: "PQ16x12".
    public var description: String {
        switch self {
        case .flat: "Flat"
        case .scalar(let type): type.rawValue
        case .product(let m, let bits): bits == 8 ? "PQ\(m)" : "PQ\(m)x\(bits)"
        case .fastScan(let m, let residual): "PQ\(m)x4fs\(residual ? "r" : "")"
        case .rabit(let bits): bits == 1 ? "RaBitQ" : "RaBitQ\(bits)"
        }
    }
}

extension IndexSpec.Refinement: CustomStringConvertible {
    /// The part as a spec writes it: "Refine(SQ8)".
    public var description: String {
        switch self {
        case .flat, .codec(.flat): "RFlat"
        case .codec(let codec): "Refine(\(codec))"
        }
    }
}
