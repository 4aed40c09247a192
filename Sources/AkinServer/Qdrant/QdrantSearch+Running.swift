internal import Akin
internal import AkinStore

/// An answer in Qdrant's terms.
struct QdrantAnswer {
    var hits: [SearchAnswer.Hit]
    var isExact: Bool
    var plan: SearchAnswer.Plan
}

extension ServerEnvironment {
    /// Answers searches, all of them with one call where they name no points.
    func answers(
        _ searches: [QdrantSearch], in collection: String, _ place: (Int) -> String
    ) async throws -> ([QdrantAnswer], Metric) {
        let configuration = try await service.configuration(of: collection)
        let metric = configuration.metric
        let vectorCount = searches.reduce(0) { $0 + ($1.query.fields.vector ? $1.loadedCount : 0) }
        try checkReply(vectorCount, PointFields(vector: true), dimension: configuration.dimension)
        let vectors = try await self.vectors(of: searches, in: collection, dimension: configuration.dimension)
        var answers = [QdrantAnswer?](repeating: nil, count: searches.count)
        var queries: [SearchQuery] = []
        var places: [Int] = []
        for (i, search) in searches.enumerated() {
            if case .any = search.target {
                answers[i] = try await page(search, in: collection)
                continue
            }
            var query = search.query
            query.vector = try within(place(i)) {
                try search.vector(vectors, metric, dimension: configuration.dimension)
            }
            query.threshold = search.threshold.map { QdrantScore.threshold($0, metric) }
            // Examples are no answers; that many more are asked for and left out.
            let examples = Set(search.ids).count
            if examples > 0 {
                query.limit += query.offset + examples
                query.offset = 0
            }
            queries.append(query)
            places.append(i)
        }
        if !queries.isEmpty {
            for (i, answer) in zip(places, try await service.search(queries, in: collection)) {
                answers[i] = searches[i].finished(answer, metric)
            }
        }
        return (answers.compactMap { $0 }, metric)
    }

    /// Points in the order of their names, which no score tells apart.
    private func page(_ search: QdrantSearch, in collection: String) async throws -> QdrantAnswer {
        let page = try await service.scroll(
            ScrollQuery(
                limit: search.query.offset + search.query.limit, filter: search.query.filter,
                fields: search.query.fields),
            in: collection)
        return QdrantAnswer(
            hits: page.points.dropFirst(search.query.offset).map { .init(point: $0, score: 0) }, isExact: true,
            plan: search.query.filter.isEmpty ? .unfiltered : .matchesFirst)
    }

    /// The vectors of all points that are examples, of which there may be as many as a reply could show.
    private func vectors(
        of searches: [QdrantSearch], in collection: String, dimension: Int
    ) async throws -> [PointID: [Float]] {
        let ids = Set(searches.flatMap(\.ids))
        guard !ids.isEmpty else { return [:] }
        let most = limits.replyNumbers / dimension
        guard ids.count <= most else {
            throw RequestError.invalid(
                searches.count > 1 ? "searches" : "positive",
                expected: "at most \(most) points of \(dimension) numbers as examples", actual: "\(ids.count)",
                status: .unprocessableContent)
        }
        let points = try await service.retrieve(ids.sorted(), PointFields(vector: true), from: collection)
        let vectors = Dictionary(points.compactMap { point in point.vector.map { (point.id, $0) } }) { $1 }
        if let missing = ids.sorted().first(where: { vectors[$0] == nil }) { throw StoreError.noPoint(missing) }
        return vectors
    }
}

extension QdrantSearch {
    /// The vector to look for.
    fileprivate func vector(
        _ known: [PointID: [Float]], _ metric: Metric, dimension: Int
    ) throws -> [Float] {
        switch target {
        case .vector(let vector):
            guard vector.count == dimension else {
                throw RequestError.invalid(
                    "vector", expected: "\(dimension) numbers", actual: "\(vector.count)")
            }
            return vector
        case .point(let id):
            return known[id] ?? []
        case .examples(let positive, let negative):
            let toward = try mean(of: positive, known, metric, dimension)
            if negative.isEmpty { return toward }
            let away = try mean(of: negative, known, metric, dimension)
            let vector = zip(toward, away).map { 2 * $0 - $1 }
            guard vector.allSatisfy(\.isFinite) else {
                throw RequestError.invalid(
                    "positive", expected: "vectors whose mean 32 bits hold", actual: "larger ones")
            }
            return vector
        case .any:
            return []
        }
    }

    /// The mean of several vectors; of directions where only those count.
    private func mean(
        of targets: [Target], _ known: [PointID: [Float]], _ metric: Metric, _ dimension: Int
    ) throws -> [Float] {
        var sum = [Double](repeating: 0, count: dimension)
        for target in targets {
            let vector: [Float] =
                switch target {
                case .vector(let vector): vector
                case .point(let id): known[id] ?? []
                case .examples, .any: []
                }
            guard vector.count == dimension else {
                throw RequestError.invalid("positive", expected: "\(dimension) numbers", actual: "\(vector.count)")
            }
            let square = metric == .cosine ? vector.reduce(0) { $0 + Double($1) * Double($1) } : 1
            let scale = square > 0 ? 1 / square.squareRoot() : 0
            for i in 0..<dimension { sum[i] += Double(vector[i]) * scale }
        }
        return sum.map { Float($0 / Double(targets.count)) }
    }

    /// What is left of an answer without the examples, and without what the threshold refuses.
    fileprivate func finished(_ answer: SearchAnswer, _ metric: Metric) -> QdrantAnswer {
        let examples = Set(ids)
        var hits = answer.hits
        if threshold != nil { hits.removeAll { !QdrantScore.passes($0.score, threshold, metric) } }
        if !examples.isEmpty {
            hits.removeAll { examples.contains($0.point.id) }
            hits = Array(hits.dropFirst(query.offset).prefix(query.limit))
        }
        return QdrantAnswer(hits: hits, isExact: answer.isExact, plan: answer.plan)
    }
}
