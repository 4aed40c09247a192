internal import Akin

extension ReportPage {
    /// Classes that the labelled map shows at most; of more, those with most mistakes.
    private static let mostLabelled = 200

    /// The confusion matrix as a map, labelled, and beside it a small one of the whole where there are many classes.
    func confusion(_ detail: ClassificationReport.Detail) -> HTML {
        let scores = detail.scores
        let present = scores.classes.indices.filter { scores.classes[$0].support + scores.classes[$0].predicted > 0 }
        let shown = present.count <= Self.mostLabelled ? present : mostMistaken(scores, among: present, limit: 100)
        var html: HTML = """
            <p>Rows are true classes, columns what they were taken for, by \(ReportFormat.vote(detail.vote)) with \
            k = \(detail.k) on the \(ReportFormat.set(detail.part, detail.scoring)) set. The diagonal is right, all else \
            is wrong; the stronger the colour, the larger the share of the true class.\(choiceNote)</p>
            \(legend)
            """
        if present.count > 60 {
            let map = ConfusionMap(scores: scores, shown: present, cell: 1)
            let side = String(present.count)
            html += """
                <h3>All \(ReportFormat.count(present.count)) classes at a glance</h3>
                <svg class="overview" viewBox="0 0 \(side) \(side)" role="img" \
                aria-label="Confusion of all classes; the labelled map follows">\(map.merged)</svg>
                <h3>\(shown.count < present.count ? "The \(shown.count) classes with most mistakes" : "By class")</h3>
                """
        }
        html += labelledMap(scores, shown: shown)
        return html
    }

    private var choiceNote: HTML {
        guard report.accuracies.contains(where: { $0.scoring == .leaveOneOut }), report.accuracies.count > 2 else {
            return ""
        }
        return " Unless they were chosen, vote and k are those that did best on the training set, leaving one out."
    }

    private func mostMistaken(_ scores: ClassificationScores, among classes: [Int], limit: Int) -> [Int] {
        func mistakes(_ label: Int) -> Int {
            scores.classes[label].support + scores.classes[label].predicted - 2 * scores.classes[label].correct
        }
        return classes.sorted { (mistakes($0), $1) > (mistakes($1), $0) }.prefix(limit).sorted()
    }

    private var legend: HTML {
        func scale(_ style: String) -> HTML {
            let swatches = (1...8).map { level -> HTML in
                let share = Int((Double(level * level) / 64 * 100).rounded())
                return """
                    <rect x="\(level * 18 - 18)" width="18" height="12" class="\(style) l\(level)">\
                    <title>up to \(share) %</title></rect>
                    """
            }
            return "<svg width=\"144\" height=\"12\" aria-hidden=\"true\">\(swatches.joined())</svg>"
        }
        return """
            <div class="legend"><span>right \(scale("r"))</span><span>wrong \(scale("w"))</span>
            <span>share of the true class, by square root: up to 2, 6, 14, 25, 39, 56, 77, 100 %</span></div>
            """
    }

    private func labelledMap(_ scores: ClassificationScores, shown: [Int]) -> HTML {
        let (cell, font) =
            switch shown.count {
            case ...12: (44, 13)
            case ...25: (32, 13)
            case ...60: (20, 12)
            default: (13, 11)
            }
        let map = ConfusionMap(scores: scores, shown: shown, cell: cell)
        let labels = shown.map { shortened(plainName($0)) }
        // Room for the longest name: names of wide letters are cut a little earlier than others by the viewer's font.
        let room = (labels.map(\.count).max() ?? 1) * font * 62 / 100 + 14
        let span = shown.count * cell
        var rows = HTML(), columns = HTML()
        for (place, label) in labels.enumerated() {
            let middle = place * cell + cell / 2
            let full: HTML = "<title>\(plainName(shown[place]))</title>"
            rows +=
                "<text x=\"\(room - 7)\" y=\"\(middle)\" text-anchor=\"end\" dominant-baseline=\"central\">\(label)\(full)</text>"
            columns += """
                <text transform="translate(\(middle),\(room - 7)) rotate(-90)" dominant-baseline="central">\(label)\(full)</text>
                """
        }
        let right = ReportFormat.count(scores.top1Count), all = ReportFormat.count(scores.queries)
        return scroller(
            "Confusion map", style: "map",
            """
            <div class="matrix">
            <div class="corner" style="width:\(room)px"><span>taken for →</span><span>true ↓</span></div>
            <svg class="columns" width="\(span)" height="\(room)" font-size="\(font)" aria-hidden="true">\(columns)</svg>
            <svg class="rows" width="\(room)" height="\(span)" font-size="\(font)" aria-hidden="true">\(rows)</svg>
            <svg width="\(span + 1)" height="\(span + 1)" font-size="\(font)" role="img" \
            aria-label="\(right) of \(all) queries are on the diagonal; the most confused pairs are listed below">\
            \(map.grid)\(map.cells(named: shown.map(plainName)))</svg>
            </div>
            """)
    }

