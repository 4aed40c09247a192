/// How the vectors of a graph are coded and compared.
///
/// A graph is searched by squared distance alone: cosine compares vectors of length one, and an inner product becomes a
/// distance by one more component (see ``GraphSpace``). A codec turns a vector into a row of bytes, each row at a
/// multiple of `rowByteCount`, and compares a prepared query with the rows a kernel is told of.
///
/// Keys are in the codec's own unit, smaller is nearer, and equal on every instruction set.
package protocol GraphCodec: Sendable {
    /// The codec as a spec names it: "SQ8".
    var specification: IndexSpec.Codec { get }
    /// Components of what is coded.
    var dimension: Int { get }
    /// Bytes from one row to the next: those of the code, padded as the kernel wants it.
    var rowByteCount: Int { get }
    /// Bytes of a prepared query; a multiple of 64.
    var queryByteCount: Int { get }
    /// What a key of 1 is as a squared distance.
    var unit: Float { get }
    /// What training found, enough to make the codec again from its spec and dimension.
    var tables: [Matrix<Float>] { get }

    /// Codes vectors, `[count, dimension]`, into `count` rows; the padding of each row is written too.
    func encode(_ vectors: UnsafePointer<Float>, count: Int, into rows: UnsafeMutableRawPointer)

    /// Writes the vectors that rows stand for, `[count, dimension]`.
    func decode(_ rows: UnsafeRawPointer, count: Int, into vectors: UnsafeMutablePointer<Float>)

    /// Prepares a vector, `[dimension]`, to be compared with rows; `query` is aligned to 64 bytes.
    func prepare(_ vector: UnsafePointer<Float>, into query: UnsafeMutableRawPointer)

    /// Prepares what a row stands for to be compared with rows, while a graph is built.
    func prepare(row: UnsafeRawPointer, into query: UnsafeMutableRawPointer)

    /// Writes the key of each of some rows.
    ///
    /// - Parameters:
    ///   - query: prepared.
    ///   - rows: where row 0 begins, aligned to 64 bytes.
    ///   - which: numbers of rows, `[count]`; the kernel asks for their bytes before it needs them.
    ///   - count: 0 or more.
    ///   - kernels: the instruction set.
    ///   - keys: receives `[count]`.
    func keys(
        _ query: UnsafeRawPointer, _ rows: UnsafeRawPointer, _ which: UnsafePointer<UInt32>, count: Int,
        kernels: Kernels, into keys: UnsafeMutablePointer<Float>)
}
