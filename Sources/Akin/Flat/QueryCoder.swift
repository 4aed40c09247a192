/// Codes queries in 8 bits for the vectors of an index, without keeping these: for devices that hold them.
package struct QueryCoder: Sendable {
    private let index: FlatIndex
    private let count: Int

    init(_ index: FlatIndex) {
        count = index.count
        self.index = FlatIndex(withoutRows: index)
    }

    /// Codes queries as ``FlatIndex/codedQueries(_:k:tile:stage:threads:)`` does.
    package func codedQueries(
        _ queries: Matrix<Float>, k: Int, tile: Int, stage: Int, threads: Int = 1
    ) -> CodedQueries? {
        // Beyond half of the rows no bound helps; no other k concerns what is known of the rows.
        guard k <= count / 2 else { return nil }
        return index.codedQueries(queries, k: 0, tile: tile, stage: stage, threads: threads)
    }
}

extension FlatIndex {
    /// What codes queries for this index.
    package var queryCoder: QueryCoder { QueryCoder(self) }

    /// An index that knows what another does of all its rows together, and has none.
    fileprivate init(withoutRows other: FlatIndex) {
        ids = nil
        space = other.space
        stored = StoredRows(withoutRows: other.stored)
        idsAscend = true
    }
}
