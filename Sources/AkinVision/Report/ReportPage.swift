internal import Akin

/// The report as one HTML page that needs nothing beside itself.
struct ReportPage {
    let report: ClassificationReport
    let pictures: ReportPictures

    /// The whole document.
    var document: HTML {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
        <link rel="icon" href="data:,">
        <title>\(report.title)</title>
        <style>
        \(ReportStyle.css)
        </style>
        </head>
        <body>
        <header class="top">
        <h1><bdi>\(report.title)</bdi></h1>
        <p class="dim">\(subtitle)</p>
        \(figures)
        \(contents)
        </header>
        <main>
        \(sections.map(\.body).joined())
        </main>
        <footer>Made by Akin \(report.settings.akinVersion).\(machineNote)</footer>
        </body>
        </html>

        """
    }

    struct Section {
        let id: String
        let title: String
        let content: HTML

        var body: HTML {
            """
            <section aria-labelledby="\(id)">
            <h2 id="\(id)">\(title)</h2>
            \(content)
            </section>

            """
        }
    }

    private var sections: [Section] {
        var sections = [
            Section(id: "embedding", title: "Time to embed", content: embeddingTable),
            Section(id: "searching", title: "Time to build and to search", content: searchTables),
            Section(id: "accuracy", title: "Accuracy", content: accuracyTable),
        ]
        if !report.samples.isEmpty {
            sections.append(Section(id: "samples", title: "Queries and their neighbours", content: sampleCards))
        }
        if let detail = report.details.last {
            sections.append(Section(id: "confusion", title: "Confusion", content: confusion(detail)))
            if !detail.mostConfused.isEmpty {
                sections.append(Section(id: "pairs", title: "Most confused pairs", content: pairsTable(detail)))
            }
            sections.append(Section(id: "classes", title: "Classes", content: classTable(detail)))
        }
        if let review = report.review {
            sections.append(Section(id: "suspects", title: "Labels to look at", content: suspects(review)))
            if !review.outliers.isEmpty {
                sections.append(Section(id: "outliers", title: "Outliers", content: outliers(review)))
            }
        }
        if !report.skipped.isEmpty {
            sections.append(Section(id: "skipped", title: "Skipped images", content: skippedTable))
        }
        sections.append(Section(id: "settings", title: "Settings and definitions", content: settings))
        return sections
    }

    private var contents: HTML {
        let links = sections.map { section -> HTML in "<li><a href=\"#\(section.id)\">\(section.title)</a></li>" }
        return "<nav aria-label=\"Contents\"><ul>\(links.joined())</ul></nav>"
    }

    private var subtitle: HTML {
        let settings = report.settings
        let space = settings.space?.name ?? "vectors of unknown origin"
        return """
            <bdi>\(space)</bdi> · \(ReportFormat.count(report.classes.count)) classes · \
            \(ReportFormat.count(report.build.count)) training vectors of \(settings.dimension) components · \
            \(settings.metric.rawValue) · \(settings.index)
            """
    }

    /// The few figures that readers look for first.
    private var figures: HTML {
        var items: [(value: String, name: String)] = []
        if let detail = report.details.last {
            let votes = "\(detail.vote.name), k = \(detail.k)"
            let set = ReportFormat.set(detail.part, detail.scoring)
            items.append((ReportFormat.percent(detail.scores.top1), "top-1 accuracy, \(set) (\(votes))"))
            items.append((ReportFormat.percent(detail.scores.top5), "top-5 accuracy, same vote"))
        }
        if let phase = report.embedding.last {
            items.append(
                (ReportFormat.significant(phase.rate) + " /s", "images embedded, \(ReportFormat.name(phase.part)) set"))
        }
        if let phase = report.searches.last {
            items.append((ReportFormat.significant(phase.rate) + " /s", "queries answered, k = \(phase.k)"))
        }
        let cells = items.map { item -> HTML in "<div><dt>\(item.name)</dt><dd>\(item.value)</dd></div>" }
        return "<dl class=\"figures\">\(cells.joined())</dl>"
    }

    private var machineNote: HTML {
        guard let machine = report.machine else { return "" }
        let simd = machine.simd.map { ", \($0) kernels" } ?? ""
        return " Measured on \(machine.cpu), \(machine.cores) cores\(simd)."
    }

    /// A class's name, kept from turning the direction of what stands beside it.
    func name(_ label: Int) -> HTML {
        "<bdi>\(plainName(label))</bdi>"
    }

    /// A class's name as text.
    func plainName(_ label: Int) -> String {
        report.classes.indices.contains(label) ? report.classes[label] : "class \(label)"
    }

    /// A part of the page that scrolls by itself, also by keyboard.
    func scroller(_ label: String, style: String = "", _ content: HTML) -> HTML {
        "<div class=\"scroller \(style)\" tabindex=\"0\" role=\"region\" aria-label=\"\(label)\">\(content)</div>"
    }
}
