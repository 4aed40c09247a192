internal import Foundation

/// How the neighbours of a query decide on its class.
///
/// Both rules give each neighbour a weight and rank the classes by the sum of their neighbours' weights.
/// Where two classes have the same sum, the one whose nearest member is nearer comes first; members at the
/// same distance keep the order of the row, which is by smaller id.
public enum NeighborVote: Sendable, Hashable {
    /// Every neighbour counts one: the mode of the neighbours' classes.
    case majority
    /// A neighbour of similarity s counts exp(s / temperature), as in [Wu et al. 2018].
    ///
    /// The similarity is the score itself for cosine and inner product. For squared Euclidean distance d it is
    /// 1 - d / 2, which equals the cosine when both vectors have length one; for other vectors the weights are those
    /// of a Gaussian kernel whose variance is the temperature. A small temperature lets the nearest decide alone,
    /// a large one approaches ``majority``.
    ///
    /// [Wu et al. 2018]: https://doi.org/10.1109/CVPR.2018.00393
    case softmax(temperature: Double)

    /// The similarity-weighted vote with the usual temperature, 0.07.
    public static let softmax = NeighborVote.softmax(temperature: 0.07)

    /// "majority" or "softmax".
    public var name: String {
        switch self {
        case .majority: "majority"
        case .softmax: "softmax"
        }
    }

    /// The temperature of ``softmax(temperature:)``; `nil` for ``majority``.
    public var temperature: Double? {
        switch self {
        case .majority: nil
        case .softmax(let temperature): temperature
        }
    }

    /// The weight of a neighbour, as a share of the nearest neighbour's weight.
    ///
    /// Dividing all weights of a row by the largest changes no ranking and keeps exp from overflowing.
    func weight(of score: Float, nearest: Float, metric: Metric) -> Double {
        guard case .softmax(let temperature) = self, score != nearest else { return 1 }
        let difference = Double(score) - Double(nearest)
        return exp((metric.isSimilarity ? difference : -difference / 2) / temperature)
    }

    func check() throws(ClassificationError) {
        if let temperature, !(temperature > 0 && temperature.isFinite) {
            throw .notPositive(name: "temperature", value: temperature)
        }
    }
}

extension NeighborVote: Codable {
    private enum CodingKeys: String, CodingKey {
        case rule, temperature
    }

    /// Reads `{"rule": "majority"}` or `{"rule": "softmax", "temperature": 0.07}`.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        switch try container.decode(String.self, forKey: .rule) {
        case "majority": self = .majority
        case "softmax": self = .softmax(temperature: try container.decode(Double.self, forKey: .temperature))
        case let other:
            throw DecodingError.dataCorruptedError(
                forKey: .rule, in: container, debugDescription: "expected majority or softmax, got \(other)")
        }
    }

    /// Writes the form that ``init(from:)`` reads.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .rule)
        try container.encodeIfPresent(temperature, forKey: .temperature)
    }
}
