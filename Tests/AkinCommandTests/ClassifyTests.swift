import Akin
import AkinVision
import Foundation
import Testing

@Suite("akin classify and demo")
struct ClassifyTests {
    @Test("classifies images and vectors alike, and writes three reports")
    func classify() throws {
        let scratch = try Scratch()
        let train = try Pictures.folder("train", classes: 3, perClass: 6, in: scratch)
        let val = try Pictures.folder("val", classes: 3, perClass: 2, in: scratch)
        let output = try Program.succeed([
            "classify", "--train", train, "--val", val, "-k", "1,3", "--report", scratch.path("r"), "--include-self",
            "--json",
        ])
        let objects = try output.objects
        // Two votes, two k; leave-one-out, with itself, and held out.
        #expect(objects.count == 2 * 2 * 3)
        for object in objects {
            for key in ["set", "vote", "k", "top1", "top5", "build_seconds", "search_seconds", "vote_seconds"] {
                #expect(object[key] is NSNull == false && object[key] != nil, "\(key) of \(object)")
            }
            #expect(try #require(object["embed_seconds"] as? Double) > 0)
        }
        // The validation pictures are among the training ones: the nearest is the picture itself.
        let nearest = objects.filter { $0["set"] as? String == "validation" && $0["k"] as? Int == 1 }
        #expect(nearest.map { $0["top1"] as? Double } == [1, 1])
        for name in ["report.json", "report.md", "report.html", "vectors/train.npy", "vectors/validation.npy"] {
            #expect(scratch.exists("r/" + name), "\(name)")
        }

        let again = try Program.succeed([
            "classify", "--train", scratch.path("r/vectors/train.npy"), "--val",
            scratch.path("r/vectors/validation.npy"),
            "-k", "1,3", "--include-self", "--report", scratch.path("s"), "--suspects", "0", "--json",
        ])
        func text(_ folder: String) throws -> String {
            try String(contentsOfFile: scratch.path(folder + "/report.md"), encoding: .utf8)
        }
        #expect(try text("r").contains("## Labels to look at"))
        #expect(try !text("s").contains("## Labels to look at"))
        let accuracy = { (objects: [[String: Any]]) in objects.map { $0["top1"] as? Double } }
        #expect(accuracy(try again.objects) == accuracy(objects))
        #expect(try again.objects.allSatisfy { $0["embed_seconds"] is NSNull })
    }

    @Test("one vote is counted where one is asked for", arguments: ["majority", "softmax"])
    func oneVote(vote: String) throws {
        let scratch = try Scratch()
        let train = try Pictures.folder("train", in: scratch)
        let output = try Program.succeed([
            "classify", "--train", train, "--vote", vote, "-k", "2", "--report", scratch.path("r"), "--json",
        ])
        #expect(try output.objects.map { $0["vote"] as? String } == [vote])
    }

    @Test("an approximate index votes too")
    func approximate() throws {
        let scratch = try Scratch()
        let train = try Pictures.folder("train", in: scratch)
        let output = try Program.succeed([
            "classify", "--train", train, "-k", "2", "--index", "IVF2,SQ8", "--report", scratch.path("r"), "--json",
        ])
        #expect(try output.objects.allSatisfy { ($0["top1"] as? Double ?? 0) > 0 })
        #expect(try String(contentsOfFile: scratch.path("r/report.md"), encoding: .utf8).contains("IVF2,SQ8"))
    }

    @Test("vectors without labels, of another dimension or space are refused")
    func refused() throws {
        let scratch = try Scratch()
        try VectorFile.write(Vectors.base(10), to: scratch.path("bare.npy"))
        let bare = try Program.run(["classify", "--train", scratch.path("bare.npy"), "--report", scratch.path("r")])
        #expect(bare.status == 1)
        #expect(bare.standardError.contains("label"))
        #expect(!scratch.exists("r"))
        let flat = try Program.run(["classify", "--train", "x.npy", "--report", "r", "--index", "IVF16,Flot"])
        #expect(flat.status == 2)
        #expect(flat.standardError.contains("\n  IVF16,Flot\n        ^"))
    }

    @Test("the demonstration goes the whole way and says where the report is", .timeLimit(.minutes(2)))
    func demo() throws {
        let scratch = try Scratch()
        let output = try Program.succeed([
            "demo", "--output", scratch.path("demo"), "--train", "6", "--val", "2", "--json",
        ])
        #expect(output.standardError.contains("\(scratch.path("demo"))/report.html"))
        let objects = try output.objects
        #expect(objects.count == 2 * 2 * 3)
        let best = objects.compactMap { $0["top1"] as? Double }.max() ?? 0
        #expect(best > 3.0 / Double(DemoImages.labels.count), "three times better than chance")
        for name in [
            "report.html", "report.md", "report.json", "train.npy", "val.npy", "train.akin", "images/train",
            "path/index.html",
        ] {
            #expect(scratch.exists("demo/" + name), "\(name)")
        }
        // What it proposes to do next works.
        try Program.succeed([
            "search", scratch.path("demo/train.akin"), scratch.path("demo/val.npy"), "-k", "5", "--json",
        ])
        try Program.succeed(["verify", scratch.path("demo/train.akin")])
    }
}
