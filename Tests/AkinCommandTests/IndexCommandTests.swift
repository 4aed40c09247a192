import Akin
import Foundation
import Testing

@Suite("akin build, search and truth")
struct IndexCommandTests {
    @Test("build says what it built", arguments: ["l2", "ip", "cosine"])
    func build(metric: String) throws {
        let scratch = try Scratch()
        try VectorFile.write(Vectors.base(50), to: scratch.path("base.fvecs"))
        let output = try Program.succeed([
            "build", scratch.path("base.fvecs"), "--metric", metric, "-o", scratch.path("flat.akin"), "--json",
        ])
        let object = try #require(try output.objects.first)
        #expect(object["index"] as? String == "Flat")
        #expect(object["count"] as? Int == 50)
        #expect(object["dimension"] as? Int == 8)
        #expect(object["train_seconds"] as? Double == 0)
        #expect(try #require(object["add_seconds"] as? Double) >= 0)
        #expect(try #require(object["bytes"] as? Int) >= 50 * 8 * 4)
        #expect(object["metric"] as? String == metric)
        #expect(try FlatIndex(path: scratch.path("flat.akin")).metric == Metric(rawValue: metric))
    }

    @Test("shards of a part of the rows know their rows in the whole", arguments: ["Flat", "HNSW8", "IVF4,Flat"])
    func buildRows(spec: String) throws {
        let scratch = try Scratch()
        let base = Vectors.base()
        try VectorFile.write(base, to: scratch.path("base.npy"))
        for (name, rows) in [("a", "0..<90"), ("b", "90..<200")] {
            try Program.succeed([
                "build", scratch.path("base.npy"), "--rows", rows, "--index", spec, "-o", scratch.path("\(name).akin"),
            ])
        }
        let found = try ["a", "b"].flatMap { name in
            let index = try IndexFile.open(scratch.path("\(name).akin"))
            let options = SearchOptions(nprobe: 4, efSearch: 200)
            return try index.search(base.rows(95..<96), k: 5, options: options).neighbors[0].map {
                ($0.score, Int($0.id))
            }
        }
        #expect(found.sorted { $0 < $1 }.prefix(5).map(\.1) == Vectors.nearest(base, to: base[95], k: 5))
    }

    @Test(
        "a part that the vectors do not have is refused", arguments: ["150..<201", "20..<20", "5", "-1..<4", "a..<b"])
    func buildRowsOutside(rows: String) throws {
        let scratch = try Scratch()
        try VectorFile.write(Vectors.base(), to: scratch.path("base.npy"))
        let output = try Program.run([
            "build", scratch.path("base.npy"), "--rows=\(rows)", "-o", scratch.path("a.akin"),
        ])
        #expect(output.status != 0)
        #expect(output.standardError.contains("rows"))
    }

    @Test("search prints the true neighbours of each query", arguments: ["1", "2"])
    func search(threads: String) throws {
        let scratch = try Scratch()
        let base = try Vectors.index(in: scratch)
        let output = try Program.succeed([
            "search", scratch.path("flat.akin"), scratch.path("queries.npy"), "-k", "7", "--threads", threads, "--json",
        ])
        let objects = try output.objects
        #expect(objects.count == 10)
        for (i, object) in objects.enumerated() {
            #expect(object["query"] as? Int == i)
            let ids = try #require(object["ids"] as? [Int])
            #expect(ids == Vectors.nearest(base, to: base[20 + i], k: 7))
            let scores = try #require(object["scores"] as? [Double])
            #expect(scores.map(Float.init) == ids.map { Vectors.squaredDistance(base[$0], base[20 + i]) })
        }
    }

    @Test("search prints lines for people")
    func searchText() throws {
        let scratch = try Scratch()
        _ = try Vectors.index(in: scratch)
        let output = try Program.succeed([
            "search", scratch.path("flat.akin"), scratch.path("queries.npy"), "-k", "1",
        ])
        #expect(output.standardOutput.split(separator: "\n").first == "0: 20 (0.0)")
    }

