/// One k-d tree.
enum KDTree {
    /// Vectors of a leaf, at most.
    static let leafSize = 32
}
