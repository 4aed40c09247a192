import Akin
import AkinVision
import Foundation
import Testing

#if canImport(FoundationXML)
    import FoundationXML
#endif

@Suite("akin duplicates, path and compare")
struct NeighborCommandTests {
    /// A folder with a copy, a recoded picture and a smaller one among others.
    private func folder(in scratch: Scratch) throws -> String {
        let folder = try Pictures.folder("photos", classes: 4, perClass: 4, side: 48, in: scratch)
        let labels = DemoImages.labels
        let original = try Pictures.png(class: 1, number: 2, side: 48)
        try scratch.write("photos/\(labels[1])/copy.png", original)
        let image = try RGBImage(decoding: Array(original))
        try scratch.write("photos/\(labels[1])/recoded.webp", Data(image.png()))
        let other = try RGBImage(decoding: Array(Pictures.png(class: 2, number: 1, side: 48)))
        let small = other.resized(width: 40, height: 40, filter: .bilinear)
        try scratch.write("photos/\(labels[2])/small.jpg", Data(small.jpeg(quality: 90)))
        return folder
    }

    @Test("copies are found by content, altered pictures by their vectors; nothing is removed")
    func duplicates() throws {
        let scratch = try Scratch()
        let folder = try folder(in: scratch)
        let before = try scratch.names
        let output = try Program.succeed(["duplicates", folder, "-o", scratch.path("d"), "--json"])
        let labels = DemoImages.labels
        let groups = try output.objects.map { object -> Set<String> in
            let members = try #require(object["members"] as? [[String: Any]])
            return Set(members.compactMap { $0["path"] as? String })
        }
        let copies: Set = ["\(labels[1])/2.png", "\(labels[1])/copy.png", "\(labels[1])/recoded.webp"]
        #expect(groups.contains { $0.isSuperset(of: copies) })
        #expect(groups.contains { $0.isSuperset(of: ["\(labels[2])/1.png", "\(labels[2])/small.jpg"]) })
        let lines = try String(contentsOfFile: scratch.path("d/groups.jsonl"), encoding: .utf8)
        #expect(lines == output.standardOutput)
        let page = try String(contentsOfFile: scratch.path("d/index.html"), encoding: .utf8)
        #expect(page.contains("data:image/jpeg;base64,") && page.contains("recoded.webp"))
        #expect(try Set(scratch.names).isSuperset(of: before))

        // From the vectors, whose pictures are found again; with no slack only content remains.
        let again = try Program.succeed([
            "duplicates", scratch.path("d/vectors/images.npy"), "--threshold", "0", "-o", scratch.path("e"), "--json",
        ])
        let exact = try again.objects
        #expect(exact.count == 1)
        #expect(exact.first?["kind"] as? String == "same-pixels" || exact.first?["kind"] as? String == "same-file")
        let blind = try Program.succeed([
            "duplicates", folder, "--vectors", scratch.path("d/vectors/images.npy"), "--no-contents", "--similarity",
            "0.999999", "-o", scratch.path("f"),
        ])
        #expect(blind.standardOutput.contains("copy.png"))
        #expect(blind.standardError.contains("groups and pictures in them by similarity"))
    }

    @Test("settings that contradict each other are wrong usage")
    func usage() throws {
        for arguments in [
            ["duplicates", "x", "-o", "y", "--threshold", "1", "--similarity", "0.5"],
            ["duplicates", "x", "-o", "y", "--threshold", "-1"],
            ["duplicates", "x", "-o", "y", "--metric", "l2", "--similarity", "0.5"],
            ["duplicates", "x.npy", "-o", "y", "--vectors", "z.npy"],
            ["duplicates", "x", "-o", "y", "-k", "0"],
            ["path", "x.npy", "a", "b", "-k", "0"],
            ["compare", "x.npy", "--indexes", "Flat;IVF16,Flot", "-o", "y"],
            ["compare", "x.npy", "--indexes", ";", "-o", "y"],
            ["compare", "x.npy", "--indexes", "Flat", "--query-labels", "l.txt", "-o", "y"],
        ] {
            #expect(try Program.run(arguments).status == 2, "\(arguments)")
        }
    }

