extension Metric {
    /// A score as a length: smaller for nearer, the squared distance, or less the similarity.
    ///
    /// Cosines become 1 less the cosine, so that the same direction has length 0; an inner product changes its sign.
    public func length(of score: Float) -> Float {
        switch self {
        case .l2: score
        case .cosine: 1 - score
        case .innerProduct: -score
        }
    }

    /// The score of a length: the other way round.
    public func score(ofLength length: Float) -> Float {
        switch self {
        case .l2: length
        case .cosine: 1 - length
        case .innerProduct: -length
        }
    }
}

extension KNNGraph {
    /// The connections of the graph, each pair once, whichever of the two has the other in its row.
    ///
    /// - Parameter limit: longer ones are left out; `nil` gives all.
    /// - Returns: edges with lengths as ``Metric/length(of:)`` gives them, in the order of their smaller node.
    /// - Complexity: O(count · degree²).
    public func edges(within limit: Float? = nil) -> [GraphEdge] {
        let (count, degree) = (count, degree)
        return ids.withUnsafeElements { ids in
            scores.withUnsafeElements { scores in
                var edges: [GraphEdge] = []
                if limit == nil { edges.reserveCapacity(count * degree) }
                for node in 0..<count {
                    for place in node * degree..<(node + 1) * degree {
                        let other = Int(ids[place])
                        let length = metric.length(of: scores[place])
                        if let limit, length > limit { break }  // the row goes from near to far
                        // The pair is told by its smaller node, where that knows of it.
                        let isKnown = other < node && ids[other * degree..<(other + 1) * degree].contains(Int32(node))
                        if !isKnown { edges.append(GraphEdge(Int32(node), Int32(other), length: length)) }
                    }
                }
                return edges
            }
        }
    }
}
