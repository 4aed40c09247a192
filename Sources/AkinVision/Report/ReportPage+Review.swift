internal import Akin

extension ReportPage {
    /// Training images that their neighbours would label otherwise.
    func suspects(_ review: ClassificationReport.Review) -> HTML {
        let count = ReportFormat.count(review.suspectCount)
        let intro: HTML = """
            <p>Of \(ReportFormat.count(report.build.count)) training images \(count) have more neighbours of one other class \
            than of their own, among the \(review.k) nearest. Either the label is wrong, or the classes look alike here; those \
            whose neighbours disagree most come first.</p>
            """
        let cards = review.suspects.map { suspect -> HTML in
            let sample = suspect.sample
            return reviewCard(
                sample,
                title: """
                    labelled \(name(sample.truth)), looks like \(name(sample.predicted))
                    """,
                note: """
                    \(sample.votersForPredicted) of \(sample.voters) neighbours are \(name(sample.predicted)), \
                    \(sample.votersForTruth) \(name(sample.truth))
                    """)
        }
        return intro + rest(review.suspectCount - cards.count) + "<div class=\"samples\">\(cards.joined())</div>"
    }

    /// Training images that lie apart from their class.
    func outliers(_ review: ClassificationReport.Review) -> HTML {
        let limit = ReportFormat.fixed(review.deviation, digits: 1)
        let intro: HTML = """
            <p>Training images whose \(review.k) nearest neighbours are unusually far for their class: \
            \(ReportFormat.count(review.outlierCount)) exceed the median of their class by \(limit) deviations or more. They may \
            be damaged, not belong here, or be rare.</p>
            """
        let score = ReportFormat.score(report.settings.metric)
        let cards = review.outliers.map { outlier -> HTML in
            reviewCard(
                outlier.sample,
                title: "\(name(outlier.sample.truth)), \(ReportFormat.fixed(outlier.deviation, digits: 1)) deviations",
                note: "mean \(score) with its neighbours \(ReportFormat.score(outlier.meanScore))")
        }
        return intro + rest(review.outlierCount - cards.count) + "<div class=\"samples\">\(cards.joined())</div>"
    }

    private func rest(_ count: Int) -> HTML {
        count > 0 ? "<p class=\"small dim\">\(ReportFormat.count(count)) more are not shown.</p>" : ""
    }

    private func reviewCard(_ sample: ClassificationReport.Sample, title: HTML, note: HTML) -> HTML {
        let picture = pictures.image(.init(part: sample.part, row: sample.row), alt: sample.path)
        return """
            <article class="sample \(sample.isCorrect ? "" : "wrong")"><h3>\(title)</h3><div class="strip">
            <figure class="query">\(picture)<figcaption>\(name(sample.truth))</figcaption></figure>
            \(neighbors(of: sample))</div><p class="small dim">\(note) · <bdi>\(sample.path)</bdi></p></article>

            """
    }
}
