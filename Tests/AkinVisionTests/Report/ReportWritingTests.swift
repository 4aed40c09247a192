import Akin
import AkinTestSupport
import AkinVision
import Foundation
import Testing

@Suite("Report files")
struct ReportWritingTests {
    /// The start tags of a page and whether every one is closed in the right order.
    private func tags(of html: String) -> (starts: [String], isBalanced: Bool) {
        let void: Set<String> = ["meta", "link", "img", "br", "!doctype", "rect", "path"]
        var starts: [String] = [], open: [String] = []
        for piece in html.split(separator: "<").dropFirst(html.hasPrefix("<") ? 0 : 1) {
            guard let end = piece.firstIndex(of: ">") else { return (starts, false) }
            let tag = piece[..<end]
            let name = tag.prefix { !$0.isWhitespace && $0 != "/" }.lowercased()
            if tag.hasPrefix("/") {
                guard open.popLast() == String(tag.dropFirst()) else { return (starts, false) }
            } else {
                starts.append(String(tag))
                // A shape with a tool tip has an end tag, one without closes itself.
                let isOpen = name == "rect" ? !tag.hasSuffix("/") : !void.contains(name)
                if isOpen { open.append(name) }
            }
        }
        return (starts, open.isEmpty)
    }

    private func attributes(_ name: String, in html: String) -> [String] {
        html.components(separatedBy: " \(name)=\"").dropFirst().map { String($0.prefix { $0 != "\"" }) }
    }

    @Test("labels and paths never become markup")
    func escaping() throws {
        let outcome = try ReportCase.outcome(labels: ReportCase.hostileLabels, noise: 3, title: "<i>&\"'")
        let html = outcome.report.html(pictures: outcome.pictures)
        #expect(!html.lowercased().contains("<script"))
        #expect(!html.contains("<i>&"))
        #expect(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;"))
        #expect(html.contains("&lt;i&gt;&amp;&quot;&#39;"))
        #expect(html.contains("&quot;quoted&quot; &#39;twice&#39;"))
        #expect(html.contains("tiny &lt;model&gt;"))
        #expect(html.contains("&lt;b&gt;truncated&lt;/b&gt;"))
        #expect(!html.unicodeScalars.contains("\u{202E}"))
        let (starts, isBalanced) = tags(of: html)
        #expect(isBalanced)
        let names = Set(starts.map { $0.prefix { !$0.isWhitespace && $0 != "/" }.lowercased() })
        #expect(names.isDisjoint(with: ["script", "iframe", "object", "form", "input", "base"]))
        #expect(!starts.contains { $0.contains("onerror=") && !$0.contains("&lt;img") })
    }

    @Test("the page loads nothing from elsewhere", arguments: [false, true])
    func selfContained(_ withPictures: Bool) throws {
        let outcome = try ReportCase.outcome(labels: ["cat", "dog", "bird"], noise: 2)
        let html = outcome.report.html(pictures: withPictures ? outcome.pictures : ReportPictures())
        for forbidden in ["http://", "https://", "url(", "@import", "<script", "srcset", "<iframe"] {
            #expect(!html.contains(forbidden), "\(forbidden)")
        }
        let sources = attributes("src", in: html)
        #expect(sources.allSatisfy { $0.hasPrefix("data:image/jpeg;base64,/9j/") })
        #expect(sources.isEmpty != withPictures)
        #expect(attributes("href", in: html).allSatisfy { $0.hasPrefix("#") || $0 == "data:," })
        let anchors = attributes("href", in: html).filter { $0.hasPrefix("#") }.map { String($0.dropFirst()) }
        #expect(anchors.count >= 7)
        #expect(Set(anchors).isSubset(of: attributes("id", in: html)))
        #expect(html.contains("default-src 'none'"))
        #expect(html.contains("prefers-color-scheme: dark"))
    }

    @Test("right and wrong are told in words and shapes, not by colour alone")
    func notColourAlone() throws {
        let outcome = try ReportCase.outcome(labels: ["cat", "dog", "bird"], perClass: 20, noise: 2.5)
        let html = outcome.report.html(pictures: outcome.pictures)
        #expect(html.contains("✓ right") && html.contains("✗ wrong"))
        #expect(tags(of: html).starts.filter { $0.hasPrefix("img") }.allSatisfy { $0.contains(" alt=\"") })
    }

    @Test("pictures are small JPEG files; one that is missing leaves a place holder")
    func pictures() throws {
        let missing = Set((0..<20).map { "cat/\($0).jpg" })
        let outcome = try ReportCase.outcome(labels: ["cat", "dog"], perClass: 20, noise: 2, missing: missing)
        let html = outcome.report.html(pictures: outcome.pictures)
        #expect(html.contains("no picture"))
        let sample = try #require(outcome.report.samples.first { $0.path.hasPrefix("dog") })
        let file = try #require(outcome.pictures[.init(part: .validation, row: sample.row)])
        let image = try RGBImage(decoding: file)
        #expect(image.width == ReportPictures.side && image.height == ReportPictures.side / 2)
    }

