/// Which of some measurements no other beats both in recall and in speed.
///
/// What is not on the front is of no use: something else finds at least as much in less time.
package enum ParetoFront {
    /// Marks what is on the front.
    ///
    /// - Parameters:
    ///   - points: recall and queries per second; more is better of both.
    ///   - slack: a point counts as this many times as fast when it is compared with others; above 1, points that
    ///     noise may have kept from the front are marked too.
    /// - Returns: one value for each point. Of equal points the first is on the front.
    /// - Complexity: O(n log n).
    package static func marks(of points: [(recall: Double, speed: Double)], slack: Double = 1) -> [Bool] {
        var marks = [Bool](repeating: false, count: points.count)
        let order = points.indices.sorted {
            let (a, b) = (points[$0], points[$1])
            return (b.recall, b.speed, $0) < (a.recall, a.speed, $1)
        }
        var fastest = 0.0
        for i in order {
            if points[i].speed * slack > fastest { marks[i] = true }
            fastest = max(fastest, points[i].speed)
        }
        return marks
    }
}
