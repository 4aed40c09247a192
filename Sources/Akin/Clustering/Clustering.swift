/// Centroids, and how the vectors that trained them lie around them.
public struct Clustering: Sendable {
    /// `[k, dimension]`.
    public var centroids: Matrix<Float>
    /// `[k]`: training vectors that belong to each centroid.
    public var sizes: [Int]
    /// Sum of the squared distances of the training vectors to their centroids, the ones returned.
    ///
    /// After a training in mini-batches it is scaled up from the last pass, in which centroids still moved.
    public var objective: Double
    /// The objective with the first centroids and after each iteration; the last is ``objective``.
    public var history: [Double]
    /// Times that centroids were moved.
    public var iterations: Int
    /// Vectors that were trained with.
    public var trained: Int
    /// Balanced clustering: `[k]`, what is added to the squared distance to each centroid; empty otherwise.
    public var penalties: [Double]

    /// The largest cluster over the mean one: 1 when all are equally large.
    public var imbalance: Double {
        guard trained > 0, let largest = sizes.max() else { return 1 }
        return Double(largest) * Double(sizes.count) / Double(trained)
    }
}
