import Akin

/// What the decision of a scan wrote: of each query `wanted` vectors at most, best first.
struct FoundVectors: Sendable {
    var wanted: Int
    var keys: [Float]
    var numbers: [UInt32]
    var certain: [UInt32]

    /// The k best of each query, ties by smaller id.
    func rows(k: Int, lists: DeviceLists, threads: Int) throws -> [[Neighbor]] {
        try eachRow(certain.count, threads: threads) { q in
            let first = q * wanted, last = first + wanted
            let end = (first..<last).first { numbers[$0] == .max } ?? last
            return lists.nearest(end - first, k: k, key: { keys[first + $0] }, number: { numbers[first + $0] })
        }
    }
}

extension DeviceLists {
    /// The k best of some vectors, ties by smaller id.
    ///
    /// - Parameters:
    ///   - count: vectors, in the order of their keys, with all whose key is that of the k-th.
    ///   - k: 1 or more.
    ///   - key: of a vector, by its place.
    ///   - number: of a vector, by its place.
    /// - Returns: k at most, nearest first.
    func nearest(_ count: Int, k: Int, key: (Int) -> Float, number: (Int) -> UInt32) -> [Neighbor] {
        var end = 0, hasTies = false
        // Vectors as far as the k-th may take its place by their ids.
        while end < count, end < k || key(end) == key(k - 1) {
            if end > 0, key(end) == key(end - 1) { hasTies = true }
            end += 1
        }
        var row = (0..<end).map { Neighbor(id: stored.id(number($0)), score: key($0)) }
        if hasTies { row.sort { ($0.score, $0.id) < ($1.score, $1.id) } }
        if row.count > k { row.removeLast(row.count - k) }
        if isProduct { for i in row.indices { row[i].score = 0 - row[i].score } }
        return row
    }
}
