/// Sets of numbers that grow together: which of `0..<count` are joined by the pairs seen so far.
///
/// Union by size with path halving, so that every operation takes practically constant time.
///
/// Tarjan, van Leeuwen: "Worst-case analysis of set union algorithms" (1984), `doi:10.1145/62.2160`.
struct DisjointSets {
    /// The parent of each number; less than zero, a root with that many members.
    private var parents: [Int32]

    /// Every number alone.
    ///
    /// - Parameter count: 0 or more, below 2^31.
    init(count: Int) { parents = Array(repeating: -1, count: count) }

    /// The number that stands for the set of `i`.
    mutating func root(of i: Int) -> Int {
        var i = i
        while parents[i] >= 0 {
            let parent = Int(parents[i])
            if parents[parent] >= 0 { parents[i] = parents[parent] }
            i = parent
        }
        return i
    }

    /// Puts two sets together; gives whether they were two.
    @discardableResult
    mutating func join(_ a: Int, _ b: Int) -> Bool {
        var (a, b) = (root(of: a), root(of: b))
        if a == b { return false }
        if parents[a] > parents[b] { swap(&a, &b) }
        parents[a] += parents[b]
        parents[b] = Int32(a)
        return true
    }
}
