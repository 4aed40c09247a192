package import CAkinKernels

/// How the vectors of an inverted list are coded, laid out and compared with queries.
///
/// What is coded is the vector itself or, in a residual index, the vector less its list's centroid. A *packed code* is
/// what encoding gives, `codeByteCount` bytes a vector, in the order of bits that Faiss uses. A list holds *blocks*: the
/// codes of `blockVectors` vectors rearranged for the kernel, followed by what a scan needs of each vector beside its
/// code, so that scanning reads one stream of memory and a mapped list needs no preparation.
///
/// With c the centroid (zero without residuals), r what is coded and x the query, the key of a vector is
///
/// | metric | key | offset (query and list) | term (vector) | rest (table) |
/// | --- | --- | --- | --- | --- |
/// | L2, residual | \|x - c - r\|^2 | \|x - c\|^2 | \|r\|^2 + 2 <c, r> | -2 <x, r> |
/// | L2, direct | \|x - r\|^2 | \|x\|^2 | \|r\|^2 | -2 <x, r> |
/// | inner product | -<x, c + r> | -<x, c> | 0 | -<x, r> |
///
/// which is the decomposition of IVFADC (Jégou, Douze, Schmid 2011) with the middle part kept per vector rather than in
/// tables per list: tables depend on the query alone and are made once for all lists.
package protocol ListCodec: Sendable {
    /// The codec as a spec names it: "PQ16".
    var specification: IndexSpec.Codec { get }
    /// Components of what is coded.
    var dimension: Int { get }
    /// Bytes of a packed code.
    var codeByteCount: Int { get }
    /// Vectors in a block.
    var blockVectors: Int { get }
    /// Bytes of a block, a multiple of 4.
    var blockByteCount: Int { get }

    /// Bytes that a scanner keeps of each query.
    var queryByteCount: Int { get }

    /// Whether intervals hold the key of the vector itself, not only of what its code stands for (RaBitQ, with the
    /// probability that its bound has).
    var boundsTrueKeys: Bool { get }

    /// What training found, enough to make the codec again from its spec and dimension: codebooks, ranges.
    var tables: [Matrix<Float>] { get }

    /// Codes vectors, `[count, dimension]`, into packed codes, `[count, codeByteCount]`.
    func encode(_ vectors: UnsafePointer<Float>, count: Int, into codes: UnsafeMutablePointer<UInt8>)

    /// What packed codes stand for, `[count, dimension]`.
    func decode(_ codes: UnsafePointer<UInt8>, count: Int, into vectors: UnsafeMutablePointer<Float>)

    /// Puts packed codes at places `position..<position + count` of a list's blocks, with their terms.
    ///
    /// Blocks are zero before the first code is put into them.
    /// - Parameters:
    ///   - codes: `[count, codeByteCount]`.
    ///   - count: 0 or more.
    ///   - position: the first place.
    ///   - blocks: of the list, with room for all of them.
    ///   - centroid: `[dimension]`, what residuals were taken from; `nil` when vectors are coded directly.
    ///   - metric: L2 or inner product.
    func store(
        _ codes: UnsafePointer<UInt8>, count: Int, at position: Int, in blocks: UnsafeMutablePointer<UInt8>,
        centroid: UnsafePointer<Float>?, metric: Metric)

    /// Takes the packed code at one place of a list's blocks.
    func load(_ position: Int, in blocks: UnsafePointer<UInt8>, into code: UnsafeMutablePointer<UInt8>)

    /// Prepares queries to be compared with lists; the scanner belongs to one thread.
    ///
    /// - Parameters:
    ///   - queries: `[count, dimension]`, alive as long as the scanner.
    ///   - count: 0 or more.
    ///   - metric: L2 or inner product.
    ///   - isBounded: whether candidates get intervals that hold ``ListScanner/key(_:in:query:centroid:)`` for
    ///     certain (the caller will compute the keys that matter); otherwise one value, the estimate.
    ///   - kernels: the instruction set.
    /// - Returns: the scanner of these queries.
    func scanner(
        _ queries: UnsafePointer<Float>, count: Int, metric: Metric, isBounded: Bool, kernels: Kernels
    ) -> any ListScanner

    /// Prepares queries whose candidates get intervals around the keys of the vectors themselves, for a codec that
    /// ``boundsTrueKeys``.
    func trueKeyScanner(
        _ queries: UnsafePointer<Float>, count: Int, metric: Metric, kernels: Kernels
    ) -> any ListScanner
}

extension ListCodec {
    package var boundsTrueKeys: Bool { false }
    package var queryByteCount: Int { 4 * dimension }

    package func trueKeyScanner(
        _ queries: UnsafePointer<Float>, count: Int, metric: Metric, kernels: Kernels
    ) -> any ListScanner {
        scanner(queries, count: count, metric: metric, isBounded: true, kernels: kernels)
    }

    /// Whether another codec gives the same codes to the same vectors and lays them out alike.
    func isEqual(to other: any ListCodec) -> Bool {
        specification == other.specification && dimension == other.dimension
            && blockByteCount == other.blockByteCount && tables == other.tables
    }
}

/// Some queries, prepared to be compared with lists of one codec.
package protocol ListScanner: AnyObject {
    /// Compares every allowed vector of a list with the queries named in `scan`.
    func scan(_ scan: UnsafeMutablePointer<akin_list_scan>)

    /// The key that decides: that of the decoded vector, in double precision, whatever the instruction set.
    ///
    /// - Parameters:
    ///   - position: place in the list.
    ///   - blocks: of the list.
    ///   - query: number of the query.
    ///   - centroid: of the list; `nil` without residuals.
    /// - Returns: the squared distance, or minus the inner product.
    func key(_ position: Int, in blocks: UnsafePointer<UInt8>, query: Int, centroid: UnsafePointer<Float>?) -> Double
}
