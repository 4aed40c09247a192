/// Chooses which of many candidates a member is linked to; belongs to one thread.
///
/// A candidate is left out where a nearer one that was chosen is nearer to it than the member is, by the factor alpha,
/// or where it is the same as one that was chosen, so that copies of one vector do not take all links:
/// the rule of relative neighbourhood graphs, with the slack of Jayaram Subramanya et al.: "DiskANN" (2019).
final class GraphPruner {
    /// A possible neighbour: a member, its row, and its key to the member that is linked.
    struct Candidate {
        var key: Float
        var member: UInt32
        var row: UInt32

        static func isBefore(_ a: Candidate, _ b: Candidate) -> Bool {
            a.key != b.key ? a.key < b.key : a.member < b.member
        }
    }

    private let codec: any GraphCodec
    private let codes: UnsafeRawPointer
    private let kernels: Kernels
    private let alpha: Float
    private let query: Buffer<UInt8>
    private let chosenRows: Buffer<UInt32>
    private let keys: Buffer<Float>

    init(codec: any GraphCodec, codes: UnsafeRawPointer, degree: Int, alpha: Float, kernels: Kernels) {
        self.codec = codec
        self.codes = codes
        self.kernels = kernels
        self.alpha = alpha
        query = Buffer(repeating: 0, count: codec.queryByteCount)
        chosenRows = Buffer(repeating: 0, count: degree)
        keys = Buffer(repeating: 0, count: degree)
    }

    /// Writes at most `degree` links, nearest first, and marks the end where there are fewer.
    ///
    /// - Parameters:
    ///   - candidates: in order of nearness, without the member itself and without repetitions.
    ///   - degree: links there is room for.
    ///   - links: receives `[degree]`.
    func choose(
        among candidates: some Sequence<Candidate>, degree: Int, into links: UnsafeMutablePointer<UInt32>
    ) {
        var chosen = 0
        candidates: for candidate in candidates {
            if chosen > 0 {
                codec.prepare(row: codes + Int(candidate.row) * codec.rowByteCount, into: query.pointer)
                // A few at a time: most candidates fall to one of the first chosen.
                for first in stride(from: 0, to: chosen, by: 8) {
                    let n = min(8, chosen - first)
                    codec.keys(
                        query.pointer, codes, chosenRows.pointer + first, count: n, kernels: kernels,
                        into: keys.pointer)
                    for i in 0..<n where alpha * keys[i] < candidate.key || keys[i] == 0 { continue candidates }
                }
            }
            links[chosen] = candidate.member
            chosenRows[chosen] = candidate.row
            chosen += 1
            if chosen == degree { return }
        }
        for i in chosen..<degree { links[i] = GraphLayer.none }
    }
}
