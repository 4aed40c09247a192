/// Does the two steps of k-means elsewhere than on the processor, and codes vectors there: on a GPU.
///
/// A training that uses one gives the centroids that the processor gives, provided that ``HeldPoints`` keeps its
/// promises. Starts, empty clusters and the objective remain the processor's.
public protocol ClusteringDevice: Sendable {
    /// Takes points to the device.
    ///
    /// - Parameters:
    ///   - points: `[n, dimension]`, finite, at least one.
    ///   - centroids: how many they will be assigned to.
    ///   - metric: `.l2` or `.innerProduct`.
    /// - Returns: the points there; they belong to one thread.
    /// - Throws: what the device throws.
    func hold(_ points: Matrix<Float>, centroids: Int, metric: Metric) throws -> any HeldPoints
}

/// Points on a device, assigned to centroids again and again while these move.
public protocol HeldPoints: AnyObject {
    /// The nearest centroid of each point, and its key in double precision: the squared distance, or the inner product
    /// with its sign changed.
    ///
    /// Of centroids whose keys are equal as floats the smaller number wins.
    ///
    /// - Parameter centroids: `[k, dimension]`, finite, as many as were announced.
    /// - Returns: `[n]` each.
    /// - Throws: what the device throws.
    func assign(to centroids: Matrix<Float>) throws -> (numbers: [UInt32], keys: [Double])

    /// The mean of the points that the last assignment gave each centroid, summed in doubles in the order of the points;
    /// the centroid as it was where there are none.
    ///
    /// - Parameter isSpherical: whether sums become vectors of length one instead of means.
    /// - Returns: `[k, dimension]`.
    /// - Throws: what the device throws.
    func means(isSpherical: Bool) throws -> Matrix<Float>

    /// The codes of the points, less the centroids that the last assignment gave them where residuals are coded.
    ///
    /// - Parameters:
    ///   - quantizer: for vectors as long as the points, of 4 to 8 bits.
    ///   - isResidual: whether centroids are taken off.
    /// - Returns: `[n, quantizer.codeByteCount]`, the bytes of ``ProductQuantizer/encode(_:)``; `nil` where the
    ///   device has no room for a codebook of such parts.
    /// - Throws: what the device throws.
    func codes(by quantizer: ProductQuantizer, isResidual: Bool) throws -> [UInt8]?
}
