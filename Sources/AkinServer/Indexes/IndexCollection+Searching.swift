internal import Akin
internal import AkinStore

extension IndexCollection {
    /// A description of it as a collection.
    var description: CollectionDescription {
        CollectionDescription(
            configuration: .init(
                dimension: index.dimension, metric: index.metric, spec: index.spec, space: index.space),
            pointCount: index.count, indexedCount: index.count,
            segments: [.init(name: name, spec: index.spec, count: index.count, deletedCount: 0)],
            payloadIndexes: [:], isIndexing: false, byteCount: byteCount, damage: [])
    }

    /// Answers one question; scores are those of the index.
    func search(_ query: SearchQuery) throws -> SearchAnswer {
        guard query.vector.count == index.dimension else {
            throw StoreError.invalid(
                field: "vector", expected: "\(index.dimension) numbers", actual: "\(query.vector.count)")
        }
        let searched = query.isExact ? try exactIndex() : index
        var options = SearchOptions(threads: 1, efSearch: query.efSearch)
        if !query.filter.isEmpty { options.filter = .bitmap(try rows(passing: query.filter)) }
        let result: SearchResult
        do {
            let vector = Matrix<Float>([query.vector])
            result = try searched.search(vector, k: query.offset + query.limit, options: options)
        } catch let error as IndexError {
            throw StoreError.invalid(field: "vector", expected: "a vector that can be searched for", actual: "\(error)")
        }
        let hits = result.neighbors[0].dropFirst(query.offset).filter { neighbor in
            query.threshold.map { !index.metric.isNearer($0, than: neighbor.score) } ?? true
        }
        return SearchAnswer(
            hits: hits.map { neighbor in
                let row = Int(neighbor.id)
                let isRow = (0..<index.count).contains(row)
                return .init(
                    point: isRow ? point(row, query.fields) : StoredPoint(id: .number(UInt64(bitPattern: neighbor.id))),
                    score: neighbor.score)
            },
            isExact: result.isExact, plan: query.filter.isEmpty ? .unfiltered : .whileSearching)
    }

    /// A page of points in the order of their rows.
    func scroll(_ query: ScrollQuery) throws -> ScrollPage {
        _ = try needSet("listing points")
        guard query.order == nil else {
            throw RequestError.unsupported(
                "order_by", "an order", expected: "none, in a collection that is an index file")
        }
        let words = query.filter.isEmpty ? nil : try rows(passing: query.filter)
        var row: Int
        switch query.start {
        case nil: row = 0
        case .number(let number)?: row = Int(exactly: number) ?? index.count
        case .name?: row = index.count
        }
        var points: [StoredPoint] = []
        while row < index.count {
            if words.map({ $0[row / 64] >> UInt64(row % 64) & 1 == 1 }) ?? true {
                if points.count == query.limit { return ScrollPage(points: points, next: .number(UInt64(row))) }
                points.append(point(row, query.fields))
            }
            row += 1
        }
        return ScrollPage(points: points)
    }

    func count(_ filter: Filter) throws -> Int {
        filter.isEmpty ? index.count : try rows(passing: filter).reduce(0) { $0 + $1.nonzeroBitCount }
    }
}
