/// What an index is made of: Faiss's factory language as a value.
///
/// A spec reads from left to right as vectors go: transforms, then a core that holds the codes, then what ranks the
/// best candidates once more.
///
/// ```swift
/// let spec = try IndexSpec(parsing: "OPQ32,IVF4096,PQ32x4fs,RFlat", dimension: 128)
/// spec.partition?.nlist       // 4096
/// spec.description            // "OPQ32,IVF4096,PQ32x4fs,RFlat"
/// ```
///
/// Equal specs print the same text, and a printed spec parses back to an equal one. More cases may join these
/// enumerations, so a `switch` outside this package wants a `default`.
public struct IndexSpec: Sendable, Hashable {
    /// What is done to vectors before they are coded, first to last.
    public var transforms: [Transform]
    /// How vectors are held and searched.
    public var core: Core
    /// What the nearest candidates are ranked with once more, at the dimension of the vectors that were given.
    public var refinement: Refinement?

    /// Puts a spec together; ``validate(dimension:)`` says whether it can exist.
    public init(transforms: [Transform] = [], core: Core, refinement: Refinement? = nil) {
        self.transforms = transforms
        self.core = core
        self.refinement = refinement
    }

    /// A map of vectors to vectors that is learned, or drawn, before an index is trained.
    public enum Transform: Sendable, Hashable {
        /// The directions of greatest variance: `PCA64`. Whitening (`PCAW64`) gives each the same variance, a random
        /// rotation afterwards (`PCAR64`, `PCAWR64`) spreads it.
        case pca(Int, whitening: Bool, rotation: Bool)
        /// The rotation that product quantization with `m` subquantizers loses least with: `OPQ16`, `OPQ16_64`.
        case opq(m: Int, output: Int?)
        /// A random rotation, to `output` dimensions where one is given: `RR`, `RR64`.
        case randomRotation(Int?)
        /// Less the mean of the training vectors: `Center`.
        case center
        /// To length 1: `L2norm`.
        case l2Normalization
        /// Principal components turned so that their signs lose least: `ITQ128`, for the codes of `BFlat`.
        case itq(Int)
    }

    /// How vectors are held and searched.
    public enum Core: Sendable, Hashable {
        /// Codes, in inverted lists where there is a partition: `PQ16`, `IVF4096,PQ16`.
        case partitioned(Partition?, Codec)
        /// A graph of near neighbours with `m` links a level: `HNSW32`, `HNSW32,SQ8`.
        case hnsw(m: Int, Codec)
        /// Trees that split one dimension at a time: one that answers exactly, `KDTree`, or several randomized ones that
        /// are searched together, `KDTree8`.
        case kdTrees(Int)
        /// The sign of each component, compared by counting the bits that differ: `BFlat`, `BMIH8`.
        case signs(BinarySearch)
        /// On which side of so many random hyperplanes a vector lies, compared likewise: `LSH256`.
        case hyperplanes(Int)
        /// Hash tables whose buckets hold near vectors, each with so many hashes: `LSH8x16`, `E2LSH8x16`.
        case hashTables(HashFamily, tables: Int, hashes: Int)
    }

    /// How the nearest binary codes are found.
    public enum BinarySearch: Sendable, Hashable {
        /// By comparing all of them: `BFlat`.
        case all
        /// Through tables of so many parts of the codes, with the same answer: `BMIH8`.
        case multiIndex(Int)
    }

    /// What a hash of a vector is.
    public enum HashFamily: String, Sendable, Hashable, CaseIterable {
        /// The side of a random hyperplane: `LSH8x16`.
        case hyperplane = "LSH"
        /// The slice of space between parallel random hyperplanes: `E2LSH8x16`.
        case pStable = "E2LSH"
    }

    /// The inverted lists of an index.
    public struct Partition: Sendable, Hashable {
        /// Number of lists.
        public var nlist: Int
        /// How the nearest centroids are found.
        public var coarse: Coarse

        /// Describes a partition.
        public init(nlist: Int, coarse: Coarse = .flat) {
            self.nlist = nlist
            self.coarse = coarse
        }
    }

