import Akin

/// Neighbours as tables in files: `[queries, k]`.
enum NeighborTable {
    /// Writes the ids.
    static func write(ids neighbors: Neighbors, to path: String) throws {
        let ids = try table(neighbors, path: path) { neighbor in
            guard let id = Int32(exactly: neighbor.id) else {
                throw CommandError("\(path): id \(neighbor.id) does not fit 32 bits, which is what the file holds")
            }
            return id
        }
        try VectorFile.write(ids, to: path)
    }

    /// Writes the scores.
    static func write(scores neighbors: Neighbors, to path: String) throws {
        try VectorFile.write(table(neighbors, path: path) { $0.score }, to: path)
    }

    /// One row per query; all must be of one length.
    private static func table<Element: MatrixElement>(
        _ neighbors: Neighbors, path: String, _ element: (Neighbor) throws -> Element
    ) throws -> Matrix<Element> {
        let columns = neighbors.count > 0 ? neighbors[0].count : 0
        guard columns > 0 else { throw CommandError("\(path): nothing to write, no neighbour was found") }
        return try Matrix(rows: neighbors.count, columns: columns) { elements in
            var next = 0
            for query in 0..<neighbors.count {
                let row = neighbors[query]
                guard row.count == columns else {
                    throw CommandError(
                        "\(path): query \(query) has \(row.count) neighbours, the first has \(columns); "
                            + "a table needs rows of one length")
                }
                for neighbor in row {
                    elements[next] = try element(neighbor)
                    next += 1
                }
            }
        }
    }
}
