import Akin
import AkinTestSupport
import AkinVision
import Foundation
import Testing

@Suite("Duplicates")
struct DuplicateSearchTests {
    /// Pictures at places on a line; those at nearly the same place look alike.
    private func set(_ places: [Float], labels: [String]? = nil) -> EmbeddedSet {
        EmbeddedSet(
            vectors: Matrix(places.map { [$0, 1] }),
            records: places.indices.map {
                ImageRecord(path: "p\($0).png", label: labels?[$0], row: $0)
            })
    }

    private func content(_ file: String, _ pixels: String, side: Int, bytes: Int = 10) -> ImageContent {
        ImageContent(fileDigest: file, pixelDigest: pixels, width: side, height: side, byteCount: bytes)
    }

    @Test("near pictures are grouped through others, the largest first")
    func near() throws {
        let set = set([0, 10, 0.5, 20, 1, 30, 30.2, 40, 50, 60])
        let contents = [
            "p0.png": content("a", "A", side: 8), "p2.png": content("b", "B", side: 64),
            "p4.png": content("c", "C", side: 16),
        ]
        let graph = try KNNGraph.exact(set.vectors, k: 3)
        let search = try DuplicateSearch(set, contents: contents, graph: graph)
        let groups = try search.groups(within: 0.3)
        #expect(groups.map { $0.members.map(\.row) } == [[2, 0, 4], [5, 6]])
        #expect(groups.allSatisfy { $0.kind == .near })
        #expect(groups[0].kept.relation == nil && groups[0].kept.width == 64)
        #expect(groups[0].members[1].score == 0.25)
        // 0 and 1 are connected only through 0.5.
        #expect(try search.groups(within: 0.2).map { $0.members.map(\.row) } == [[5, 6]])
        let count = try search.count(within: 0.3)
        #expect(count.groups == 2 && count.pictures == 5)
    }

    @Test("the same bytes or pixels are found wherever their vectors are")
    func contents() throws {
        let set = set([0, 1000, 2000, 3000, 4000, 5000], labels: ["x", "y", "x", "x", "z", "z"])
        let contents = [
            "p0.png": content("a", "A", side: 8), "p1.png": content("a", "A", side: 8),
            "p2.png": content("b", "B", side: 8), "p3.png": content("c", "B", side: 8, bytes: 20),
        ]
        let graph = try KNNGraph.exact(set.vectors, k: 2)
        let groups = try DuplicateSearch(set, contents: contents, graph: graph).groups(within: 0)
        #expect(groups.map(\.kind) == [.sameFile, .samePixels])
        #expect(groups.map { $0.members.map(\.row) } == [[0, 1], [3, 2]], "of equal pixels the larger file first")
        #expect(groups.map(\.hasOneLabel) == [false, true])
        #expect(groups[1].members[1].relation == .samePixels)
    }

    @Test("the standard threshold separates copies from the rest, in any unit", arguments: [Float(1), 1000, 0.001])
    func standard(unit: Float) throws {
        var random = SeededRandom(seed: 4)
        var places = (0..<200).map { _ in [random.gaussian() * unit, random.gaussian() * unit] }
        for i in 0..<20 { places.append(places[i].map { $0 + 0.001 * unit * random.gaussian() }) }
        let set = EmbeddedSet(vectors: Matrix(places), records: [])
        let search = try DuplicateSearch(set, graph: KNNGraph.exact(set.vectors, k: 10))
        let groups = try search.groups()
        let found = Set(groups.flatMap { $0.members.map(\.row) })
        #expect(found.isSuperset(of: 200..<220))
        #expect(groups.first?.kept.path.hasPrefix("row ") == true)
    }

    @Test("many copies of one picture are one group, whatever k is")
    func copies() throws {
        let set = set(Array(repeating: 7, count: 50) + [9, 11, 13])
        let groups = try DuplicateSearch(set, graph: KNNGraph.exact(set.vectors, k: 2)).groups(within: 0)
        #expect(groups.map { $0.members.map(\.row) } == [Array(0..<50)])
    }

    @Test("a set of one picture has no duplicates; another set's graph and no number are refused")
    func edges() throws {
        let one = set([1])
        let search = try DuplicateSearch(one, graph: KNNGraph.exact(one.vectors, k: 2))
        #expect(try search.groups().isEmpty)
        let graph = try KNNGraph.exact(Matrix<Float>.random(rows: 3, columns: 2, seed: 1), k: 2)
        #expect(throws: IndexError.self) { try DuplicateSearch(one, graph: graph) }
        #expect(throws: IndexError.notANumber(name: "threshold")) { try search.groups(within: .nan) }
    }

    @Test("content tells files from pixels")
    func content() throws {
        let image = RGBImage(width: 4, height: 2, pixels: (0..<24).map { UInt8($0 * 9) })
        let turned = RGBImage(width: 2, height: 4, pixels: image.pixels)
        let file = try image.png()
        let png = try ImageContent(of: file)
        let jpeg = try ImageContent(of: image.jpeg(quality: 90))
        #expect(png.width == 4 && png.height == 2 && png.byteCount == file.count)
        #expect(png.pixelDigest != jpeg.pixelDigest && png.fileDigest != jpeg.fileDigest)
        #expect(try ImageContent(of: turned.png()).pixelDigest != png.pixelDigest, "the shape counts")
        #expect(throws: ImageError.self) { try ImageContent(of: [1, 2, 3]) }
    }

    @Test("names cannot become markup, and the page loads nothing")
    func page() throws {
        let hostile = "<script>alert(1)</script>\u{202E}.png"
        let set = EmbeddedSet(
            vectors: Matrix([[0, 0], [0, 0.1], [9, 9], [5, 5]]),
            records: (0..<4).map { ImageRecord(path: hostile, label: "<b>\($0)", row: $0) })
        let graph = try KNNGraph.exact(set.vectors, k: 2)
        let search = try DuplicateSearch(set, graph: graph)
        let report = try DuplicateReport(
            title: "<i>", search, graph: graph, threshold: 0.5, hasContents: false)
        let path = try #require(try GraphPath(from: 0, to: 2, nodes: 4, edges: graph.edges()))
        var pictures = ReportPictures()
        try pictures.add(RGBImage(width: 2, height: 2, pixels: .init(repeating: 7, count: 12)), for: .init(row: 0))
        let chain = PathReport(path, in: graph, of: set, askedDegree: 2)
        for html in [report.html(pictures: pictures), chain.html(pictures: pictures)] {
            #expect(!html.contains("<script") && !html.contains("<b>") && !html.contains("<i>"))
            #expect(!html.unicodeScalars.contains("\u{202E}"))
            #expect(html.contains("&lt;script&gt;") && html.contains("default-src 'none'"))
            #expect(!html.contains("http") || html.contains("http-equiv"))
            #expect(html.contains("src=\"data:image/jpeg;base64,"))
            #expect(html.contains("no picture"))
        }
        #expect(report.groups.count == 1 && report.spareCount == 1)
        #expect(report.alternatives.contains { $0.isChosen && $0.groups == 1 && $0.pictures == 2 })
        let line = try #require(report.lines().first)
        let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
        #expect(object?["has_one_label"] as? Bool == false)
        #expect((object?["members"] as? [[String: Any]])?.count == 2)
    }
}