    @Test("search writes ids and scores, as many as there are where k is larger")
    func searchToFile() throws {
        let scratch = try Scratch()
        let base = try Vectors.index(in: scratch)
        let output = try Program.succeed([
            "search", scratch.path("flat.akin"), scratch.path("queries.npy"), "-k", "1000",
            "-o", scratch.path("ids.ivecs"), "--scores", scratch.path("scores.fvecs"), "--json",
        ])
        let ids = try VectorFile(path: scratch.path("ids.ivecs")).integers()
        #expect(ids.rows == 10 && ids.columns == base.rows)
        #expect(ids[3].map(Int.init) == Vectors.nearest(base, to: base[23], k: base.rows))
        let scores = try VectorFile(path: scratch.path("scores.fvecs")).floats()
        #expect(scores[3] == ids[3].map { Vectors.squaredDistance(base[Int($0)], base[23]) })
        let object = try #require(try output.objects.first)
        for key in ["index", "k", "threads", "queries", "seconds", "qps", "exact"] { #expect(object[key] != nil) }
        #expect(object["exact"] as? Bool == true)
    }

    @Test("truth writes the true neighbours", arguments: ["truth.ivecs", "truth.npy"])
    func truth(name: String) throws {
        let scratch = try Scratch()
        let base = try Vectors.index(in: scratch)
        let output = try Program.succeed([
            "truth", scratch.path("base.npy"), scratch.path("queries.npy"), "-k", "12", "-o", scratch.path(name),
            "--json",
        ])
        let truth = try VectorFile(path: scratch.path(name)).integers()
        for i in 0..<10 { #expect(truth[i].map(Int.init) == Vectors.nearest(base, to: base[20 + i], k: 12)) }
        #expect(try output.objects.first?["queries"] as? Int == 10)
    }

    @Test("eval gives recall and speed per setting and batch")
    func eval() throws {
        let scratch = try Scratch()
        _ = try Vectors.index(in: scratch)
        try Program.succeed([
            "truth", scratch.path("base.npy"), scratch.path("queries.npy"), "-k", "10", "-o", scratch.path("t.ivecs"),
        ])
        let output = try Program.succeed([
            "eval", scratch.path("flat.akin"), scratch.path("queries.npy"), "--truth", scratch.path("t.ivecs"),
            "--sweep",
            "arithmetic=automatic,float32", "--batch", "0,1,3", "--threads", "1", "--repeat", "2", "--json",
        ])
        let objects = try output.objects
        #expect(objects.map { $0["batch"] as? Int } == [0, 1, 3, 0, 1, 3])
        #expect(objects.map { $0["setting"] as? String }.first == "arithmetic=automatic")
        #expect(objects.map { $0["setting"] as? String }.last == "arithmetic=float32")
        for object in objects {
            #expect(object["index"] as? String == "Flat")
            #expect(object["k"] as? Int == 10)
            #expect(object["threads"] as? Int == 1)
            #expect(object["recall"] as? Double == 1)
            #expect(try #require(object["qps"] as? Double) > 0)
            let (p50, p99) = (object["p50_us"] as? Double, object["p99_us"] as? Double)
            #expect(try #require(p50) > 0)
            #expect(try #require(p50) <= #require(p99))
            #expect(try #require(object["bytes"] as? Int) > 0)
        }
    }

    @Test("eval has no recall without a truth, and refuses one that is too short")
    func evalTruth() throws {
        let scratch = try Scratch()
        let base = try Vectors.index(in: scratch)
        let arguments = ["eval", scratch.path("flat.akin"), scratch.path("queries.npy"), "-k", "3", "--json"]
        #expect(try Program.succeed(arguments).objects.first?["recall"] is NSNull)
        let truth = (20..<30).map { Vectors.nearest(base, to: base[$0], k: 2).map(Int32.init) }
        try VectorFile.write(Matrix<Int32>(truth), to: scratch.path("short.ivecs"))
        let output = try Program.run(arguments + ["--truth", scratch.path("short.ivecs")])
        #expect(output.status == 1)
        #expect(output.standardError.contains("short.ivecs: k is 3"))
    }

    @Test("info and verify describe vectors and indexes")
    func infoAndVerify() throws {
        let scratch = try Scratch()
        _ = try Vectors.index(in: scratch)
        for (name, format) in [("flat.akin", "akin"), ("base.npy", "npy")] {
            let info = try #require(try Program.succeed(["info", scratch.path(name), "--json"]).objects.first)
            #expect(info["format"] as? String == format)
            #expect(info["count"] as? Int == 200)
            #expect(info["dimension"] as? Int == 8)
            let verified = try #require(try Program.succeed(["verify", scratch.path(name), "--json"]).objects.first)
            #expect(verified["ok"] as? Bool == true)
        }
        let text = try Program.succeed(["info", scratch.path("flat.akin")]).standardOutput
        #expect(text.contains("metric:      l2"))
        #expect(text.contains("CRC-32C"))
    }
}
