internal import Akin

/// What a reader needs in order to get the same figures again: settings, and what each term means.
enum ReportDefinitions {
    /// The settings by name.
    static func facts(of report: ClassificationReport) -> [(name: String, value: String)] {
        let settings = report.settings
        var facts: [(name: String, value: String)] = []
        if let space = settings.space {
            facts.append(("Embedding space", space.name))
            facts.append(("Space id", space.id))
        } else {
            facts.append(("Embedding space", "unknown"))
        }
        facts.append(("Dimension", "\(settings.dimension)"))
        facts.append(("Metric", ReportFormat.score(settings.metric)))
        facts.append(("Index", settings.index))
        facts.append(("k", settings.k.map(String.init).joined(separator: ", ")))
        facts.append(("Votes", settings.votes.map(ReportFormat.vote).joined(separator: ", ")))
        facts.append(("Search threads", settings.threads.map(String.init) ?? "one per core"))
        facts.append(("Seed of the samples", "\(settings.seed)"))
        if let machine = report.machine {
            let simd = machine.simd.map { ", \($0)" } ?? ""
            facts.append(("Processor", "\(machine.cpu), \(machine.cores) cores\(simd)"))
            facts.append(("Memory", ReportFormat.bytes(machine.memory)))
            facts.append(("System", machine.system))
        }
        facts.append(("Akin", settings.akinVersion))
        return facts
    }

    /// How many images could not be read, as a sentence.
    static func skipped(_ report: ClassificationReport) -> String {
        report.skipped.count == 1
            ? "1 image could not be read and takes no part in any figure."
            : "\(ReportFormat.count(report.skipped.count)) images could not be read and take no part in any figure."
    }

    /// What the figures mean, in words.
    static func terms(of report: ClassificationReport) -> [(name: String, value: String)] {
        let similarity =
            switch report.settings.metric {
            case .cosine: "s is the cosine"
            case .innerProduct: "s is the inner product"
            case .l2: "s is 1 - d / 2 for a squared distance d, which is the cosine where vectors have length one"
            }
        return [
            (
                "majority",
                "Each of the k nearest neighbours counts one. Equal sums: the class whose nearest member is nearer."
            ),
            (
                "softmax",
                "A neighbour of similarity s counts exp(s / T); \(similarity). Equal sums as for majority."
            ),
            ("top-1", "Share of queries whose class of largest sum is the true one."),
            (
                "top-5",
                "Share of queries whose true class is among the five of largest sum. Only classes of the k neighbours are "
                    + "ranked, so fewer than five neighbours make it a top-k."
            ),
            (
                "leave-one-out",
                "Training vectors as queries, each left out of its own answer."
            ),
            (
                "itself included",
                "Training vectors as queries, each among its own neighbours: with k = 1 all are right but for duplicates."
            ),
            ("precision", "Share of the queries given a class that are of it."),
            ("recall", "Share of a class's queries that were given it."),
            ("F1", "Harmonic mean of precision and recall."),
            (
                "suspect label",
                "Among the k nearest other training images one other class has more members than the image's own "
                    + "(the points that Wilson's editing of 1972 removes)."
            ),
            (
                "deviation",
                "Of the mean length to the k nearest, from the median of the class, in units of the median deviation / 0.6745."
            ),
            ("embedding time", "From the first byte read to the last vector, loading the model excepted."),
            ("search time", "The search alone; voting is told apart."),
        ]
    }
}
