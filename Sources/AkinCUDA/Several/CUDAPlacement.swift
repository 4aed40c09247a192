public import Akin

/// Brings indexes to one GPU or to several.
///
/// ```swift
/// let contexts = try DeviceChoice.allCUDA.contexts()
/// let index = try CUDAPlacement(contexts).place(IVFIndex(path: "index.akin"))
/// ```
public struct CUDAPlacement: Sendable {
    /// What several devices hold of an index.
    public enum Spread: Sendable, Equatable {
        /// All of it each, where it fits; otherwise a part each.
        case automatic
        /// All of it each: the most queries per second.
        case replicas
        /// A part each: the largest index.
        case shards
    }

    private let kernels: [KernelLibrary]
    private let budget: Int?

    /// Prepares devices; one that is named twice counts as two, which share its memory.
    ///
    /// - Parameters:
    ///   - contexts: one or more.
    ///   - budget: bytes of each device's memory to use at most; by default its share of nine tenths of what is free.
    /// - Throws: ``CUDAError/noDevice`` for no devices.
    public init(_ contexts: [CUDAContext], budget: Int? = nil) throws(CUDAError) {
        try self.init(kernels: contexts.map { KernelLibrary($0) }, budget: budget)
    }

    /// Prepares the devices of some kernels.
    package init(kernels: [KernelLibrary], budget: Int? = nil) throws(CUDAError) {
        guard !kernels.isEmpty else { throw .noDevice }
        self.kernels = kernels
        self.budget = budget
    }

    /// Whether an index can be brought to devices: `Flat`, `SQfp16`, `SQbf16`, inverted files of floats, and those of product
    /// codes of 4 to 8 bits with or without second codes.
    public static func holds(_ index: any VectorIndex) -> Bool {
        guard let lists = index as? IVFIndex else { return index is FlatIndex }
        return lists.halfFloats != nil || lists.isSearchableOnDevices
    }

    /// What ``holds(_:)`` allows, in words.
    public static let supported =
        "Flat, SQfp16, SQbf16, IVF…,Flat, or IVF…,PQ of 4 to 8 bits with or without a second code"

    /// Brings an index to the devices.
    ///
    /// - Parameters:
    ///   - index: one of those that ``holds(_:)`` allows.
    ///   - spread: what several devices hold of it.
    ///   - threads: threads that prepare it; `nil` means one per core.
    /// - Returns: an index with the same answers.
    /// - Throws: `IndexError.unsupported` for another kind of index; ``CUDAError``: what devices, memory and kernels
    ///   throw.
    public func place(
        _ index: any VectorIndex, spread: Spread = .automatic, threads: Int? = nil
    ) throws -> any TunableIndex {
        guard Self.holds(index) else {
            throw IndexError.unsupported("\(index.spec) on a device; expected \(Self.supported)")
        }
        let count = kernels.count, halves = (index as? IVFIndex).flatMap { $0.halfFloats == nil ? nil : $0 }
        if count == 1 { return try place(index, on: 0, threads: threads) }
        var isSharded = spread == .shards
        if spread == .automatic {
            let least = try kernels.indices.map { try budget(of: $0) }.min() ?? 0
            // Of 16-bit floats the device keeps 8-bit codes and terms too.
            let bytes =
                halves.map { $0.count * (3 * $0.codedDimension + 20) } ?? (index as? IVFIndex)?.deviceByteCount
                ?? index.byteCount
            isSharded = bytes > least / 8 * 5
        }
        guard isSharded else {
            return CUDAReplicas(try (0..<count).map { try place(index, on: $0, threads: threads) })
        }
        if let halves {
            let shards = try (0..<count).map { part in
                try CUDAHalfIndex(
                    halves, part: part, of: count, kernels: kernels[part], budget: budget(of: part), threads: threads)
            }
            return CUDAShards(shards, of: index)
        }
        let parts: [any VectorIndex] =
            if let flat = index as? FlatIndex {
                try Self.split(flat, into: count, threads: threads)
            } else if let lists =
                index as? IVFIndex
            { Self.split(lists, into: count) } else { [] }
        return CUDAShards(try parts.enumerated().map { try place($1, on: $0, threads: threads) }, of: index)
    }

    private func place(_ index: any VectorIndex, on device: Int, threads: Int?) throws -> any TunableIndex {
        let (library, own) = (kernels[device], try budget(of: device))
        if let lists = index as? IVFIndex {
            if lists.halfFloats != nil {
                return try CUDAHalfIndex(lists, kernels: library, budget: own, threads: threads)
            }
            return try CUDAIVFIndex(lists, kernels: library, budget: own, threads: threads)
        }
        guard let flat = index as? FlatIndex else { throw IndexError.unsupported(index.spec) }
        return try CUDAFlatIndex(flat, kernels: library, budget: own, threads: threads)
    }

    /// The bytes that one of the devices may use: those of a GPU that is named several times are shared.
    private func budget(of device: Int) throws(CUDAError) -> Int {
        if let budget { return budget }
        let ordinal = kernels[device].context.device.ordinal
        let sharers = kernels.filter { $0.context.device.ordinal == ordinal }.count
        // Those before it have taken theirs already; a share of all of the memory is what each may have.
        let memory = try kernels[device].context.memory()
        return max(1, min(memory.free, memory.total / sharers) / 10 * 9)
    }

    /// Rows in as many parts, one behind the other.
    private static func split(_ index: FlatIndex, into parts: Int, threads: Int?) throws -> [FlatIndex] {
        try (0..<parts).map { part in
            let rows = index.count * part / parts..<index.count * (part + 1) / parts
            let ids = index.ids.map { Array($0[rows]) } ?? rows.map(Int64.init)
            return try FlatIndex(
                index.vectors.rows(rows), ids: ids, metric: index.metric, space: index.space,
                eightBit: index.hasEightBitCodes, threads: threads)
        }
    }

    /// Lists in as many parts, of about the same number of vectors: the longest first, each to where there are fewest.
    private static func split(_ index: IVFIndex, into parts: Int) -> [IVFIndex] {
        let sizes = index.listSizes
        var held = [Int](repeating: 0, count: parts), place = [Int](repeating: 0, count: sizes.count)
        for list in sizes.indices.sorted(by: { sizes[$0] != sizes[$1] ? sizes[$0] > sizes[$1] : $0 < $1 }) {
            let least = held.indices.min { held[$0] < held[$1] } ?? 0
            place[list] = least
            held[least] += sizes[list]
        }
        return (0..<parts).map { part in index.keepingLists { place[$0] == part } }
    }
}