    /// How the centroids nearest to a vector are found.
    public enum Coarse: Sendable, Hashable {
        /// By comparing all of them: `IVF4096`.
        case flat
        /// By a graph over them with `m` links a level: `IVF262144_HNSW32`.
        case hnsw(Int)
    }

    /// How one vector becomes bytes.
    public enum Codec: Sendable, Hashable {
        /// As it is, 32 bits a component: `Flat`.
        case flat
        /// Each component in fewer bits: `SQ8`, `SQfp16`.
        case scalar(ScalarType)
        /// `m` parts, each replaced by the number of the nearest of 2^`bits` centroids: `PQ16`, `PQ16x12`.
        case product(m: Int, bits: Int)
        /// Four bits a part, in an order that is scanned within registers: `PQ32x4fs`; `residual` (`PQ32x4fsr`) codes
        /// the difference to the list's centroid.
        case fastScan(m: Int, residual: Bool)
        /// The signs of the randomly rotated residual, and with more than one bit finer steps: `RaBitQ`, `RaBitQ4`.
        case rabit(bits: Int)
    }

    /// The number format of a scalar quantizer.
    public enum ScalarType: String, Sendable, Hashable, CaseIterable {
        /// 256 steps between the least and greatest of each dimension.
        case bits8 = "SQ8"
        /// 64 steps.
        case bits6 = "SQ6"
        /// 16 steps.
        case bits4 = "SQ4"
        /// Floating point of 16 bits, 11 of them significant.
        case float16 = "SQfp16"
        /// Floating point of 16 bits with the range of 32, 8 of them significant.
        case bfloat16 = "SQbf16"

        /// Bits of one component.
        public var bits: Int {
            switch self {
            case .bits4: 4
            case .bits6: 6
            case .bits8: 8
            case .float16, .bfloat16: 16
            }
        }
    }

    /// What ranks the nearest candidates once more.
    public enum Refinement: Sendable, Hashable {
        /// The vectors themselves: `RFlat`.
        case flat
        /// A second, finer code of them: `Refine(SQ8)`.
        case codec(Codec)
    }
}

extension IndexSpec {
    /// The inverted lists, where there are any.
    public var partition: Partition? {
        if case .partitioned(let partition, _) = core { partition } else { nil }
    }

    /// How a vector becomes bytes in inverted lists and graphs; ``Codec/flat`` for trees and hashes.
    public var codec: Codec {
        switch core {
        case .partitioned(_, let codec), .hnsw(_, let codec): codec
        case .kdTrees, .signs, .hyperplanes, .hashTables: .flat
        }
    }

    /// Whether vectors are held as they come out of the transforms, so that there is nothing finer to keep of those.
    var keepsCodedVectors: Bool {
        switch core {
        case .partitioned(_, let codec), .hnsw(_, let codec): codec == .flat
        case .kdTrees, .hashTables: true
        case .signs, .hyperplanes: false
        }
    }

    /// The dimension that codes are made of, after all transforms of vectors of `dimension` components.
    public func codedDimension(_ dimension: Int) -> Int {
        transforms.reduce(dimension) { $1.outputDimension(of: $0) }
    }

    /// The spec of exact search.
    public static let flat = IndexSpec(core: .partitioned(nil, .flat))
}

extension IndexSpec.Transform {
    /// Components of a vector afterwards, given how many it had.
    public func outputDimension(of input: Int) -> Int {
        switch self {
        case .pca(let output, _, _), .itq(let output): output
        case .opq(_, let output), .randomRotation(let output): output ?? input
        case .center, .l2Normalization: input
        }
    }
}

extension IndexSpec.Codec {
    /// Bits of a number of a product code.
    var productBits: Int? {
        switch self {
        case .product(_, let bits): bits
        case .fastScan: 4
        case .flat, .scalar, .rabit: nil
        }
    }

    /// Bytes of the code of one vector of `dimension` components, before a layout rounds the rows of a list up and
    /// without what is kept beside the code.
    public func codeSize(dimension: Int) -> Int {
        switch self {
        case .flat: 4 * dimension
        case .scalar(let type): (type.bits * dimension + 7) / 8
        case .product(let m, let bits): (m * bits + 7) / 8
        case .fastScan(let m, _): (m + 1) / 2
        case .rabit(let bits): (bits * dimension + 7) / 8
        }
    }
}
