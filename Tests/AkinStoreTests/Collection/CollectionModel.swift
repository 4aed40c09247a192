import Akin
import AkinStore

/// What a collection should be: points in a dictionary, searched by brute force.
struct CollectionModel {
    var points: [PointID: Point] = [:]
    let metric: Metric
    let dimension: Int

    /// The nearest, by the same scores, ties by smaller name.
    func nearest(_ query: SearchQuery, where passes: (Point) -> Bool = { _ in true }) -> [(id: PointID, score: Float)] {
        let vector = Matrix<Float>([query.vector])
        let scored = points.values.filter(passes).map {
            (id: $0.id, score: metric.score(vector, 0, Matrix<Float>([$0.vector]), 0) + 0)
        }
        let kept = scored.filter {
            query.threshold.map { [score = $0.score] in !metric.isNearer($0, than: score) } ?? true
        }
        return Array(
            kept.sorted {
                metric.isNearer($0.score, than: $1.score) || ($0.score == $1.score && $0.id < $1.id)
            }.dropFirst(query.offset).prefix(query.limit))
    }
}
