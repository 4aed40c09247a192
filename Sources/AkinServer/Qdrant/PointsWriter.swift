internal import Akin
internal import AkinStore

extension JSONWriter {
    /// Adds the end of a point: what of payload and vector there is, behind other members, and `}`.
    static func append(fieldsOf point: StoredPoint, to bytes: inout [UInt8]) {
        if let payload = point.payload {
            append(#","payload":"#, to: &bytes)
            append(payload, to: &bytes)
        }
        if let vector = point.vector {
            append(#","vector":"#, to: &bytes)
            append(vector, to: &bytes)
        }
        bytes.append(UInt8(ascii: "}"))
    }

    /// Adds a point as Qdrant's records are written.
    static func append(record point: StoredPoint, order: JSON? = nil, to bytes: inout [UInt8]) {
        append(#"{"id":"#, to: &bytes)
        append(point.id, to: &bytes)
        if let order {
            append(#","order_value":"#, to: &bytes)
            append(order, to: &bytes)
        }
        append(fieldsOf: point, to: &bytes)
    }

    /// Adds a point with its score.
    static func append(hit: SearchAnswer.Hit, _ metric: Metric, to bytes: inout [UInt8]) {
        append(#"{"id":"#, to: &bytes)
        append(hit.point.id, to: &bytes)
        append(#","version":0,"score":"#, to: &bytes)
        append(QdrantScore.score(hit.score, metric), to: &bytes)
        append(fieldsOf: hit.point, to: &bytes)
    }
}

/// Scores as Qdrant counts them: its Euclid is the root of the squared distance.
enum QdrantScore {
    static func score(_ score: Float, _ metric: Metric) -> Float {
        metric == .l2 ? score.squareRoot() : score
    }

    /// The threshold that lets every score pass that is at least as near as `threshold` says, and next to no other;
    /// ``passes(_:_:_:)`` decides about those.
    static func threshold(_ threshold: Float, _ metric: Metric) -> Float {
        guard metric == .l2 else { return threshold }
        if threshold < 0 { return -1 }
        let squared = threshold * threshold
        return squared.isFinite ? squared.nextUp.nextUp : .greatestFiniteMagnitude
    }

    static func passes(_ score: Float, _ threshold: Float?, _ metric: Metric) -> Bool {
        guard let threshold, metric == .l2 else { return true }
        return score.squareRoot() <= threshold
    }
}
