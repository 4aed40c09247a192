internal import Akin

extension ReportPage {
    var embeddingTable: HTML {
        guard !report.embedding.isEmpty else {
            return "<p>The vectors were read from files; nothing was embedded in this run.</p>"
        }
        let rows = report.embedding.map { phase -> HTML in
            """
            <tr><th scope="row">\(ReportFormat.name(phase.part))</th>
            <td class="number">\(ReportFormat.count(phase.images))</td>
            <td class="number">\(ReportFormat.seconds(phase.seconds))</td>
            <td class="number">\(ReportFormat.significant(phase.rate))</td>
            <td><bdi>\(phase.model)</bdi></td><td>\(phase.device)</td><td class="number">\(phase.threads)</td></tr>

            """
        }
        return scroller(
            "Time to embed",
            """
            <table><thead><tr><th scope="col">set</th><th scope="col" class="number">images</th>
            <th scope="col" class="number">time</th><th scope="col" class="number">images/s</th>
            <th scope="col">model</th><th scope="col">device</th><th scope="col" class="number">threads</th></tr></thead>
            <tbody>\(rows.joined())</tbody></table>
            """)
    }

    var searchTables: HTML {
        let build = report.build
        let rows = report.searches.map { search -> HTML in
            """
            <tr><th scope="row">search, \(ReportFormat.name(search.part)) set</th>
            <td class="number">\(ReportFormat.count(search.queries)) queries</td>
            <td class="number">\(search.k)</td>
            <td class="number">\(ReportFormat.seconds(search.seconds))</td>
            <td class="number">\(ReportFormat.significant(search.rate)) queries/s</td>
            <td>\(search.isExact ? "exact" : "approximate"); votes took \(ReportFormat.seconds(search.voteSeconds))</td></tr>

            """
        }
        let bytes = ReportFormat.bytes(UInt64(max(build.bytes, 0)))
        let rate = ReportFormat.rate(build.count, in: build.seconds, "vectors")
        return scroller(
            "Time to build and to search",
            """
            <table><thead><tr><th scope="col">phase</th><th scope="col" class="number">work</th>
            <th scope="col" class="number">neighbours</th><th scope="col" class="number">time</th>
            <th scope="col" class="number">rate</th><th scope="col">notes</th></tr></thead>
            <tbody><tr><th scope="row">build \(build.index)</th>
            <td class="number">\(ReportFormat.count(build.count)) vectors</td><td class="number">–</td>
            <td class="number">\(ReportFormat.seconds(build.seconds))</td><td class="number">\(rate)</td>
            <td>\(bytes) resident</td></tr>
            \(rows.joined())</tbody></table>
            """)
    }

    var accuracyTable: HTML {
        var groups: [(part: ClassificationReport.Part, scoring: ClassificationReport.Scoring)] = []
        for row in report.accuracies where !groups.contains(where: { $0.part == row.part && $0.scoring == row.scoring })
        {
            groups.append((row.part, row.scoring))
        }
        let ks = report.settings.k
        var body = HTML()
        for group in groups {
            let rows = report.accuracies.filter { $0.part == group.part && $0.scoring == group.scoring }
            let best = rows.map(\.top1).max() ?? 0
            for vote in report.settings.votes {
                let cells = ks.map { k -> HTML in
                    guard let row = rows.first(where: { $0.vote == vote && $0.k == k }) else {
                        return "<td></td><td></td>"
                    }
                    let style = row.top1 == best ? "number k best" : "number k"
                    return """
                        <td class="\(style)">\(ReportFormat.percent(row.top1))</td>\
                        <td class="number">\(ReportFormat.percent(row.top5))</td>
                        """
                }
                body += """
                    <tr><th scope="row">\(ReportFormat.set(group.part, group.scoring))</th>
                    <td class="number">\(ReportFormat.count(rows.first?.queries ?? 0))</td>
                    <td>\(ReportFormat.vote(vote))</td>\(cells.joined())</tr>

                    """
            }
        }
        let upper = ks.map { k -> HTML in "<th scope=\"colgroup\" colspan=\"2\" class=\"k\">k = \(k)</th>" }
        let lower = ks.map { _ -> HTML in
            "<th scope=\"col\" class=\"number k\">top-1</th><th scope=\"col\" class=\"number\">top-5</th>"
        }
        return """
            <p>The share of queries whose best class is the true one (top-1) or is among the best five (top-5). The highest \
            top-1 of each set is set in bold.\(unseenNote)</p>
            \(scroller("Accuracy", """
            <table><thead><tr><th scope="col" rowspan="2">set</th><th scope="col" rowspan="2" class="number">queries</th>
            <th scope="col" rowspan="2">vote</th>\(upper.joined())</tr><tr>\(lower.joined())</tr></thead>
            <tbody>\(body)</tbody></table>
            """))
            """
    }

