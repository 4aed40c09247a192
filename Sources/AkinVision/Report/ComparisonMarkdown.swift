/// A comparison as Markdown tables.
struct ComparisonMarkdown {
    let report: ComparisonReport

    /// The whole document.
    var text: String {
        let tables = ComparisonTables(report: report)
        let facts = tables.facts.map { "- \($0.name): \(ReportMarkdown.escape($0.value))" }.joined(separator: "\n")
        let terms = tables.terms.map { "- **\($0.name)**: \($0.value)" }.joined(separator: "\n")
        return [
            "# \(ReportMarkdown.escape(report.title))", "![recall against queries per second](compare.svg)",
            Self.table(tables.summaryHead, tables.summary), "## Settings",
            Self.table(tables.settingHead, tables.settings), "## How it was measured", facts, terms,
        ].joined(separator: "\n\n") + "\n"
    }

    /// A table whose cells are plain text; all but the first column, and settings, are numbers.
    private static func table(_ head: [String], _ rows: [[String]]) -> String {
        let rule = head.map { ["index", "setting"].contains($0) ? "---" : "---:" }
        // Specs and settings are code, so that nothing in them is taken for markup.
        let cells = rows.map { row in
            zip(head, row).map { name, cell in
                ["index", "setting"].contains(name) && cell != "–" ? "`\(cell)`" : cell
            }
        }
        return ([head, rule] + cells).map { "| " + $0.joined(separator: " | ") + " |" }.joined(separator: "\n")
    }
}
