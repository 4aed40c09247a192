extension ComparisonReport {
    /// Writes `index.html`, `compare.md`, `compare.svg` and `compare.jsonl` into a folder, which is made where it is
    /// missing.
    ///
    /// Each file appears complete or not at all; those of these names are replaced. Page and drawing load nothing.
    ///
    /// - Parameter directory: the folder.
    /// - Throws: `FileError` for a folder that cannot be made or written.
    public func write(to directory: String) throws {
        let lines = try lines().map { $0 + "\n" }.joined()
        let folder = try ReportFolder(directory)
        try folder.write(lines, to: "compare.jsonl")
        try folder.write(markdown(), to: "compare.md")
        try folder.write(drawing(), to: "compare.svg")
        try folder.write(html(), to: "index.html")
    }

    /// The tables as Markdown.
    public func markdown() -> String { ComparisonMarkdown(report: self).text }

    /// Recall against queries per second, as an SVG file for light and dark pages.
    public func drawing() -> String { ComparisonPlot(report: self).document.text }

    /// The report as one HTML page that loads nothing.
    public func html() -> String { ComparisonPage(report: self).document.text }
}
