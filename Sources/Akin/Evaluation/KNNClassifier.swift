/// Names the class of a query by letting its nearest labelled vectors vote.
///
/// The classifier knows the labels of the stored vectors and nothing else: finding the neighbours is the work of
/// any ``VectorIndex``. One search with the largest k serves every smaller k.
///
/// ```swift
/// let classifier = try KNNClassifier(classes: [0, 0, 1], classCount: 2, metric: .cosine)
/// let found = try index.search(queries, k: 20, options: .init())
/// let predictions = try classifier.predict(found.neighbors, k: [1, 10, 20], vote: .softmax)
/// ```
public struct KNNClassifier: Sendable {
    /// How the scores of the neighbours are to be read.
    public let metric: Metric
    /// Stored vectors of each class; 0 for classes that no stored vector has.
    public let trainingCounts: [Int]

    private let classes: [Int32]
    private let rows: [Int64: Int]?

    /// Takes the class of every stored vector.
    ///
    /// - Parameters:
    ///   - classes: one class per stored vector, `0..<classCount`.
    ///   - classCount: number of classes, those that no stored vector has included.
    ///   - ids: the id of each stored vector in the index; row numbers when `nil`.
    ///   - metric: the metric of the index.
    /// - Throws: ``ClassificationError`` for a class out of range or a wrong number of ids.
    public init(
        classes: [Int], classCount: Int, ids: [Int64]? = nil, metric: Metric
    ) throws(ClassificationError) {
        var counts = [Int](repeating: 0, count: classCount)
        for (row, value) in classes.enumerated() {
            guard value >= 0 && value < classCount else {
                throw .classOutOfRange(row: row, value: value, classes: classCount)
            }
            counts[value] += 1
        }
        if let ids, ids.count != classes.count {
            throw .labelCountMismatch(set: "training", vectors: ids.count, labels: classes.count)
        }
        self.metric = metric
        self.classes = classes.map(Int32.init)
        trainingCounts = counts
        rows = ids.map { ids in
            Dictionary(ids.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        }
    }

    /// Ranks the classes of each query for several k in one pass.
    ///
    /// Classes are ranked by the sum of their neighbours' weights among the k nearest, ties by the nearer member
    /// (see ``NeighborVote``). Classes without a vote are not listed.
    ///
    /// Leaving one out scores a set against itself: pass the queries' own ids and search for one neighbour more than
    /// the largest k. A query's own id is struck from its row; where it is absent, because more than k
    /// duplicates of the query have smaller ids, the row's first k count, which are all at the same distance.
    ///
    /// - Parameters:
    ///   - neighbors: one row per query, nearest first, at least as long as the largest k where so many exist.
    ///   - k: how many neighbours vote; each 1 or more, in any order.
    ///   - vote: how they vote.
    ///   - top: how many classes to list at most, 1 or more.
    ///   - ownIDs: the id of each query in the index, to be left out; `nil` lets all neighbours vote.
    /// - Returns: one value per entry of `k`, in the same order.
    /// - Throws: ``ClassificationError`` for k, top or temperature out of range, for a neighbour without a label, and
    ///   for a number of own ids other than the number of queries.
    /// - Complexity: O(queries · (max k + classes found · top · count of `k`)).
    public func predict(
        _ neighbors: Neighbors, k: [Int], vote: NeighborVote, top: Int = 5, leavingOut ownIDs: [Int64]? = nil
    ) throws(ClassificationError) -> [ClassPredictions] {
        try vote.check()
        for value in k where value < 1 { throw .notPositive(name: "k", value: Double(value)) }
        if top < 1 { throw .notPositive(name: "top", value: Double(top)) }
        if let ownIDs, ownIDs.count != neighbors.count {
            throw .queryCountMismatch(queries: neighbors.count, given: ownIDs.count)
        }
        var predictions = k.map { ClassPredictions(vote: vote, k: $0) }
        let ascending = k.indices.sorted { k[$0] < k[$1] }
        var ballot = Ballot(classCount: trainingCounts.count)
        for query in 0..<neighbors.count {
            var row = neighbors[query].makeIterator()
            var nearest: Float?
            var voted = 0
            ballot.clear()
            for entry in ascending {
                while voted < k[entry], let neighbor = row.next() {
                    if let ownIDs, neighbor.id == ownIDs[query] { continue }
                    let reference = nearest ?? neighbor.score
                    nearest = reference
                    ballot.add(
                        vote.weight(of: neighbor.score, nearest: reference, metric: metric),
                        for: try classOf(neighbor.id))
                    voted += 1
                }
                predictions[entry].append(ballot.leaders(top))
            }
        }
        return predictions
    }

    /// The class of a stored vector.
    public func classOf(_ id: Int64) throws(ClassificationError) -> Int {
        guard let row = rows.map({ $0[id] }) ?? Int(exactly: id), classes.indices.contains(row) else {
            throw .unknownID(id)
        }
        return Int(classes[row])
    }
}

/// The sums of one query's votes; cleared in time proportional to the classes that got one.
private struct Ballot {
    private var weights: [Double]
    private var hasVote: [Bool]
    /// Classes with a vote, in the order of their nearest member.
    private var found: [Int32] = []

    init(classCount: Int) {
        weights = [Double](repeating: 0, count: classCount)
        hasVote = [Bool](repeating: false, count: classCount)
    }

    mutating func clear() {
        for entry in found {
            weights[Int(entry)] = 0
            hasVote[Int(entry)] = false
        }
        found.removeAll(keepingCapacity: true)
    }

    mutating func add(_ weight: Double, for entry: Int) {
        if !hasVote[entry] {
            hasVote[entry] = true
            found.append(Int32(entry))
        }
        weights[entry] += weight
    }

    /// The classes of largest weight, `top` of them at most.
    ///
    /// Only a strictly larger weight overtakes, so ties go to the nearer.
    func leaders(_ top: Int) -> [Int32] {
        var leaders: [Int32] = []
        leaders.reserveCapacity(min(top, found.count) + 1)
        for entry in found {
            var place = leaders.count
            while place > 0, weights[Int(leaders[place - 1])] < weights[Int(entry)] { place -= 1 }
            if place < top {
                leaders.insert(entry, at: place)
                if leaders.count > top { leaders.removeLast() }
            }
        }
        return leaders
    }
}
