public import Akin

/// Exact search among 16-bit floats on a GPU: the answers of an index `SQfp16` or `SQbf16`, id by id and score by score.
///
/// The device keeps two bytes a component, and one for 8-bit codes. Candidates are nominated as among floats, with bounds
/// for what the 16-bit floats stand for, and decided by the same sums of doubles as on the CPU. Transforms before the
/// codes are applied to queries on the processor.
///
/// ```swift
/// let context = try CUDAContext(driver: CUDADriver.find())
/// let index = try CUDAHalfIndex(IVFIndex(path: "index.akin"), context: context)
/// let result = try index.search(queries, k: 10, options: SearchOptions())
/// ```
///
/// While vectors are brought to the device, and as long as the index lives where they are streamed because the device
/// cannot hold them, the host holds them as floats too.
public struct CUDAHalfIndex: TunableIndex {
    /// The same index on the CPU.
    public let ivf: IVFIndex
    private let vectors: DeviceVectors?
    /// Vectors of the part that the device has.
    public let count: Int

    /// "SQfp16" or "SQbf16", behind the transforms.
    public var spec: String { ivf.spec }
    /// How nearness is measured.
    public var metric: Metric { ivf.metric }
    /// Components of each vector.
    public var dimension: Int { ivf.dimension }
    /// The embedding space of the stored vectors, where it is known.
    public var space: EmbeddingSpace? { ivf.space }
    /// Bytes on the device, or on the host where the vectors are streamed.
    public var byteCount: Int { vectors?.resident?.byteCount ?? vectors?.streamed?.byteCount ?? 0 }
    /// Whether the device holds all vectors; they are streamed otherwise.
    public var isResident: Bool { vectors?.isResident ?? true }
    /// Those of the index on the CPU.
    public var knobs: [SearchKnob] { ivf.knobs }

    /// Brings an index to a device.
    ///
    /// - Parameters:
    ///   - index: of 16-bit floats in one list, without second codes.
    ///   - context: the device in use.
    ///   - budget: bytes of the device's memory to use at most; by default nine tenths of what is free.
    ///   - threads: threads that prepare the vectors; `nil` means one per core.
    /// - Throws: `IndexError.unsupported` for other indexes, `IndexError.notFinite` for codes that stand for infinity or
    ///   no number; ``CUDAError``: what the device, its memory and its kernels throw.
    /// - Complexity: O(count · dimension), some passes over the vectors.
    public init(_ index: IVFIndex, context: CUDAContext, budget: Int? = nil, threads: Int? = nil) throws {
        try self.init(index, kernels: KernelLibrary(context), budget: budget, threads: threads)
    }

    /// Brings an index, or one of some parts of it, to the device of some kernels.
    package init(
        _ index: IVFIndex, part: Int = 0, of parts: Int = 1, kernels: KernelLibrary, budget: Int? = nil,
        threads: Int? = nil
    ) throws {
        let storage: RowStorage
        switch index.halfFloats {
        case .float16: storage = .float16
        case .bfloat16: storage = .bfloat16
        default:
            throw IndexError.unsupported(
                "\(index.spec) as 16-bit floats on a device; expected SQfp16 or SQbf16, without lists and second codes")
        }
        ivf = index
        let threads = threads ?? availableCores()
        let decoded = try index.decodedHalves(part: part, of: parts, threads: threads)
        count = decoded.count
        vectors =
            count == 0
            ? nil
            : try DeviceVectors(
                decoded, storage: storage, kernels: kernels, pool: DevicePool(kernels.context, budget: budget),
                threads: threads)
    }

    /// Finds the `k` nearest stored vectors of each query.
    ///
    /// - Parameters:
    ///   - queries: `[q, dimension]`, finite.
    ///   - k: neighbours wanted, 1 or more; a row has at most ``count``.
    ///   - options: threads that prepare queries, cancellation, a filter.
    /// - Returns: one row per query, nearest first, ties by smaller id.
    /// - Throws: as ``IVFIndex/search(_:k:options:)``, and ``CUDAError``.
    public func search(_ queries: Matrix<Float>, k: Int, options: SearchOptions) throws -> SearchResult {
        try answer(queries, k: k, options: options).result
    }

    /// Finds the `k` nearest stored vectors of each query, and says how.
    ///
    /// - Throws: as ``search(_:k:options:)``.
    public func answer(
        _ queries: Matrix<Float>, k: Int, options: SearchOptions = SearchOptions()
    ) throws -> CUDAFlatIndex.Answer {
        let checked = try ivf.checkedSearch(queries, k: k, options)
        guard let vectors, queries.rows > 0 else {
            let none = Neighbors(Array(repeating: [], count: queries.rows))
            return CUDAFlatIndex.Answer(
                result: SearchResult(neighbors: none, isExact: ivf.isExact(options), visited: 0, isLimited: false),
                nominated: 0, compared: 0, deviceSeconds: 0)
        }
        let prepared = try ivf.halfQueries(queries, threads: checked.threads)
        var answer = try vectors.answer(prepared, k: checked.k, options: options)
        // A list is looked at, or not where nothing of it passes.
        answer.result.visited = answer.result.visited > 0 ? count * queries.rows : 0
        answer.result.isExact = ivf.isExact(options)
        return answer
    }

    /// Writes the index to an `.akin` file, the one that the CPU's index writes.
    ///
    /// - Throws: `FileError` for a place that cannot be written and a full disk.
    public func save(to path: String) throws { try ivf.save(to: path) }
}
