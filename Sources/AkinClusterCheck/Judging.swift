import AkinStore
import Foundation

/// What an answer to an exact search must be, whatever is being written meanwhile.
enum Judging {
    /// How much a score may differ from the distance that is calculated here.
    static let tolerance = 1e-4

    /// The distance of two points' vectors.
    static func distance(_ first: Int, _ second: Int) -> Double {
        let pairs = zip(Load.vector(first), Load.vector(second))
        return pairs.reduce(0.0) { $0 + pow(Double($1.0) - Double($1.1), 2) }.squareRoot()
    }

    /// What is wrong with the answer to a search for a point's vector by itself: every score must be a distance, the
    /// nearest come first, and nothing comes twice.
    ///
    /// - Returns: a sentence; `nil` where nothing is.
    static func fault(in hits: [JSON], of point: Int) -> String? {
        var seen: Set<Int> = [], last = -Double.infinity
        for hit in hits {
            guard let id = hit["id"]?.integer, let score = hit["score"]?.real else {
                return "a search for point \(point) found something without id and score"
            }
            let distance = distance(point, id)
            if abs(score - distance) > tolerance {
                return "a search for point \(point) says that \(id) is at \(score), its distance is \(distance)"
            }
            if score < last { return "a search for point \(point) has \(id) at \(score) after \(last)" }
            if !seen.insert(id).inserted { return "a search for point \(point) has \(id) twice" }
            last = score
        }
        return nil
    }

    /// What is wrong with the names in an answer that was given while nothing was written.
    ///
    /// - Parameters:
    ///   - hits: the answer.
    ///   - point: whose vector was searched for.
    ///   - limit: how many were asked for.
    ///   - all: all points there are.
    /// - Returns: a sentence; `nil` where nothing is.
    static func fault(in hits: [JSON], of point: Int, limit: Int, among all: [Int]) -> String? {
        let nearest = all.map { (id: $0, distance: distance(point, $0)) }.sorted {
            ($0.distance, $0.id) < ($1.distance, $1.id)
        }
        let expected = nearest.prefix(limit).map(\.id)
        let found = hits.compactMap { $0["id"]?.integer }
        guard found != expected else { return nil }
        return "a search for point \(point), with all quiet, found \(found), the nearest are \(expected)"
    }
}

extension JSON {
    /// A number, whole or not.
    var real: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }
}
