/// A hierarchical navigable small world graph as a Faiss file stores it.
package struct FaissGraph: Sendable, Equatable {
    /// What the graph's vectors are stored as, which the file's code says even where they are left out.
    package enum Storage: String, Sendable, CaseIterable {
        case flat = "IHNf", product = "IHNp", scalar = "IHNs", other = "IH00"
    }

    package var storageKind: Storage
    /// The share of vectors whose highest level is each.
    package var levelShares: FaissArray<Double>
    /// Links of a vector on all levels below each.
    package var linksBelow: FaissArray<Int32>
    /// Levels of each vector, 1 or more.
    package var levels: FaissArray<Int32>
    /// Where the links of each vector begin, and where those of the last end.
    package var offsets: FaissArray<UInt64>
    /// Linked vectors; -1 for a place that is free.
    package var links: FaissArray<Int32>
    /// Where searching begins; -1 for an empty graph.
    package var entryPoint: Int32
    package var maximumLevel: Int32
    package var efConstruction: Int32
    package var efSearch: Int32
}
