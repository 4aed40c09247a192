package import Akin
package import AkinServer
package import AkinStore

/// Puts the answers of shards together, so that they say what one collection of all the points would.
package enum Merging {
    /// What each shard is asked for, so that the whole's answer is among the answers: nothing may be left out yet.
    package static func question(_ query: SearchQuery) -> SearchQuery {
        var query = query
        query.limit += query.offset
        query.offset = 0
        return query
    }

    /// The nearest of all shards' nearest, ties by smaller name.
    ///
    /// - Parameters:
    ///   - query: as it was asked, with its offset.
    ///   - answers: those of the shards to ``question(_:)``.
    ///   - metric: which scores are nearer.
    ///   - isWhole: whether every shard has answered.
    /// - Returns: what one collection would have answered.
    /// - Complexity: O(s · log s) for s hits of all shards.
    package static func search(
        _ query: SearchQuery, _ answers: [SearchAnswer], _ metric: Metric, isWhole: Bool
    ) -> SearchAnswer {
        let hits = answers.flatMap(\.hits).sorted { a, b in
            a.score == b.score ? a.point.id < b.point.id : metric.isNearer(a.score, than: b.score)
        }
        let plans = answers.map(\.plan)
        let plan: SearchAnswer.Plan =
            plans.contains(.whileSearching)
            ? .whileSearching : plans.contains(.matchesFirst) ? .matchesFirst : .unfiltered
        return SearchAnswer(
            hits: Array(hits.dropFirst(query.offset).prefix(query.limit)),
            isExact: isWhole && answers.allSatisfy(\.isExact), plan: plan)
    }

    /// A page of all shards' pages, each of which begins where this one does.
    ///
    /// In the order of names it is the page of one collection. In the order of a member, points of equal values come in
    /// the order of their shards.
    package static func scroll(_ query: ScrollQuery, _ pages: [ScrollPage]) -> ScrollPage {
        guard let order = query.order else {
            let points = pages.flatMap(\.points).sorted { $0.id < $1.id }
            // What is left over, and what no shard has told yet.
            let rest = points.dropFirst(query.limit).first.map { [$0.id] } ?? []
            let next = (rest + pages.compactMap(\.next)).min()
            return ScrollPage(points: Array(points.prefix(query.limit)), next: next)
        }
        var places: [Place] = []
        for (shard, page) in pages.enumerated() {
            for (number, value) in page.values.enumerated() where number < page.points.count {
                places.append(Place(value: value, shard: shard, number: number))
            }
        }
        places.sort { a, b in
            if isBefore(a.value, b.value) { return !order.isDescending }
            if isBefore(b.value, a.value) { return order.isDescending }
            return (a.shard, a.number) < (b.shard, b.number)
        }
        let chosen = places.prefix(query.limit)
        return ScrollPage(points: chosen.map { pages[$0.shard].points[$0.number] }, values: chosen.map(\.value))
    }

    /// A point on a shard's page.
    private struct Place {
        var value: JSON
        var shard, number: Int
    }

    /// Whether a number is smaller; whole numbers are compared as such.
    private static func isBefore(_ a: JSON, _ b: JSON) -> Bool {
        if case .integer(let a) = a, case .integer(let b) = b { return a < b }
        return (a.double ?? 0) < (b.double ?? 0)
    }

    /// Points in the order of the names asked for, a name that was given twice twice.
    package static func retrieve(_ ids: [PointID], _ points: [[StoredPoint]]) -> [StoredPoint] {
        let known = Dictionary(points.joined().map { ($0.id, $0) }) { $1 }
        return ids.compactMap { known[$0] }
    }

    /// All shards as one collection; the names of parts begin with the number of their shard.
    package static func describe(
        _ configuration: CollectionConfiguration, _ shards: [(number: Int, CollectionDescription)]
    ) -> CollectionDescription {
        var whole = CollectionDescription(
            configuration: configuration, pointCount: 0, indexedCount: 0, segments: [], payloadIndexes: [:],
            isIndexing: false, byteCount: 0, damage: [])
        for (number, shard) in shards {
            whole.pointCount += shard.pointCount
            whole.indexedCount += shard.indexedCount
            whole.segments += shard.segments.map {
                .init(name: "\(number)/\($0.name)", spec: $0.spec, count: $0.count, deletedCount: $0.deletedCount)
            }
            whole.payloadIndexes.merge(shard.payloadIndexes) { $1 }
            whole.isIndexing = whole.isIndexing || shard.isIndexing
            whole.byteCount += shard.byteCount
            whole.damage += shard.damage.map { "shard \(number): \($0)" }
        }
        return whole
    }
}
