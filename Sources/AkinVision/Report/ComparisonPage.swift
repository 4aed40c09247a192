internal import Akin

/// A comparison as one HTML page that needs nothing beside itself.
struct ComparisonPage {
    let report: ComparisonReport

    /// The whole document.
    var document: HTML {
        let tables = ComparisonTables(report: report)
        let settings = report.settings
        let facts = tables.facts.map { fact -> HTML in "<dt>\(fact.name)</dt><dd><bdi>\(fact.value)</bdi></dd>" }
        let terms = tables.terms.map { fact -> HTML in "<dt>\(fact.name)</dt><dd>\(fact.value)</dd>" }
        let subtitle: HTML = """
            \(ReportFormat.count(settings.count)) vectors of \(settings.dimension) components · \
            \(ReportFormat.score(settings.metric)) · \(ReportFormat.count(settings.queries)) queries · k = \
            \(report.comparison.k)
            """
        return ReportShell.page(
            title: report.title, subtitle: subtitle,
            body: """
                <section aria-labelledby="plot"><h2 id="plot">Recall and speed</h2>
                <p>Up and to the right is better. Each point is a setting that no other of the same index beats; the dotted \
                line is exact search, and what lies below it is slower than comparing everything.</p>
                \(ReportShell.scroller("Recall against queries per second", ComparisonPlot(report: report).drawing))
                </section>
                <section aria-labelledby="summary"><h2 id="summary">Indexes</h2>
                \(ReportShell.scroller("Indexes", table(tables.summaryHead, tables.summary)))
                </section>
                <section aria-labelledby="settings"><h2 id="settings">Settings</h2>
                \(ReportShell.scroller("Settings", style: "tall", table(tables.settingHead, tables.settings)))
                </section>
                <section aria-labelledby="how"><h2 id="how">How it was measured</h2>
                <dl class="facts">\(facts.joined())</dl><h3>Definitions</h3><dl class="facts">\(terms.joined())</dl>
                </section>
                """,
            footer: "Made by Akin \(settings.akinVersion).", style: "\n.plot { max-width: 100%; height: auto; }\n")
    }

    private func table(_ head: [String], _ rows: [[String]]) -> HTML {
        func isText(_ column: Int) -> Bool { ["index", "setting"].contains(head[column]) }
        let names = head.enumerated().map { column, name -> HTML in
            "<th scope=\"col\"\(isText(column) ? "" : " class=\"number\"" as HTML)>\(name)</th>"
        }
        let body = rows.map { row -> HTML in
            let cells = row.enumerated().map { column, cell -> HTML in
                if column == 0 { return "<th scope=\"row\"><bdi>\(cell)</bdi></th>" }
                return isText(column) ? "<td>\(cell)</td>" : "<td class=\"number\">\(cell)</td>"
            }
            return "<tr>\(cells.joined())</tr>\n"
        }
        return "<table><thead><tr>\(names.joined())</tr></thead><tbody>\n\(body.joined())</tbody></table>"
    }
}