    private func shortened(_ name: String) -> String {
        name.count <= 24 ? name : name.prefix(23) + "…"
    }
}

/// The cells of a confusion matrix as shapes.
struct ConfusionMap {
    /// More cells than this are merged into a few shapes, which have no tool tips.
    private static let mostTitled = 8_000

    private struct Spot {
        let row: Int, column: Int, count: Int, support: Int

        /// 1...8, by the square root of the share, so that rare confusions can be seen too.
        var level: Int {
            max(1, min(8, Int((8 * (Double(count) / Double(max(support, 1))).squareRoot()).rounded(.up))))
        }
        var isRight: Bool { row == column }
    }

    private let spots: [Spot]
    private let count: Int
    private let cell: Int

    /// Picks the cells whose classes are both shown; `cell` is the side of one in pixels.
    init(scores: ClassificationScores, shown: [Int], cell: Int) {
        var places: [Int: Int] = [:]
        for (place, label) in shown.enumerated() { places[label] = place }
        spots = scores.confusion.cells.compactMap { cell in
            guard let row = places[cell.truth], let column = places[cell.predicted],
                scores.classes.indices.contains(cell.truth)
            else { return nil }
            return Spot(row: row, column: column, count: cell.count, support: scores.classes[cell.truth].support)
        }
        count = shown.count
        self.cell = cell
    }

    /// Lines between cells where there is room for them, else between every five.
    var grid: HTML {
        let span = count * cell
        let lines = stride(from: 0, through: count, by: cell >= 16 ? 1 : 5).map { line -> HTML in
            "M\(line * cell) 0V\(span)M0 \(line * cell)H\(span)"
        }
        return "<path class=\"grid\" transform=\"translate(-.5 -.5)\" d=\"\(lines.joined())\"/>"
    }

    /// One shape for each cell, with a tool tip and, where it fits, the count.
    func cells(named names: [String]) -> HTML {
        guard spots.count <= Self.mostTitled else { return merged }
        return spots.map { spot -> HTML in
            let side = cell - 1
            let share = ReportFormat.shortPercent(Double(spot.count) / Double(max(spot.support, 1)))
            let relation = spot.isRight ? "recognised" : "taken for"
            let other: HTML = spot.isRight ? "" : " \(names[spot.column])"
            let number: HTML =
                cell >= 28
                ? """
                <text x="\(spot.column * cell + cell / 2)" y="\(spot.row * cell + cell / 2)" text-anchor="middle" \
                dominant-baseline="central" class="\(spot.level >= 5 ? "strong" : "")" pointer-events="none">\(spot.count)</text>
                """ : ""
            return """
                <rect x="\(spot.column * cell)" y="\(spot.row * cell)" width="\(side)" height="\(side)" \
                class="\(spot.isRight ? "r" : "w") l\(spot.level)"><title>\(names[spot.row]) \(relation)\(other): \
                \(spot.count) of \(spot.support) (\(share))</title></rect>\(number)
                """
        }.joined()
    }

    /// All cells of the same colour as one shape: small, whatever the number of classes.
    var merged: HTML {
        var paths: [String: String] = [:]
        for spot in spots {
            let x = spot.column * cell, y = spot.row * cell
            paths["\(spot.isRight ? "r" : "w") l\(spot.level)", default: ""] += "M\(x) \(y)h\(cell)v\(cell)h-\(cell)z"
        }
        return paths.sorted { $0.key < $1.key }.map { style, path -> HTML in
            "<path class=\"\(style)\" d=\"\(path)\"/>"
        }.joined()
    }
}
