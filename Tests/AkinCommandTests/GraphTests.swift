import Akin
import Foundation
import Testing

@Suite("akin graph")
struct GraphTests {
    @Test("writes the neighbours of every vector and their scores, and says how it went")
    func writesGraph() throws {
        let scratch = try Scratch()
        try VectorFile.write(Vectors.base(), to: scratch.path("base.npy"))
        for extra in [[], ["--recall", "0.9", "--threads", "2"]] {
            let output = try Program.succeed(
                ["graph", scratch.path("base.npy"), "-k", "5", "-o", scratch.path("graph.ivecs"), "--json"] + extra)
            let object = try #require(try output.objects.first)
            #expect(object["count"] as? Int == 200)
            #expect(object["dimension"] as? Int == 8)
            #expect(object["k"] as? Int == 5)
            #expect(object["metric"] as? String == "l2")
            #expect(object["method"] as? String == "exact")  // 200 vectors are too few for another way
            #expect(object["recall"] as? Double == 1)
            #expect((object["seconds"] as? Double).map { $0 >= 0 } == true)
            let graph = try KNNGraph(path: scratch.path("graph.ivecs"), metric: .l2)
            let base = Vectors.base()
            for row in 0..<200 {
                let nearest = Vectors.nearest(base, to: base[row], k: 6).filter { $0 != row }.prefix(5)
                #expect(graph[row].map { Int($0.id) } == Array(nearest))
            }
        }
    }

    @Test("refuses bad vectors by name, and leaves nothing behind")
    func badVectors() throws {
        let scratch = try Scratch()
        try VectorFile.write(Matrix<Float>([[1, 2], [3, .nan]]), to: scratch.path("bad.npy"))
        try VectorFile.write(Matrix<Float>([[1, 2]]), to: scratch.path("one.npy"))
        let before = try scratch.names
        for (file, words) in [("bad.npy", "row 1, component 1"), ("one.npy", "at least two"), ("none.npy", "none.npy")]
        {
            let output = try Program.run(["graph", scratch.path(file), "-o", scratch.path("graph.ivecs")])
            #expect(output.status == 1)
            #expect(output.standardError.hasPrefix("error: "))
            #expect(output.standardError.contains(file) && output.standardError.contains(words))
        }
        #expect(try scratch.names == before)
    }

    @Test("with --memory writes the same graph by blocks and says how before it starts", arguments: [nil, "0.9"])
    func byBlocks(recall: String?) throws {
        let scratch = try Scratch()
        // Enough for several blocks of the least size.
        try VectorFile.write(Vectors.base(9_000, dimension: 16), to: scratch.path("base.fvecs"))
        let command =
            ["graph", scratch.path("base.fvecs"), "-k", "5", "--threads", "2"]
            + (recall.map { ["--recall", $0] } ?? [])
        let whole = try Program.succeed(command + ["-o", scratch.path("whole.ivecs"), "--json"])
        let output = try Program.succeed(command + ["-o", scratch.path("blocks.ivecs"), "--memory", "34MiB", "--json"])
        #expect(output.standardError.contains(" blocks, ") && output.standardError.contains("begins anew"))
        let object = try #require(try output.objects.first)
        #expect(object["count"] as? Int == 9_000 && object["k"] as? Int == 5)
        let expected = try #require(try whole.objects.first)
        #expect(object["method"] as? String == expected["method"] as? String)
        #expect(object["recall"] as? Double == expected["recall"] as? Double)
        for suffix in ["ivecs", "scores.fvecs"] {
            let files = ["whole", "blocks"].map {
                FileManager.default.contents(atPath: scratch.path("\($0).\(suffix)"))
            }
            #expect(files[0] != nil && files[0] == files[1])
        }
    }

    @Test("refuses too little memory by naming what is enough")
    func tooLittleMemory() throws {
        let scratch = try Scratch()
        try VectorFile.write(Vectors.base(), to: scratch.path("base.npy"))
        let output = try Program.run(
            ["graph", scratch.path("base.npy"), "-o", scratch.path("graph.ivecs"), "--memory", "1MiB"])
        #expect(output.status == 1)
        #expect(output.standardError.hasPrefix("error: ") && output.standardError.contains("MiB or more"))
        #expect(try scratch.names == ["base.npy"])
    }

    @Test(
        "wrong usage ends with status 2",
        arguments: [
            ["-k", "0"], ["--recall", "0"], ["--recall", "1.5"], ["--metric", "l1"], ["--threads", "0"],
            ["--memory", "much"],
        ])
    func wrongUsage(options: [String]) throws {
        let output = try Program.run(["graph", "vectors.npy", "-o", "graph.ivecs"] + options)
        #expect(output.status == 2)
        #expect(output.standardError.hasPrefix("error: "))
    }
}