    @Test("the confusion map is labelled, whatever the number of classes", arguments: [2, 10, 100, 180, 300])
    func confusionMap(_ count: Int) throws {
        let labels = (0..<count).map { "class-\($0 + 1000)" }
        let outcome = try ReportCase.outcome(labels: labels, perClass: 3, noise: 1)
        let html = outcome.report.html()
        #expect(tags(of: html).isBalanced)
        #expect(html.utf8.count < 4_000_000)
        let columns = html.components(separatedBy: "class=\"columns\"").last?.components(separatedBy: "</svg>")[0] ?? ""
        #expect(columns.components(separatedBy: "<text").count - 1 == (count > 200 ? 100 : count))
        #expect(html.contains("at a glance") == (count > 60))
    }

    @Test("JSON comes back as the same value")
    func json() throws {
        let report = try ReportCase.outcome(labels: ReportCase.hostileLabels, noise: 2).report
        let decoded = try JSONDecoder().decode(ClassificationReport.self, from: Data(report.json().utf8))
        #expect(decoded == report)
        #expect(decoded.version == ClassificationReport.currentVersion)
    }

    @Test("a score of infinity does not keep the report from being written")
    func infiniteScore() throws {
        var report = try ReportCase.outcome(labels: ["a", "b"]).report
        report.samples[0].neighbors[0].score = .infinity
        #expect(try report.json().contains("\"Infinity\""))
        #expect(tags(of: report.html()).isBalanced)
    }

    @Test("every row of a Markdown table has the cells of its head")
    func markdown() throws {
        let text = try ReportCase.outcome(labels: ReportCase.hostileLabels, noise: 3).report.markdown()
        #expect(!text.contains("<script") && !text.contains("javascript:"))
        var width = 0, tables = 0
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            guard line.hasPrefix("|") else {
                width = 0
                continue
            }
            let cells = line.replacing("\\|", with: "").count { $0 == "|" }
            if width == 0 {
                width = cells
                tables += 1
            }
            #expect(cells == width, "\(line)")
        }
        #expect(tables == 9)
        #expect(text.contains("| training, leave-one-out | 54 | majority | 1 |"))
        #expect(text.contains("line break"))
    }

    @Test("without embedding times and details the page says so and stays whole")
    func sparse() throws {
        var report = try ReportCase.outcome(labels: ["a", "b"]).report
        report.embedding = []
        report.details = []
        report.samples = []
        report.machine = nil
        report.settings.space = nil
        let html = report.html()
        #expect(tags(of: html).isBalanced)
        #expect(html.contains("read from files"))
        #expect(report.markdown().contains("read from files"))
    }

    @Test("a class without queries or training vectors has dashes, not zeros")
    func emptyClasses() throws {
        let train = ReportCase.set(labels: ["a", "b"], perClass: 3, noise: 0, seed: 1)
        let validation = ReportCase.set(labels: ["a"], perClass: 3, noise: 0, seed: 1)
        let report = try ClassificationExperiment(train: train, validation: validation).run().report
        let score = try #require(report.details.last?.scores.classes[1])
        #expect(score.support == 0 && score.recall == nil)
        #expect(report.markdown().contains("| b | 3 | 0 | – | – | – |"))
    }

    @Test("three files appear in a new folder, and are replaced on the next run")
    func writing() throws {
        try withTemporaryDirectory { path in
            let outcome = try ReportCase.outcome(labels: ["a", "b"])
            let folder = path + "/deep/report"
            for _ in 0..<2 {
                try outcome.report.write(to: folder, pictures: outcome.pictures)
                let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
                #expect(names == ["report.html", "report.json", "report.md"])
            }
            let bytes = try Data(contentsOf: URL(fileURLWithPath: folder + "/report.json"))
            #expect(try JSONDecoder().decode(ClassificationReport.self, from: bytes) == outcome.report)
        }
    }

    @Test("a file in the place of the folder is an error that names it")
    func unwritable() throws {
        try withTemporaryDirectory { path in
            let report = try ReportCase.outcome(labels: ["a", "b"]).report
            let file = path + "/taken"
            try Data("x".utf8).write(to: URL(fileURLWithPath: file))
            for folder in [file, file + "/below"] {
                let error = #expect(throws: FileError.self) { try report.write(to: folder) }
                #expect(error?.path == folder)
            }
            #expect(try Data(contentsOf: URL(fileURLWithPath: file)) == Data("x".utf8))
        }
    }
}
