import Akin

/// Stores vectors, searches them, and keeps the index in a file: the program of the article "A first search".
@main
struct FirstSearch {
    static func main() throws {
        // Ten thousand points on the unit square: [10000, 2].
        let points = Matrix<Float>(rows: 10_000, columns: 2) { elements in
            for row in 0..<10_000 {
                elements[2 * row] = Float(row % 100) / 100
                elements[2 * row + 1] = Float(row / 100) / 100
            }
        }

        // Squared Euclidean distance is the default metric; row numbers are the ids.
        let index = try FlatIndex(points)

        // Two queries, five neighbours each, nearest first.
        let queries = Matrix<Float>([[0.5, 0.5], [0.251, 0.8]])
        let found = try index.search(queries, k: 5)
        for query in 0..<found.neighbors.count {
            let row = found.neighbors[query].map { "\($0.id) at \($0.score)" }
            print("query \(query):", row.joined(separator: ", "))
        }
        print("exact: \(found.isExact), compared: \(found.visited)")

        // The file is mapped when it is opened again, not read.
        let path = CommandLine.arguments.count > 1 ? CommandLine.arguments[1] : "points.akin"
        try index.save(to: path)
        let reopened = try FlatIndex(path: path)
        print("\(path): \(reopened.count) vectors of dimension \(reopened.dimension)")
    }
}
