import Akin

/// Queries as the codes see them, and the lists that they look at.
struct AskedLists {
    /// `[q, dimension of codes]`.
    var queries: Matrix<Float>
    /// `[q][nprobe]`, nearest first.
    var lists: [UInt32]
    /// `[q][nprobe]`: what a list adds to the keys of its vectors.
    var offsets: [Float]
    var nprobe: Int
    /// `[blocks]`: the vectors of each block that may be found; all where it is `nil`.
    var allowed: DeviceBuffer<UInt32>?

    init(
        _ asked: (queries: Matrix<Float>, lists: [UInt32], offsets: [Float]), nprobe: Int,
        allowed: DeviceBuffer<UInt32>? = nil
    ) {
        (queries, lists, offsets) = asked
        self.nprobe = nprobe
        self.allowed = allowed
    }

    /// Some of them.
    func only(_ which: some Collection<Int>) -> AskedLists {
        if which.count == queries.rows { return self }
        var some = self
        some.queries = Matrix(which.map { queries[$0] })
        some.lists = which.flatMap { lists[$0 * nprobe..<($0 + 1) * nprobe] }
        some.offsets = which.flatMap { offsets[$0 * nprobe..<($0 + 1) * nprobe] }
        return some
    }
}
