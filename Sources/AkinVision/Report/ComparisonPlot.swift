internal import Akin
internal import Foundation

/// Recall against queries per second as a drawing: a line for each index, speed on a logarithmic axis.
///
/// The recall axis is stretched towards 1: each halving of what is missed takes the same width, since that is what
/// readers choose by. Lines differ in colour (the palette of Okabe and Ito, which the colour-blind can tell apart), in the shape
/// of their marks and, beyond seven, in their dashes.
struct ComparisonPlot {
    private let report: ComparisonReport
    private let recalls: RecallAxis
    private let speeds: SpeedAxis
    private let series: [Series]

    private struct Series {
        var name: String
        var style: Int
        var points: [IndexComparison.Point]
    }

    private static let height = 500.0
    private static let (left, top, bottom) = (74.0, 48.0, 58.0)
    private static let (innerWidth, innerHeight) = (580.0, height - top - bottom)

    /// Wide enough for the longest name beside the lines.
    private var width: Double {
        let longest = series.map { $0.name.count + ($0.name == "Flat" ? 8 : 0) }.max() ?? 0
        return Self.left + Self.innerWidth + 62 + 7.4 * Double(max(longest, 12))
    }

    init(report: ComparisonReport) {
        self.report = report
        let entries = report.comparison.entries
        series = entries.enumerated().map { i, entry in
            Series(
                name: entry.name, style: i,
                points: entry.points.filter { $0.isBest && $0.queriesPerSecond > 0 }.sorted { $0.recall < $1.recall })
        }
        let points = series.flatMap(\.points)
        recalls = RecallAxis(least: points.map(\.recall).min() ?? 0)
        speeds = SpeedAxis(points.map(\.queriesPerSecond))
    }

    /// A file of its own.
    var document: HTML { "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\(drawing)\n" }

    /// The drawing, to be put into a page.
    var drawing: HTML {
        let (w, h) = (Self.number(width), Self.number(Self.height))
        return """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(w) \(h)" width="\(w)" height="\(h)" role="img" \
            class="plot" aria-label="Queries per second against recall, \(report.title)">
            <style>\(Self.style)</style>
            <rect class="paper" width="\(w)" height="\(h)"/>
            <text class="title" x="\(Self.number(Self.left))" y="26">\(report.title)</text>
            \(axes)
            \(exactLine)
            \(series.map(line).joined())
            \(legend)
            </svg>
            """
    }

    // MARK: Parts

    private var axes: HTML {
        let bottom = Self.top + Self.innerHeight
        var html = HTML()
        for tick in recalls.ticks {
            let x = Self.number(self.x(tick))
            html += """
                <path class="grid" d="M\(x) \(Self.number(Self.top))V\(Self.number(bottom))"/>\
                <text class="tick" x="\(x)" y="\(Self.number(bottom + 18))" text-anchor="middle">\(RecallAxis.text(tick))</text>

                """
        }
        for (value, isMain) in speeds.ticks {
            let y = Self.number(self.y(value))
            html += """
                <path class="\(isMain ? "grid" : "grid minor")" \
                d="M\(Self.number(Self.left)) \(y)H\(Self.number(Self.left + Self.innerWidth))"/>

                """
            guard isMain || speeds.hasRoom else { continue }
            html += """
                <text class="tick" x="\(Self.number(Self.left - 8))" y="\(y)" dy=".35em" text-anchor="end">\
                \(ReportFormat.significant(value))</text>

                """
        }
        let middle = Self.number(Self.top + Self.innerHeight / 2)
        html += """
            <text class="name" x="\(Self.number(Self.left + Self.innerWidth / 2))" y="\(Self.number(bottom + 42))" \
            text-anchor="middle">recall@\(report.comparison.k) (stretched towards 1)</text>
            <text class="name" transform="translate(18 \(middle)) rotate(-90)" text-anchor="middle">queries per second \
            (\(threads))</text>
            """
        return html
    }

    private var threads: String {
        guard let threads = report.settings.threads else { return "all cores" }
        return threads == 1 ? "one thread" : "\(threads) threads"
    }

    /// Where exact search is: what lies below is slower than comparing everything.
    private var exactLine: HTML {
        guard let speed = report.exactSpeed else { return "" }
        let y = Self.number(self.y(speed))
        return """
            <path class="exact" d="M\(Self.number(Self.left)) \(y)H\(Self.number(Self.left + Self.innerWidth))"/>
            """
    }

    private func line(_ series: Series) -> HTML {
        let style = "s\(series.style % Self.colours.count)"
        let dash = series.style >= Self.colours.count ? " dashed" : ""
        let places = series.points.map { (x($0.recall), y($0.queriesPerSecond)) }
        let path = places.enumerated().map { i, place in
            "\(i == 0 ? "M" : "L")\(Self.number(place.0)) \(Self.number(place.1))"
        }.joined()
        let marks = zip(series.points, places).map { point, place -> HTML in
            let setting = point.setting.isEmpty ? "" : " " + point.setting
            return """
                <path class="mark" d="\(Self.mark(series.style, place.0, place.1))"><title>\(series.name)\(setting): recall \
                \(ReportFormat.fixed(point.recall, digits: 4)), \(ReportFormat.significant(point.queriesPerSecond)) \
                queries/s</title></path>
                """
        }
        return "<g class=\"\(style)\"><path class=\"line\(dash)\" d=\"\(path)\"/>\(marks.joined())</g>\n"
    }

