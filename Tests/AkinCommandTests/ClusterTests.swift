import Akin
import Foundation
import Testing

@Suite("akin cluster")
struct ClusterTests {
    @Test("writes centroids and the centroid of each vector, and says how it went")
    func clusters() throws {
        let scratch = try Scratch()
        let base = Vectors.base()
        try VectorFile.write(base, to: scratch.path("base.npy"))
        let output = try Program.succeed([
            "cluster", scratch.path("base.npy"), "--centroids", "7", "--iterations", "4", "--threads", "2",
            "--assignments", scratch.path("groups.ivecs"), "-o", scratch.path("c.npy"), "--json",
        ])
        let object = try #require(try output.objects.first)
        #expect(object["count"] as? Int == 200)
        #expect(object["dimension"] as? Int == 8)
        #expect(object["centroids"] as? Int == 7)
        #expect(object["threads"] as? Int == 2)
        #expect(object["iterations"] as? Int == 4)
        #expect((object["seconds"] as? Double).map { $0 >= 0 } == true)
        #expect((object["history"] as? [Double])?.count == 5)
        let centroids = try VectorFile(path: scratch.path("c.npy")).floats()
        let groups = try VectorFile(path: scratch.path("groups.ivecs")).integers()
        #expect(centroids.rows == 7 && groups.rows == 200 && groups.columns == 1)
        var total: Float = 0
        var wrong = 0
        for i in 0..<200 {
            let nearest = Vectors.nearest(centroids, to: base[i], k: 1)[0]
            let distance = Vectors.squaredDistance(centroids[Int(groups[i, 0])], base[i])
            if distance > Vectors.squaredDistance(centroids[nearest], base[i]) * 1.0001 { wrong += 1 }
            total += distance
        }
        #expect(wrong == 0)
        let objective = try #require(object["objective"] as? Double)
        #expect(abs(Double(total) - objective) < 1e-3 * objective)
    }

    @Test("gives the same file for the same seed, in any arithmetic, on any number of threads, in memory or not")
    func isReproducible() throws {
        let scratch = try Scratch()
        try VectorFile.write(Vectors.base(), to: scratch.path("base.fvecs"))
        var files: Set<Data> = []
        for extra in [["-t", "1"], ["-t", "3", "--arithmetic", "float32"], ["--memory", "1GiB"]] {
            try Program.succeed(
                ["cluster", scratch.path("base.fvecs"), "--centroids", "9", "-o", scratch.path("c.npy")] + extra)
            files.insert(try Data(contentsOf: scratch.url.appendingPathComponent("c.npy")))
        }
        #expect(files.count == 1)
        try Program.succeed([
            "cluster", scratch.path("base.fvecs"), "--centroids", "9", "--seed", "5", "-o", scratch.path("c.npy"),
        ])
        files.insert(try Data(contentsOf: scratch.url.appendingPathComponent("c.npy")))
        #expect(files.count == 2)
    }

    @Test(
        "knows its variants",
        arguments: [
            ["--spherical"], ["--balance", "1.2"], ["--start", "plusplus", "--restarts", "2"], ["--tolerance", "0.1"],
            ["--points-per-centroid", "5"], ["--all-points"],
        ])
    func variants(options: [String]) throws {
        let scratch = try Scratch()
        try VectorFile.write(Vectors.base(), to: scratch.path("base.npy"))
        try Program.succeed(
            ["cluster", scratch.path("base.npy"), "--centroids", "9", "-o", scratch.path("c.fvecs")] + options)
        #expect(try VectorFile(path: scratch.path("c.fvecs")).count == 9)
    }

    @Test("refuses bad vectors by name, and leaves nothing behind")
    func badVectors() throws {
        let scratch = try Scratch()
        try VectorFile.write(Matrix<Float>([[1, 2], [3, .nan]]), to: scratch.path("bad.npy"))
        let before = try scratch.names
        for (centroids, parts) in [("1", ["bad.npy", "row 1, component 1"]), ("3", ["bad.npy", "3", "2"])] {
            let output = try Program.run([
                "cluster", scratch.path("bad.npy"), "--centroids", centroids, "-o", scratch.path("c.npy"),
            ])
            #expect(output.status == 1)
            #expect(output.standardError.hasPrefix("error: "))
            for part in parts { #expect(output.standardError.contains(part)) }
        }
        #expect(try scratch.names == before)
    }

    @Test(
        "wrong usage ends with status 2",
        arguments: [
            ["--centroids", "0"], [], ["--centroids", "2", "--restarts", "0"],
            ["--centroids", "2", "--tolerance", "1"],
            ["--centroids", "2", "--balance", "0.9"], ["--centroids", "2", "--memory", "much"],
            ["--centroids", "2", "--start", "nowhere"], ["--centroids", "2", "--iterations", "-1"],
        ])
    func wrongUsage(options: [String]) throws {
        let output = try Program.run(["cluster", "vectors.npy", "-o", "c.npy"] + options)
        #expect(output.status == 2)
        #expect(output.standardError.hasPrefix("error: "))
    }
}
