internal import Akin

/// The report as Markdown tables, for terminals, pull requests and notes.
struct ReportMarkdown {
    let report: ClassificationReport

    /// The whole document.
    var text: String {
        var parts = ["# \(Self.escape(report.title))", facts, embedding, searching, accuracy]
        if let detail = report.details.last {
            if !detail.mostConfused.isEmpty { parts.append(pairs(detail)) }
            parts.append(classes(detail))
        }
        if let review = report.review { parts += [suspects(review), outliers(review)] }
        if !report.skipped.isEmpty { parts.append(skipped) }
        parts.append(definitions)
        return parts.joined(separator: "\n\n") + "\n"
    }

    /// Makes text from outside into plain text of a table's cell: no markup, no links, no line breaks.
    static func escape(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\", "`", "*", "_", "{", "}", "[", "]", "(", ")", "#", "+", "!", "|", "~":
                result += "\\"
                result.unicodeScalars.append(scalar)
            // Entities, so that neither HTML nor bare addresses come to life.
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case ":": result += "&#58;"
            case "@": result += "&#64;"
            case "\t", "\n": result += " "
            default: result.unicodeScalars.append(HTML.isHarmful(scalar) ? "\u{FFFD}" : scalar)
            }
        }
        return result
    }

    /// A table whose cells are Markdown already.
    private func table(_ head: [String], numbers: Set<Int> = [], _ rows: [[String]]) -> String {
        let rule = head.indices.map { numbers.contains($0) ? "---:" : "---" }
        return ([head, rule] + rows).map { "| " + $0.joined(separator: " | ") + " |" }.joined(separator: "\n")
    }

    private func name(_ label: Int) -> String {
        report.classes.indices.contains(label) ? Self.escape(report.classes[label]) : "class \(label)"
    }

    private var facts: String {
        table(["setting", "value"], ReportDefinitions.facts(of: report).map { [$0.name, Self.escape($0.value)] })
    }

    private var embedding: String {
        let title = "## Time to embed\n\n"
        guard !report.embedding.isEmpty else {
            return title + "The vectors were read from files; nothing was embedded in this run."
        }
        return title
            + table(
                ["set", "images", "time", "images/s", "model", "device", "threads"], numbers: [1, 2, 3, 6],
                report.embedding.map {
                    [
                        ReportFormat.name($0.part), ReportFormat.count($0.images), ReportFormat.seconds($0.seconds),
                        ReportFormat.significant($0.rate), Self.escape($0.model), Self.escape($0.device),
                        "\($0.threads)",
                    ]
                })
    }

    private var searching: String {
        let build = report.build
        let rate = ReportFormat.rate(build.count, in: build.seconds, "vectors")
        let first = [
            "build \(Self.escape(build.index))", "\(ReportFormat.count(build.count)) vectors", "–",
            ReportFormat.seconds(build.seconds), rate, "\(ReportFormat.bytes(UInt64(max(build.bytes, 0)))) resident",
        ]
        let rows = report.searches.map {
            [
                "search, \(ReportFormat.name($0.part)) set", "\(ReportFormat.count($0.queries)) queries", "\($0.k)",
                ReportFormat.seconds($0.seconds), "\(ReportFormat.significant($0.rate)) queries/s",
                "\($0.isExact ? "exact" : "approximate"); votes took \(ReportFormat.seconds($0.voteSeconds))",
            ]
        }
        return "## Time to build and to search\n\n"
            + table(["phase", "work", "neighbours", "time", "rate", "notes"], numbers: [1, 2, 3, 4], [first] + rows)
    }

    private var accuracy: String {
        let rows = report.accuracies.map {
            [
                ReportFormat.set($0.part, $0.scoring), ReportFormat.count($0.queries), ReportFormat.vote($0.vote),
                "\($0.k)", ReportFormat.percent($0.top1), ReportFormat.percent($0.top5), ReportFormat.count($0.unseen),
            ]
        }
        return "## Accuracy\n\n"
            + table(["set", "queries", "vote", "k", "top-1", "top-5", "unseen"], numbers: [1, 3, 4, 5, 6], rows)
            + "\n\n\"Unseen\" counts queries of a class that no vector they could find has; they count as wrong."
    }

    private func pairs(_ detail: ClassificationReport.Detail) -> String {
        let rows = detail.mostConfused.map {
            [name($0.first), name($0.second), "\($0.total)", "\($0.firstAsSecond)", "\($0.secondAsFirst)"]
        }
        return "## Most confused pairs\n\n\(subject(detail))\n\n"
            + table(
                ["class A", "class B", "mistakes", "A taken for B", "B taken for A"], numbers: [2, 3, 4], rows)
    }

    private func classes(_ detail: ClassificationReport.Detail) -> String {
        let rows = detail.scores.classes.enumerated().map { label, score in
            [
                name(label), ReportFormat.count(score.training), ReportFormat.count(score.support),
                ReportFormat.shortPercent(score.precision), ReportFormat.shortPercent(score.recall),
                ReportFormat.shortPercent(score.f1),
            ]
        }
        let macro = detail.scores.macro
        let mean = [
            "**mean over classes**", "", "", ReportFormat.shortPercent(macro.precision),
            ReportFormat.shortPercent(macro.recall), ReportFormat.shortPercent(macro.f1),
        ]
        return "## Classes\n\n\(subject(detail))\n\n"
            + table(
                ["class", "training", "queries", "precision", "recall", "F1"], numbers: [1, 2, 3, 4, 5], rows + [mean])
    }

    private func suspects(_ review: ClassificationReport.Review) -> String {
        let rows = review.suspects.map { suspect in
            let sample = suspect.sample
            return [
                Self.escape(sample.path), name(sample.truth), name(sample.predicted),
                "\(sample.votersForTruth)", "\(sample.votersForPredicted)", "\(sample.voters)",
            ]
        }
        let count = ReportFormat.count(review.suspectCount)
        let text =
            "## Labels to look at\n\nTraining images with more neighbours of one other class than of their own: \(count)."
        guard !rows.isEmpty else { return text }
        return text + "\n\n"
            + table(
                ["image", "label", "looks like", "neighbours of its label", "of the other", "in all"],
                numbers: [3, 4, 5], rows)
    }

    private func outliers(_ review: ClassificationReport.Review) -> String {
        let rows = review.outliers.map { outlier in
            [
                Self.escape(outlier.sample.path), name(outlier.sample.truth),
                ReportFormat.fixed(outlier.deviation, digits: 1), ReportFormat.score(outlier.meanScore),
            ]
        }
        let text =
            "## Outliers\n\nTraining images unusually far from their \(review.k) nearest neighbours, for their class: "
            + "\(ReportFormat.count(review.outlierCount))."
        guard !rows.isEmpty else { return text }
        return text + "\n\n"
            + table(
                ["image", "class", "deviations", "mean \(ReportFormat.score(report.settings.metric))"],
                numbers: [2, 3], rows)
    }

    private func subject(_ detail: ClassificationReport.Detail) -> String {
        "The \(ReportFormat.set(detail.part, detail.scoring)) set, \(ReportFormat.vote(detail.vote)), k = \(detail.k)."
    }

    private var skipped: String {
        let shown = report.skipped.prefix(50)
        let rest = report.skipped.count - shown.count
        return "## Skipped images\n\n"
            + ReportDefinitions.skipped(report) + "\n\n"
            + table(
                ["set", "image", "reason"],
                shown.map { [ReportFormat.name($0.part), Self.escape($0.path), Self.escape($0.reason)] })
            + (rest > 0 ? "\n\n\(ReportFormat.count(rest)) more are listed in report.json." : "")
    }

    private var definitions: String {
        "## Definitions\n\n"
            + ReportDefinitions.terms(of: report).map { "- **\($0.name)**: \($0.value)" }.joined(separator: "\n")
    }
}
