internal import Akin

/// Groups of duplicates as one HTML page that needs nothing beside itself.
struct DuplicatePage {
    let report: DuplicateReport
    let pictures: ReportPictures

    /// Groups, members of each and pictures that are shown at most; the rest is in `groups.jsonl`.
    static let (mostGroups, mostMembers, mostPictures) = (400, 12, 2_000)

    /// The whole document.
    var document: HTML {
        let report = report
        let exact = report.isExact ? "exact" : "approximate"
        return ReportShell.page(
            title: report.title,
            subtitle: """
                \(ReportFormat.count(report.count)) pictures · \(report.degree) neighbours of each (\(exact)) · near from \
                \(ReportFormat.score(report.metric)) \(ReportFormat.score(report.threshold)) on\
                \(report.hasContents ? "" : " · files were not compared")
                """,
            body: """
                \(figures)
                <section aria-labelledby="groups"><h2 id="groups">Groups</h2>
                <p>The first picture of a group is the largest, the one to keep if one is kept. Nothing was removed.</p>
                \(groups)
                </section>
                <section aria-labelledby="threshold"><h2 id="threshold">Choosing the threshold</h2>
                \(distribution)
                </section>
                """,
            footer: "Made by Akin \(akinVersion).")
    }

    private var figures: HTML {
        var items = [
            (ReportFormat.count(report.groups.count), report.groups.count == 1 ? "group" : "groups"),
            (ReportFormat.count(report.pictureCount), "pictures in groups"),
            (ReportFormat.count(report.spareCount), "pictures beside the ones to keep"),
        ]
        if report.hasContents {
            items.append((ReportFormat.bytes(UInt64(max(0, report.spareBytes))), "of files beside the ones to keep"))
        }
        let cells = items.map { item -> HTML in "<div><dt>\(item.1)</dt><dd>\(item.0)</dd></div>" }
        return "<dl class=\"figures\">\(cells.joined())</dl>"
    }

    private var groups: HTML {
        guard !report.groups.isEmpty else { return "<p>No two pictures are duplicates.</p>" }
        let shown = report.groups.prefix(Self.mostGroups)
        let rest = report.groups.count - shown.count
        let note: HTML =
            rest > 0 ? "<p>\(ReportFormat.count(rest)) more groups are listed in groups.jsonl.</p>" : ""
        return "<div class=\"samples\">\(shown.map(card).joined())</div>\(note)"
    }

    private func card(_ group: DuplicateGroup) -> HTML {
        let kind =
            switch group.kind {
            case .sameFile: "the same file"
            case .samePixels: "the same pixels"
            case .near: "near each other"
            }
        let labels: HTML =
            group.hasOneLabel == false ? " · <span class=\"mark\">✗ of several classes</span>" : ""
        let members = group.members.prefix(Self.mostMembers)
        let rest = group.members.count - members.count
        let more: HTML = rest > 0 ? "<p class=\"small dim\">and \(ReportFormat.count(rest)) more</p>" : ""
        return """
            <article class="sample\(group.hasOneLabel == false ? " wrong" : "")"><h3>\(group.members.count) pictures, \
            \(kind)\(labels)</h3><div class="strip">\(members.map(figure).joined())</div>\(more)</article>

            """
    }

    private func figure(_ member: DuplicateGroup.Member) -> HTML {
        let relation: HTML =
            switch member.relation {
            case nil: "<span class=\"mark\">keep</span>"
            case .sameFile: "same file"
            case .samePixels: "same pixels"
            case .near: "\(ReportFormat.score(member.score))"
            }
        let size: HTML = member.width.flatMap { width in member.height.map { "\(width) × \($0)<br>" } } ?? ""
        let picture = pictures.image(.init(row: member.row), alt: member.path)
        return """
            <figure class="\(member.relation == nil ? "query" : "")">\(picture)<figcaption>\(relation)<br>\(size)\
            <bdi>\(member.path)</bdi></figcaption></figure>
            """
    }

    private var distribution: HTML {
        let name = ReportFormat.score(report.metric)
        let nearest = report.nearest.map { entry -> HTML in
            """
            <tr><th scope="row">\(ReportFormat.shortPercent(entry.share))</th>
            <td class="number">\(ReportFormat.score(entry.score))</td></tr>

            """
        }
        let rows = report.alternatives.map { entry -> HTML in
            """
            <tr><th scope="row" class="number\(entry.isChosen ? " best" : "")">\(ReportFormat.score(entry.score))</th>
            <td class="number">\(ReportFormat.count(entry.groups))</td>
            <td class="number">\(ReportFormat.count(entry.pictures))</td>
            <td>\(entry.isChosen ? "used here" : "")</td></tr>

            """
        }
        return """
            <p>Duplicates are much nearer to each other than other pictures are. A threshold is too loose where groups suddenly \
            grow, or join pictures of different things.</p>
            \(ReportShell.scroller("Groups by threshold", """
            <table><thead><tr><th scope="col" class="number">\(name)</th><th scope="col" class="number">groups</th>
            <th scope="col" class="number">pictures in them</th><th scope="col"></th></tr></thead>
            <tbody>\(rows.joined())</tbody></table>
            """))
            <h3>The nearest neighbour of each picture</h3>
            <p>This share of the pictures has a neighbour at least as near.</p>
            \(ReportShell.scroller("Nearest neighbours", """
            <table><thead><tr><th scope="col">pictures</th><th scope="col" class="number">\(name)</th></tr></thead>
            <tbody>\(nearest.joined())</tbody></table>
            """))
            """
    }
}

extension ReportPictures {
    /// A picture or its place holder; nothing at all where the report was made without pictures.
    func image(_ key: Key, alt: String) -> HTML {
        guard count > 0 else { return "" }
        guard let (uri, width, height) = dataURI(key) else {
            return "<span class=\"none\" role=\"img\" aria-label=\"\(alt) (no picture)\">no picture</span>"
        }
        return "<img src=\"\(uri)\" width=\"\(width)\" height=\"\(height)\" alt=\"\(alt)\" loading=\"lazy\">"
    }
}

extension ReportFormat {
    /// A score: four digits after the point where it is small, three significant ones otherwise.
    static func score(_ value: Float) -> String {
        let value = Double(value)
        return abs(value) < 10 ? fixed(value, digits: 4) : significant(value)
    }
}
