import Akin
import Foundation
import Testing

@Suite("akin build, search and eval with inverted files")
struct IVFCommandTests {
    /// Vectors, some of them as queries, and the truth.
    private func prepare(_ scratch: Scratch) throws -> Matrix<Float> {
        let base = Vectors.base(600, dimension: 8)
        try VectorFile.write(base, to: scratch.path("base.fbin"))
        try VectorFile.write(base.rows(0..<40), to: scratch.path("queries.npy"))
        try Program.succeed([
            "truth", scratch.path("base.fbin"), scratch.path("queries.npy"), "-k", "10", "-o",
            scratch.path("truth.ivecs"),
        ])
        return base
    }

    @Test("build, search mapped and not, evaluate", arguments: ["IVF8,Flat", "IVF8,PQ4x4fs,RFlat", "SQ8"])
    func wholeWay(spec: String) throws {
        let scratch = try Scratch()
        let base = try prepare(scratch)
        let built = try Program.succeed([
            "build", scratch.path("base.fbin"), "--index", spec, "-o", scratch.path("x.akin"), "--json",
        ])
        let object = try #require(try built.objects.first)
        #expect(object["index"] as? String == spec)
        #expect(object["count"] as? Int == 600)
        #expect(try #require(object["train_seconds"] as? Double) > 0)

        var answers: [String] = []
        for mapped in [[], ["--mapped"]] {
            let found = try Program.succeed(
                ["search", scratch.path("x.akin"), scratch.path("queries.npy"), "-k", "3", "--nprobe", "8", "--json"]
                    + mapped)
            answers.append(found.standardOutput)
            for (i, object) in try found.objects.enumerated() {
                #expect((object["ids"] as? [Int])?.contains(i) == true, "row \(i) is near itself")
            }
        }
        #expect(answers[0] == answers[1])

        let eval = try Program.succeed([
            "eval", scratch.path("x.akin"), scratch.path("queries.npy"), "--truth", scratch.path("truth.ivecs"),
            "--base", scratch.path("base.fbin"), "--sweep", "nprobe=1,4,8", "--sweep", "refine=2,20", "--repeat", "1",
            "--json",
        ])
        let recalls = try eval.objects.compactMap { $0["recall"] as? Double }
        #expect(recalls.count == 6)
        #expect(try #require(recalls.last) >= 0.9)
        #expect(try #require(recalls.first) <= recalls[5])
        // One list has nothing to set.
        let word = spec == "SQ8" ? "arithmetic=" : "nprobe="
        #expect(try eval.objects.allSatisfy { ($0["setting"] as? String)?.contains(word) == true })
        #expect(base.rows == 600)
    }

    @Test("eval finds the cheapest setting that reaches a goal, and says when none does")
    func goal() throws {
        let scratch = try Scratch()
        _ = try prepare(scratch)
        try Program.succeed([
            "build", scratch.path("base.fbin"), "--index", "IVF8,Flat", "-o", scratch.path("x.akin"),
        ])
        let files = [scratch.path("x.akin"), scratch.path("queries.npy"), "--truth", scratch.path("truth.ivecs")]
        let best = try Program.succeed(
            ["eval"] + files + ["--base", scratch.path("base.fbin"), "--goal", "0.9", "--json"])
        let object = try #require(try best.objects.first)
        #expect(try #require(object["recall"] as? Double) >= 0.9)
        try Program.succeed([
            "build", scratch.path("base.fbin"), "--index", "PQ1x4", "-o", scratch.path("y.akin"),
        ])
        let none = try Program.run(
            ["eval", scratch.path("y.akin")] + files.dropFirst() + ["--goal", "0.99"])
        #expect(none.status == 1)
        #expect(none.standardError.contains("no setting"))
        #expect(
            try Program.run(["eval", scratch.path("x.akin"), scratch.path("queries.npy"), "--goal", "0.9"]).status == 2)
    }

    @Test("a build with little memory gives the same index, and goes on where it stopped")
    func inParts() throws {
        let scratch = try Scratch()
        _ = try prepare(scratch)
        let options = ["--index", "IVF8,SQ8", "--json"]
        try Program.succeed(["build", scratch.path("base.fbin"), "-o", scratch.path("once.akin")] + options)
        let parts = try Program.succeed(
            ["build", scratch.path("base.fbin"), "--memory", "64MiB", "-o", scratch.path("parts.akin")] + options)
        #expect(try parts.objects.first?["merge_seconds"] as? Double != nil)
        let answers = try ["once.akin", "parts.akin"].map { name in
            try Program.succeed([
                "search", scratch.path(name), scratch.path("queries.npy"), "-k", "5", "--json",
            ]).standardOutput
        }
        #expect(answers[0] == answers[1])
        #expect(!scratch.exists("parts.akin.parts"))
        let little = try Program.run(
            ["build", scratch.path("base.fbin"), "--memory", "1MiB", "-o", scratch.path("z.akin")] + options)
        #expect(little.status == 1)
        #expect(little.standardError.contains("memory"))
    }

    @Test("an automatic choice says what it measured and why it chose")
    func automatic() throws {
        let scratch = try Scratch()
        _ = try prepare(scratch)
        let output = try Program.succeed([
            "build", scratch.path("base.fbin"), "--index", "auto", "--recall", "0.9", "-o", scratch.path("x.akin"),
            "--json",
        ])
        let spec = try #require(try output.objects.first?["index"] as? String)
        #expect(output.standardError.contains("\(spec): "))
        #expect(output.standardError.contains("recall"))
        #expect(try IndexFile.open(scratch.path("x.akin")).spec == spec)
    }

    @Test("what cannot be built is refused with a caret or a reason")
    func refused() throws {
        let scratch = try Scratch()
        _ = try prepare(scratch)
        func build(_ spec: String) throws -> Program.Output {
            try Program.run(["build", scratch.path("base.fbin"), "--index", spec, "-o", scratch.path("x.akin")])
        }
        let odd = try build("IVF8,PQ3")
        #expect(odd.status != 0 && odd.standardError.contains("\n       ^") || odd.standardError.contains("     ^"))
        let many = try build("IVF5000,Flat")
        #expect(many.status == 1 && many.standardError.contains("5000"))
        let graph = try build("IVF8_HNSW1,Flat")
        #expect(graph.status != 0 && graph.standardError.contains("links"))
        #expect(try build("IVF8,Foo").status == 2)
        #expect(!scratch.exists("x.akin"))
    }
}
