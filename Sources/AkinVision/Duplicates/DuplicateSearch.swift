public import Akin

/// Finds pictures that are the same, by content, or that look it, by the distance of their vectors.
///
/// Two pictures are connected where their files have the same bytes or the same pixels, or where one is among the nearest
/// neighbours of the other and not farther than a threshold. What is connected, in however many steps, is one group.
///
/// ```swift
/// let graph = try KNNGraph.exact(set.vectors, k: 10, metric: .cosine)
/// let search = try DuplicateSearch(set, graph: graph)
/// for group in try search.groups() { print(group.kept.path, group.members.count) }
/// ```
public struct DuplicateSearch: Sendable {
    private let set: EmbeddedSet
    private let contents: [ImageContent?]
    private let edges: [GraphEdge]
    private let metric: Metric
    /// The length to each vector's nearest neighbour, ascending.
    public let nearestLengths: [Float]
    /// The length up to which pictures count as near duplicates where nothing else is said.
    ///
    /// A part of the length to the last neighbour of a typical vector: duplicates are much nearer to each other than
    /// pictures of the same kind are, in whatever space.
    public let standardThreshold: Float

    /// The part of a typical length that separates duplicates.
    static let share: Float = 0.25

    /// Takes vectors, what is known of their files, and the graph of their nearest neighbours.
    ///
    /// - Parameters:
    ///   - set: vectors and records.
    ///   - contents: files by the paths of the records; empty leaves out what only files tell.
    ///   - graph: the neighbours of the same vectors.
    /// - Throws: ``IndexError/outOfRange(name:value:allowed:)`` for a graph of another number of vectors.
    public init(_ set: EmbeddedSet, contents: [String: ImageContent] = [:], graph: KNNGraph) throws(IndexError) {
        guard graph.count == set.vectors.rows else {
            throw .outOfRange(
                name: "vectors of the graph", value: graph.count, allowed: set.vectors.rows...set.vectors.rows)
        }
        self.set = set
        metric = graph.metric
        self.contents =
            set.records.isEmpty
            ? Array(repeating: nil, count: set.vectors.rows) : set.records.map { contents[$0.path] }
        edges = graph.edges()
        let (degree, metric) = (graph.degree, graph.metric)
        let lengths = graph.scores.withUnsafeElements { scores -> (first: [Float], last: [Float]) in
            guard degree > 0 else { return ([], []) }
            let starts = stride(from: 0, to: scores.count, by: degree)
            return (
                starts.map { metric.length(of: scores[$0]) }.sorted(),
                starts.map { metric.length(of: scores[$0 + degree - 1]) }.sorted()
            )
        }
        nearestLengths = lengths.first
        standardThreshold = lengths.last.isEmpty ? 0 : max(0, Self.share * lengths.last[lengths.last.count / 2])
    }

    /// The groups of two or more pictures.
    ///
    /// - Parameter threshold: the greatest length of a near duplicate; `nil` takes ``standardThreshold``.
    /// - Returns: larger groups first, of equal ones the one with the smaller row.
    /// - Throws: ``IndexError/notANumber(name:)`` for a threshold that is none.
    public func groups(within threshold: Float? = nil) throws(IndexError) -> [DuplicateGroup] {
        try components(within: threshold).map(group)
    }

    /// How many groups there would be, and pictures in them, for a threshold.
    public func count(within threshold: Float) throws(IndexError) -> (groups: Int, pictures: Int) {
        let components = try components(within: threshold)
        return (components.count, components.reduce(0) { $0 + $1.count })
    }

    private func components(within threshold: Float?) throws(IndexError) -> [[Int]] {
        let limit = threshold ?? standardThreshold
        if limit.isNaN { throw .notANumber(name: "threshold") }
        // Same content is connected whatever its vectors say; the first of each kind stands for the others.
        var connected = edges.filter { $0.length <= limit }
        var firsts: [String: Int32] = [:]
        for (row, content) in contents.enumerated() {
            guard let content else { continue }
            if let first = firsts[content.pixelDigest] {
                connected.append(GraphEdge(first, Int32(row), length: 0))
            } else {
                firsts[content.pixelDigest] = Int32(row)
            }
        }
        let components = try GraphComponents(nodes: set.vectors.rows, edges: connected)
        return components.members.filter { $0.count > 1 }.sorted { ($1.count, $0[0]) < ($0.count, $1[0]) }
    }

    private func group(_ rows: [Int]) -> DuplicateGroup {
        func size(_ row: Int) -> (Int, Int) {
            contents[row].map { ($0.width * $0.height, $0.byteCount) } ?? (0, 0)
        }
        // The largest picture, of equal ones the larger file, of equal ones the first.
        let kept = rows.max { (size($0).0, size($0).1, -$0) < (size($1).0, size($1).1, -$1) } ?? rows[0]
        let others = rows.filter { $0 != kept }.map { row in
            (row: row, relation: relation(row, kept), score: score(row, kept))
        }.sorted { a, b in
            let (x, y) = (metric.length(of: a.score), metric.length(of: b.score))
            return (rank(a.relation), x, a.row) < (rank(b.relation), y, b.row)
        }
        let members = [member(kept, nil, score(kept, kept))] + others.map { member($0.row, $0.relation, $0.score) }
        let kind = others.map(\.relation).max { rank($0) < rank($1) } ?? .near
        let labels = members.map(\.label)
        return DuplicateGroup(
            kind: kind, members: members,
            hasOneLabel: labels.contains(nil) ? nil : Set(labels.compactMap { $0 }).count == 1)
    }

    private func rank(_ kind: DuplicateGroup.Kind) -> Int {
        switch kind {
        case .sameFile: 0
        case .samePixels: 1
        case .near: 2
        }
    }

    private func relation(_ row: Int, _ kept: Int) -> DuplicateGroup.Kind {
        guard let a = contents[row], let b = contents[kept] else { return .near }
        if a.fileDigest == b.fileDigest { return .sameFile }
        return a.pixelDigest == b.pixelDigest ? .samePixels : .near
    }

    private func member(_ row: Int, _ relation: DuplicateGroup.Kind?, _ score: Float) -> DuplicateGroup.Member {
        let record = set.records.isEmpty ? nil : set.records[row]
        let content = contents[row]
        return .init(
            row: row, path: record?.path ?? "row \(row)", label: record?.label, width: content?.width,
            height: content?.height, bytes: content?.byteCount, relation: relation, score: score)
    }

    /// The score of two rows, computed in double precision.
    private func score(_ a: Int, _ b: Int) -> Float {
        metric.score(set.vectors, a, set.vectors, b)
    }
}
