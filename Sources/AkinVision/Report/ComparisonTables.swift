internal import Akin

/// The cells of the tables of a comparison, as text, for Markdown and HTML alike.
struct ComparisonTables {
    let report: ComparisonReport

    private var hasAccuracy: Bool { report.comparison.exactAccuracy != nil }

    /// One row for each index.
    var summaryHead: [String] {
        ["index", "build", "memory", "file"] + ComparisonReport.goals.map { "queries/s at \(RecallAxis.text($0))" }
            + ["best recall"] + (hasAccuracy ? ["accuracy there"] : [])
    }

    var summary: [[String]] {
        report.comparison.entries.map { entry in
            let best = entry.points.filter(\.isBest).max { $0.recall < $1.recall }
            let speeds = ComparisonReport.goals.map { goal in
                entry.fastest(reaching: goal).map { speed($0.queriesPerSecond) } ?? "–"
            }
            var row = [
                entry.name, ReportFormat.seconds(entry.trainSeconds + entry.addSeconds),
                ReportFormat.bytes(UInt64(max(entry.bytes, 0))),
                entry.fileBytes > 0 ? ReportFormat.bytes(UInt64(entry.fileBytes)) : "–",
            ]
            row += speeds
            row.append(best.map { ReportFormat.fixed($0.recall, digits: 4) } ?? "–")
            if hasAccuracy { row.append(best.map(accuracy) ?? "–") }
            return row
        }
    }

    /// One row for each setting that no other of the same index beats, from thorough to fast.
    var settingHead: [String] {
        ["index", "setting", "recall", "queries/s", "compared"] + (hasAccuracy ? ["accuracy"] : [])
    }

    var settings: [[String]] {
        report.comparison.entries.flatMap { entry in
            entry.points.filter(\.isBest).sorted { $0.recall > $1.recall }.map { point in
                [
                    entry.name, point.setting.isEmpty ? "–" : point.setting,
                    ReportFormat.fixed(point.recall, digits: 4), speed(point.queriesPerSecond),
                    ReportFormat.percent(point.visited / Double(max(report.settings.count, 1))),
                ] + (hasAccuracy ? [accuracy(point)] : [])
            }
        }
    }

    /// "12,345 (8.1 x)": beside exact search, where that was measured.
    private func speed(_ value: Double) -> String {
        guard let exact = report.exactSpeed, exact > 0 else { return ReportFormat.significant(value) }
        return "\(ReportFormat.significant(value)) (\(ReportFormat.significant(value / exact)) ×)"
    }

    /// "72.10 % (-2.30)": beside the accuracy of the true neighbours, in points.
    private func accuracy(_ point: IndexComparison.Point) -> String {
        guard let value = point.accuracy, let exact = report.comparison.exactAccuracy else { return "–" }
        let difference = 100 * (value - exact)
        let sign = difference < -0.005 ? "−" : difference > 0.005 ? "+" : "±"
        return "\(ReportFormat.percent(value)) (\(sign)\(ReportFormat.fixed(abs(difference), digits: 2)))"
    }

    // MARK: Words

    /// What was compared, by name.
    var facts: [(name: String, value: String)] {
        let settings = report.settings
        var facts = [
            ("Vectors", "\(ReportFormat.count(settings.count)) of \(settings.dimension) components"),
            ("Metric", ReportFormat.score(settings.metric)),
            (
                "Queries",
                ReportFormat.count(settings.queries) + (settings.areHeldOut ? ", taken out of the vectors" : "")
                    + (settings.batch == 0 ? ", all in one call" : ", \(settings.batch) a call")
            ),
            ("k", "\(report.comparison.k)"),
            ("Search threads", settings.threads.map(String.init) ?? "one per core"),
            ("Build threads", settings.buildThreads.map(String.init) ?? "one per core"),
            ("Passes", "\(settings.repeats), in turn over all indexes; the median counts"),
        ]
        if let space = settings.space { facts.append(("Embedding space", space.name)) }
        if let vote = settings.vote { facts.append(("Vote", ReportFormat.vote(vote))) }
        if let exact = report.comparison.exactAccuracy {
            facts.append(("Accuracy of exact search", ReportFormat.percent(exact)))
        }
        if let machine = report.machine {
            let simd = machine.simd.map { ", \($0)" } ?? ""
            facts.append(("Processor", "\(machine.cpu), \(machine.cores) cores\(simd)"))
        }
        facts.append(("Akin", settings.akinVersion))
        return facts
    }

    /// What the columns mean.
    var terms: [(name: String, value: String)] {
        var terms = [
            (
                "recall",
                "Share of the \(report.comparison.k) true nearest that were found; answers as near as the last of them count."
            ),
            (
                "queries/s at 0.9",
                "The fastest setting that reaches this recall; a dash where none does. In brackets, times the speed of exact search."
            ),
            ("compared", "Stored vectors compared with a query, as a share of all."),
            ("memory", "What a search needs resident, vectors for refinement included."),
        ]
        if hasAccuracy {
            terms.append(
                (
                    "accuracy",
                    "Share of queries that the vote of their neighbours gives the right class; in brackets, points beside the vote of the true neighbours."
                ))
        }
        return terms
    }
}