    @Test("a path goes from one picture to another, with as many neighbours as it takes")
    func path() throws {
        let scratch = try Scratch()
        // Two rows of points with a gap.
        let values: [Float] = [0, 1, 2, 3, 4, 20, 21, 22, 23, 24]
        try VectorFile.write(Matrix(values.map { [$0] }), to: scratch.path("x.npy"))
        let output = try Program.succeed([
            "path", scratch.path("x.npy"), "0", "9", "-k", "2", "--metric", "l2", "-o", scratch.path("p"), "--json",
        ])
        let object = try #require(try output.objects.first)
        let rows = (object["stops"] as? [[String: Any]])?.compactMap { $0["row"] as? Int } ?? []
        #expect(rows.first == 0 && rows.last == 9 && rows.contains(4) && rows.contains(5))
        #expect(object["longest_step"] as? Double == 256)
        #expect(try #require(object["degree"] as? Int) > 2)
        #expect(output.standardError.contains("not connected"))
        #expect(scratch.exists("p/index.html") && scratch.exists("p/path.json"))
        // From a graph that is there already.
        try KNNGraph.exact(Matrix(values.map { [$0] }), k: 2).write(to: scratch.path("graph.ivecs"))
        let far = ["path", scratch.path("x.npy"), "0", "9", "--metric", "l2", "--graph", scratch.path("graph.ivecs")]
        let apart = try Program.run(far)
        #expect(apart.status == 1 && apart.standardError.contains("not connected by 2 neighbours"))
        let same = try Program.succeed(["path", scratch.path("x.npy"), "3", "3"])
        #expect(same.standardOutput == "row 3\n")
        for (name, word) in [("10", "row 10"), ("cat.jpg", "row number")] {
            let bad = try Program.run(["path", scratch.path("x.npy"), "0", name])
            #expect(bad.status == 1 && bad.standardError.contains(word))
        }
    }

    @Test("pictures on a path are named and shown")
    func namedPath() throws {
        let scratch = try Scratch()
        let folder = try Pictures.folder("photos", classes: 3, perClass: 4, in: scratch)
        try Program.succeed(["embed", folder, "-o", scratch.path("v.npy")])
        let (a, b) = ("\(DemoImages.labels[0])/0.png", "\(DemoImages.labels[2])/3.png")
        let output = try Program.succeed(["path", scratch.path("v.npy"), a, b, "-k", "3", "-o", scratch.path("p")])
        let lines = output.standardOutput.split(separator: "\n")
        #expect(lines.first == Substring(a))
        #expect(lines.last?.hasPrefix(b) == true)
        let page = try String(contentsOfFile: scratch.path("p/index.html"), encoding: .utf8)
        #expect(page.components(separatedBy: "data:image/jpeg;base64,").count == lines.count + 1)
        let gone = try Program.run(["path", scratch.path("v.npy"), a, "nowhere.png"])
        #expect(gone.status == 1 && gone.standardError.contains("nowhere.png"))
    }

    @Test("compare builds, sweeps and draws; labels give accuracy")
    func compare() throws {
        let scratch = try Scratch()
        let base = Vectors.base(600)
        try VectorFile.write(base, to: scratch.path("x.npy"))
        let labels = (0..<600).map { "class \($0 / 16 % 3)\n" }.joined()
        try scratch.write("labels.txt", Data(labels.utf8))
        let output = try Program.succeed([
            "compare", scratch.path("x.npy"), "--indexes", "IVF8,Flat; SQ8", "--indexes", "IVF8,SQ4,RFlat",
            "--held-out",
            "40", "-k", "5", "--repeat", "1", "--labels", scratch.path("labels.txt"), "-o", scratch.path("c"), "--json",
        ])
        let objects = try output.objects
        var names: [String] = []
        for object in objects {
            let name = try #require(object["index"] as? String)
            if names.last != name { names.append(name) }
            for key in ["setting", "k", "threads", "recall", "qps", "accuracy", "bytes", "file_bytes", "add_seconds"] {
                #expect(object[key] != nil, "\(key)")
            }
            #expect(try #require(object["file_bytes"] as? Int) > 0)
        }
        #expect(names == ["Flat", "IVF8,Flat", "SQ8", "IVF8,SQ4,RFlat"])
        #expect(objects.first?["recall"] as? Double == 1)
        #expect(
            try scratch.names.filter { $0.hasPrefix("c/") }
                == ["c/compare.jsonl", "c/compare.md", "c/compare.svg", "c/index.html"])
        let drawing = try String(contentsOfFile: scratch.path("c/compare.svg"), encoding: .utf8)
        #expect(XMLParser(data: Data(drawing.utf8)).parse())
        #expect(drawing.contains("prefers-color-scheme:dark") && drawing.contains("IVF8,SQ4,RFlat"))
        let table = try String(contentsOfFile: scratch.path("c/compare.md"), encoding: .utf8)
        #expect(table.contains("| `IVF8,Flat` |") && table.contains("accuracy"))

        try VectorFile.write(base.rows(0..<30), to: scratch.path("q.npy"))
        let asked = try Program.succeed([
            "compare", scratch.path("x.npy"), "--queries", scratch.path("q.npy"), "--indexes", "Flat", "-k", "3",
            "--repeat", "1", "-o", scratch.path("g"),
        ])
        #expect(asked.standardOutput.hasPrefix("Flat: built in "))
        let short = try Program.run([
            "compare", scratch.path("x.npy"), "--indexes", "Flat", "--labels", scratch.path("q.npy"), "-o",
            scratch.path("h"),
        ])
        #expect(short.status == 1 && short.standardError.contains("q.npy"))
    }
}