    private var unseenNote: HTML {
        var notes = HTML()
        for row in report.accuracies where row.unseen > 0 && row.vote == report.settings.votes.first {
            guard row.k == report.settings.k.first else { continue }
            notes += """
                 \(ReportFormat.count(row.unseen)) queries (\(ReportFormat.set(row.part, row.scoring))) are of a class that \
                no vector they could find has; they count as wrong.
                """
        }
        return notes
    }

    func pairsTable(_ detail: ClassificationReport.Detail) -> HTML {
        let rows = detail.mostConfused.map { pair -> HTML in
            """
            <tr><th scope="row">\(name(pair.first))</th><th scope="row">\(name(pair.second))</th>
            <td class="number">\(pair.total)</td>
            <td class="number">\(pair.firstAsSecond) of \(support(detail, pair.first))</td>
            <td class="number">\(pair.secondAsFirst) of \(support(detail, pair.second))</td></tr>

            """
        }
        return """
            <p>Two classes that were taken for each other, most mistakes in both directions first.</p>
            \(scroller("Most confused pairs", style: rows.count > 25 ? "tall" : "", """
            <table><thead><tr><th scope="col">class A</th><th scope="col">class B</th>
            <th scope="col" class="number">mistakes</th><th scope="col" class="number">A taken for B</th>
            <th scope="col" class="number">B taken for A</th></tr></thead><tbody>\(rows.joined())</tbody></table>
            """))
            """
    }

    private func support(_ detail: ClassificationReport.Detail, _ label: Int) -> Int {
        detail.scores.classes.indices.contains(label) ? detail.scores.classes[label].support : 0
    }

    func classTable(_ detail: ClassificationReport.Detail) -> HTML {
        let order = detail.scores.classes.enumerated().sorted { a, b in
            let x = a.element.f1 ?? 2, y = b.element.f1 ?? 2
            return x != y ? x < y : a.offset < b.offset
        }
        let rows = order.map { label, score -> HTML in
            let recall = Int(((score.recall ?? 0) * 100).rounded())
            return """
                <tr><th scope="row">\(name(label))</th><td class="number">\(ReportFormat.count(score.training))</td>
                <td class="number">\(ReportFormat.count(score.support))</td>
                <td class="number">\(ReportFormat.shortPercent(score.precision))</td>
                <td class="number">\(ReportFormat.shortPercent(score.recall))<span class="bar" aria-hidden="true">\
                <i style="width:\(recall)%"></i></span></td>
                <td class="number">\(ReportFormat.shortPercent(score.f1))</td></tr>

                """
        }
        let macro = detail.scores.macro
        return """
            <p>The \(ReportFormat.set(detail.part, detail.scoring)) set by class, lowest F1 first. Means over classes: \
            precision \(ReportFormat.shortPercent(macro.precision)), recall \(ReportFormat.shortPercent(macro.recall)), \
            F1 \(ReportFormat.shortPercent(macro.f1)).</p>
            \(scroller("Scores by class", style: rows.count > 25 ? "tall" : "", """
            <table><thead><tr><th scope="col">class</th><th scope="col" class="number">training</th>
            <th scope="col" class="number">queries</th><th scope="col" class="number">precision</th>
            <th scope="col" class="number">recall</th><th scope="col" class="number">F1</th></tr></thead>
            <tbody>\(rows.joined())</tbody></table>
            """))
            """
    }

    var skippedTable: HTML {
        let shown = report.skipped.prefix(200)
        let rows = shown.map { image -> HTML in
            """
            <tr><td>\(ReportFormat.name(image.part))</td><td><bdi>\(image.path)</bdi></td>
            <td><bdi>\(image.reason)</bdi></td></tr>

            """
        }
        let rest: HTML =
            shown.count < report.skipped.count
            ? "<p>\(ReportFormat.count(report.skipped.count - shown.count)) more are listed in report.json.</p>" : ""
        return """
            <p>\(ReportDefinitions.skipped(report))</p>
            \(scroller("Skipped images", style: rows.count > 25 ? "tall" : "", """
            <table><thead><tr><th scope="col">set</th><th scope="col">image</th><th scope="col">reason</th></tr></thead>
            <tbody>\(rows.joined())</tbody></table>
            """))
            \(rest)
            """
    }

    var settings: HTML {
        let facts = ReportDefinitions.facts(of: report).map { fact -> HTML in
            "<dt>\(fact.name)</dt><dd><bdi>\(fact.value)</bdi></dd>"
        }
        let terms = ReportDefinitions.terms(of: report).map { fact -> HTML in
            "<dt>\(fact.name)</dt><dd>\(fact.value)</dd>"
        }
        return
            "<dl class=\"facts\">\(facts.joined())</dl><h3>Definitions</h3><dl class=\"facts\">\(terms.joined())</dl>"
    }
}
