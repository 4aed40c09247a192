/// What is to be done next with the segments in files, decided from their sizes alone.
package struct MaintenancePlan {
    /// A segment in a file.
    package struct Item: Equatable {
        /// Points that were put there, and those of them that are alive.
        package var count, living: Int
        package var isIndexed: Bool

        /// Describes a segment.
        package init(count: Int, living: Int, isIndexed: Bool) {
            self.count = count
            self.living = living
            self.isIndexed = isIndexed
        }
    }

    /// Something to be done with some segments that follow one another.
    package enum Step: Equatable {
        /// Puts the living of all into one file, without an index.
        case merge(Range<Int>)
        /// Puts the living of all into one file, and builds an index.
        case build(Range<Int>)
        /// Adds the living of all but the first, which has an index, to that index.
        case absorb(Range<Int>)

        package var range: Range<Int> {
            switch self {
            case .merge(let range), .build(let range), .absorb(let range): range
            }
        }
    }

    private let settings: StoreSettings
    /// Vectors from which an index can be built; `nil` where the collection has none.
    private let indexedCount: Int?
    /// Segments without an index that may lie side by side.
    static let flatSegments = 8
    /// Points that it is not worth indexing more of while nobody writes.
    static let idleCount = 1_000

    /// Plans for a collection.
    package init(settings: StoreSettings, indexedCount: Int?) {
        self.settings = settings
        self.indexedCount = indexedCount
    }

    /// What is to be done next; `nil` for nothing.
    ///
    /// - Parameters:
    ///   - items: the segments in the order of their rows.
    ///   - isSettled: whether what would wait for more writes should be done now.
    /// - Returns: the most needed step, after which to ask again.
    package func next(_ items: [Item], isSettled: Bool) -> Step? {
        for (number, item) in items.enumerated() {
            let dead = item.count - item.living
            guard item.living == 0 || Double(dead) > settings.vacuumShare * Double(item.count) else { continue }
            let range = number..<number + 1
            let isWorthIt = item.isIndexed && indexedCount.map { item.living >= $0 } ?? false
            return isWorthIt ? .build(range) : .merge(range)
        }
        var start = 0
        while start < items.count {
            guard !items[start].isIndexed else {
                start += 1
                continue
            }
            var end = start
            while end < items.count, !items[end].isIndexed { end += 1 }
            if let step = join(items, start..<end, isSettled: isSettled) { return step }
            start = end
        }
        return nil
    }

    /// What is to be done with neighbours none of which has an index.
    private func join(_ items: [Item], _ run: Range<Int>, isSettled: Bool) -> Step? {
        guard let indexedCount else { return tier(items, run) }
        let base = run.lowerBound > 0 ? items[run.lowerBound - 1].living : nil
        // As many as fit.
        func fitting(beside count: Int) -> Range<Int> {
            var sum = count, end = run.lowerBound
            while end < run.upperBound, sum + items[end].living <= settings.largestSegment {
                sum += items[end].living
                end += 1
            }
            return run.lowerBound..<end
        }
        func living(_ range: Range<Int>) -> Int { items[range].reduce(0) { $0 + $1.living } }
        if let base {
            let some = fitting(beside: base), new = living(some)
            let isDue = Double(new) >= settings.absorbShare * Double(base)
            let isWorthIt = isSettled && new >= max(min(Self.idleCount, indexedCount), base / 500)
            if !some.isEmpty, isDue || isWorthIt { return .absorb(run.lowerBound - 1..<some.upperBound) }
            // What follows goes on waiting for what fits no more.
            if !some.isEmpty, some.upperBound == run.upperBound { return collect(items, run) }
        }
        let all = fitting(beside: 0)
        if !all.isEmpty, living(all) >= indexedCount { return .build(all) }
        return collect(items, run)
    }

    /// Puts many small files into one.
    private func collect(_ items: [Item], _ run: Range<Int>) -> Step? {
        guard run.count >= Self.flatSegments else { return nil }
        return .merge(run)
    }

    /// Without an index, files are joined with those that are not much larger, so that each point is copied seldom.
    private func tier(_ items: [Item], _ run: Range<Int>) -> Step? {
        var sum = 0, start = run.upperBound
        while start > run.lowerBound {
            let size = items[start - 1].living
            if run.upperBound - start >= 1, size > 2 * sum || size + sum > settings.largestSegment { break }
            sum += size
            start -= 1
        }
        return run.upperBound - start >= 4 ? .merge(start..<run.upperBound) : nil
    }
}
