internal import Akin

extension ReportPage {
    var sampleCards: HTML {
        let wrong = report.samples.filter { !$0.isCorrect }, right = report.samples.filter(\.isCorrect)
        var html = HTML()
        if let detail = report.details.last {
            html += """
                <p>Drawn at random (seed \(String(report.settings.seed))) from the queries of the \
                \(ReportFormat.set(detail.part, detail.scoring)) set, \(ReportFormat.vote(detail.vote)) with k = \(detail.k); \
                the number below a neighbour is its \(ReportFormat.score(report.settings.metric)). \
                A tick and a solid frame mark a neighbour of the true class, a cross and a dashed frame one of another.</p>
                """
        }
        for (title, samples) in [("Taken for another class", wrong), ("Recognised", right)] where !samples.isEmpty {
            html += "<h3>\(title)</h3><div class=\"samples\">\(samples.map(card).joined())</div>"
        }
        return html
    }

    private func card(_ sample: ClassificationReport.Sample) -> HTML {
        let verdict: HTML =
            sample.isCorrect
            ? "<span class=\"mark\">✓ right</span> \(name(sample.truth))"
            : """
            <span class="mark">✗ wrong</span> \(name(sample.truth)), taken for \(name(sample.predicted))
            """
        let picture = pictures.image(.init(part: sample.part, row: sample.row), alt: "Query \(sample.path)")
        let votes = "\(sample.voters) \(sample.voters == 1 ? "vote" : "votes")"
        let counts: HTML =
            sample.isCorrect
            ? "\(sample.votersForTruth) of \(votes) for this class"
            : """
            \(sample.votersForPredicted) of \(votes) for \(name(sample.predicted)), \
            \(sample.votersForTruth) for \(name(sample.truth))
            """
        return """
            <article class="sample \(sample.isCorrect ? "right" : "wrong")"><h3>\(verdict)</h3><div class="strip">
            <figure class="query">\(picture)<figcaption>query</figcaption></figure>
            \(neighbors(of: sample))</div><p class="small dim">\(counts) · <bdi>\(sample.path)</bdi></p></article>

            """
    }

    /// The neighbours of a sample, marked by whether they are of its class.
    func neighbors(of sample: ClassificationReport.Sample) -> HTML {
        sample.neighbors.enumerated().map { place, neighbor -> HTML in
            let isSame = neighbor.label == sample.truth
            let isVoter = place < sample.voters
            let note: HTML = isVoter ? "" : "<br>no vote"
            let picture = pictures.image(
                .init(part: .train, row: neighbor.row), alt: "Neighbour \(neighbor.path)")
            return """
                <figure class="\(isSame ? "same" : "other")\(isVoter ? "" : " silent")">\(picture)\
                <figcaption><span class="mark">\(isSame ? "✓" : "✗")</span> \(score(neighbor.score))<br>\
                \(name(neighbor.label))\(note)</figcaption></figure>
                """
        }.joined()
    }

    private func score(_ value: Float) -> String {
        let value = Double(value)
        return abs(value) < 10 ? ReportFormat.fixed(value, digits: 3) : ReportFormat.significant(value)
    }
}
