internal import Akin
internal import AkinStore

extension ByteWriter {
    mutating func append(_ answer: SearchAnswer) {
        append(answer.isExact)
        append(UInt8(SearchAnswer.Plan.order.firstIndex(of: answer.plan) ?? 0))
        append(answer.hits) { writer, hit in
            writer.append(hit.score)
            writer.append(hit.point)
        }
    }

    mutating func append(_ description: CollectionDescription) {
        let configuration = description.configuration
        append(configuration.dimension)
        append(text: configuration.metric.rawValue)
        append(text: configuration.spec)
        append(optional: configuration.space) { writer, space in
            writer.append(text: space.id)
            writer.append(text: space.name)
        }
        append(description.pointCount)
        append(description.indexedCount)
        append(description.segments) { writer, segment in
            writer.append(text: segment.name)
            writer.append(text: segment.spec)
            writer.append(segment.count)
            writer.append(segment.deletedCount)
        }
        append(description.payloadIndexes.sorted { $0.key.description < $1.key.description }) { writer, index in
            writer.append(index.key)
            writer.append(text: index.value.rawValue)
        }
        append(description.isIndexing)
        append(description.byteCount)
        append(description.damage) { $0.append(text: $1) }
    }
}

extension SearchAnswer.Plan {
    /// The number of a plan in a message is its place here.
    fileprivate static let order: [Self] = [.unfiltered, .matchesFirst, .whileSearching]
}

extension ByteReader {
    mutating func storedPoints() throws(DecodingFailure) -> [StoredPoint] {
        try array(ofSize: 7) { reader throws(DecodingFailure) in try reader.storedPoint() }
    }

    mutating func answers() throws(DecodingFailure) -> [SearchAnswer] {
        try array(ofSize: 6) { reader throws(DecodingFailure) in
            let isExact = try reader.flag(), plan = Int(try reader.number(UInt8.self))
            guard SearchAnswer.Plan.order.indices.contains(plan) else {
                throw DecodingFailure(description: "there is no plan \(plan)")
            }
            let hits = try reader.array(ofSize: 11) { reader throws(DecodingFailure) in
                let score = try reader.float()
                return SearchAnswer.Hit(point: try reader.storedPoint(), score: score)
            }
            return SearchAnswer(hits: hits, isExact: isExact, plan: SearchAnswer.Plan.order[plan])
        }
    }

    mutating func collectionDescription() throws(DecodingFailure) -> CollectionDescription {
        let dimension = try size(), name = try text(1...64)
        guard let metric = Metric(rawValue: name) else {
            throw DecodingFailure(description: "there is no metric \"\(name)\"")
        }
        let spec = try text()
        let space = try optional { reader throws(DecodingFailure) in
            EmbeddingSpace(id: try reader.text(), name: try reader.text())
        }
        let pointCount = try size(), indexedCount = try size()
        let segments = try array(ofSize: 24) { reader throws(DecodingFailure) in
            CollectionDescription.Segment(
                name: try reader.text(), spec: try reader.text(), count: try reader.size(),
                deletedCount: try reader.size())
        }
        var indexes: [FieldPath: PayloadIndexKind] = [:]
        for _ in 0..<(try count(ofSize: 10)) {
            let path = try path(), name = try text(1...64)
            guard let kind = PayloadIndexKind(rawValue: name) else {
                throw DecodingFailure(description: "there is no payload index of kind \"\(name)\"")
            }
            indexes[path] = kind
        }
        return CollectionDescription(
            configuration: CollectionConfiguration(dimension: dimension, metric: metric, spec: spec, space: space),
            pointCount: pointCount, indexedCount: indexedCount, segments: segments, payloadIndexes: indexes,
            isIndexing: try flag(), byteCount: try size(),
            damage: try array(ofSize: 4) { reader throws(DecodingFailure) in try reader.text() })
    }
}