    /// Names in the order of their speed at recall 0.9, which is about the order of the lines.
    private var legend: HTML {
        func rank(_ series: Series) -> Double {
            let reaching = series.points.filter { $0.recall >= 0.9 }.map(\.queriesPerSecond).max()
            return reaching ?? (series.points.map(\.recall).max() ?? 0) / 1e6
        }
        let x = Self.left + Self.innerWidth + 18
        var y = Self.top + 8
        var html = HTML()
        for series in series.sorted(by: { rank($0) > rank($1) }) {
            let dash = series.style >= Self.colours.count ? " dashed" : ""
            let exact = series.name == "Flat" ? " (exact)" : ""
            html += """
                <g class="s\(series.style % Self.colours.count)"><path class="line\(dash)" \
                d="M\(Self.number(x)) \(Self.number(y))h24"/>\
                <path class="mark" d="\(Self.mark(series.style, x + 12, y))"/></g>\
                <text class="tick" x="\(Self.number(x + 32))" y="\(Self.number(y))" dy=".35em">\
                \(series.name)\(exact)</text>

                """
            y += 22
        }
        return html
    }

    private func x(_ recall: Double) -> Double { Self.left + Self.innerWidth * recalls.place(recall) }
    private func y(_ speed: Double) -> Double { Self.top + Self.innerHeight * (1 - speeds.place(speed)) }

    /// At most two decimals, none that are not needed.
    private static func number(_ value: Double) -> String {
        var text = ReportFormat.fixed(value, digits: 2)
        while text.hasSuffix("0") { text.removeLast() }
        return text.hasSuffix(".") ? String(text.dropLast()) : text
    }

    /// The outline of a mark around a place; which one tells the line without its colour.
    private static func mark(_ style: Int, _ x: Double, _ y: Double) -> String {
        func polygon(_ corners: [(Double, Double)]) -> String {
            corners.enumerated().map { i, c in "\(i == 0 ? "M" : "L")\(number(x + c.0)) \(number(y + c.1))" }.joined()
                + "Z"
        }
        switch style % 6 {
        case 0: return "M\(number(x - 4)) \(number(y))a4 4 0 1 0 8 0a4 4 0 1 0 -8 0Z"
        case 1: return polygon([(-3.6, -3.6), (3.6, -3.6), (3.6, 3.6), (-3.6, 3.6)])
        case 2: return polygon([(0, -4.8), (4.6, 3.4), (-4.6, 3.4)])
        case 3: return polygon([(0, -5), (5, 0), (0, 5), (-5, 0)])
        case 4: return polygon([(0, 4.8), (4.6, -3.4), (-4.6, -3.4)])
        default:
            return polygon([
                (-1.5, -4.8), (1.5, -4.8), (1.5, -1.5), (4.8, -1.5), (4.8, 1.5), (1.5, 1.5), (1.5, 4.8), (-1.5, 4.8),
                (-1.5, 1.5), (-4.8, 1.5), (-4.8, -1.5), (-1.5, -1.5),
            ])
        }
    }

    // MARK: Look

    /// Colours on white and on black; the first is for what comes first, which is exact search as a rule.
    private static let colours: [(light: String, dark: String)] = [
        ("#4d4d4d", "#c9c9c9"), ("#0072b2", "#56b4e9"), ("#d55e00", "#ff8a3d"), ("#009e73", "#2fd6a3"),
        ("#cc79a7", "#e8a0c8"), ("#b87a00", "#f0b429"), ("#5b4db2", "#a99cff"),
    ]

    private static var style: HTML {
        func colouring(_ pick: ((light: String, dark: String)) -> String) -> HTML {
            colours.enumerated().map { i, colour -> HTML in
                ".plot .s\(i) .line{stroke:\(pick(colour))}.plot .s\(i) .mark{fill:\(pick(colour))}"
            }.joined()
        }
        return """

            .plot text{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;fill:#1c2127}
            .plot .title{font-size:16px;font-weight:600}.plot .tick{font-size:12px}.plot .name{font-size:13px}
            .plot .paper{fill:#ffffff}.plot .grid{stroke:#dfded8;stroke-width:1;fill:none}.plot .minor{stroke:#efeeea}
            .plot .exact{stroke:#4d4d4d;stroke-width:1.2;stroke-dasharray:2 4;fill:none}
            .plot .line{fill:none;stroke-width:2;stroke-linejoin:round}.plot .dashed{stroke-dasharray:7 4}
            .plot .mark{stroke:#ffffff;stroke-width:1}
            \(colouring(\.light))
            @media (prefers-color-scheme:dark){.plot text{fill:#e6e9ed}.plot .paper{fill:#191d22}.plot .grid{stroke:#343b44}\
            .plot .minor{stroke:#252b32}.plot .exact{stroke:#c9c9c9}.plot .mark{stroke:#191d22}
            \(colouring(\.dark))}

            """
    }
}
