public struct KMeansOptions: Sendable { var iterations = 10; var seed: UInt64 = 1; var isSpherical = false; var maxPointsPerCentroid: Int? = 256; var threads: Int?; }
public struct Clustering: Sendable { public var centroids: Matrix<Float> }
public enum KMeans { static func train(_ v: Matrix<Float>, centroids: Int, options: KMeansOptions, monitor: ProgressMonitor) throws -> Clustering { Clustering(centroids: TransformChain.evenlySpaced(v, atMost: centroids)) } }
