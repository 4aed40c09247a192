internal import Akin
internal import AkinStore

/// What the neighbours of a picture say about it.
struct LabelVote {
    /// A label and how many neighbours have it.
    struct Entry: Equatable {
        var label: JSON
        var count: Int
    }

    /// Labels that got a vote, the winner first.
    private(set) var ranked: [Entry] = []

    /// Lets neighbours vote with the value of a member of their payloads; those without one, or with an array or an
    /// object
    /// there, do not vote.
    init(_ hits: [SearchAnswer.Hit], member: FieldPath, metric: Metric, vote: NeighborVote) throws {
        var labels: [JSON] = []
        var numbers: [JSON: Int] = [:]
        var classes: [Int] = []
        var row: [Neighbor] = []
        for hit in hits {
            guard let label = hit.point.payload?.value(at: member), label.isPlain else { continue }
            let number = numbers[label] ?? labels.count
            if number == labels.count {
                labels.append(label)
                numbers[label] = number
            }
            row.append(Neighbor(id: Int64(classes.count), score: hit.score))
            classes.append(number)
        }
        guard !row.isEmpty else { return }
        let classifier = try KNNClassifier(classes: classes, classCount: labels.count, metric: metric)
        let predictions = try classifier.predict(Neighbors([row]), k: [row.count], vote: vote, top: labels.count)
        ranked = predictions[0][0].map { number in
            Entry(label: labels[number], count: classes.count { $0 == number })
        }
    }
}

extension Payload {
    /// The value at a path of names; `nil` where it is missing.
    func value(at path: FieldPath) -> JSON? {
        if let value = self[path.description] { return value }
        var value = JSON.object(self)
        for name in path.description.split(separator: ".") {
            guard let inner = value[String(name)] else { return nil }
            value = inner
        }
        return value
    }
}

extension JSON {
    /// Whether it is a string, a number or a truth value.
    var isPlain: Bool {
        switch self {
        case .bool, .integer, .number, .string: true
        case .null, .array, .object: false
        }
    }
}
