import Akin
import AkinTestSupport
import Foundation
import Testing

@Suite("akin convert")
struct ConvertTests {
    @Test("keeps the values on the way through every format of floats")
    func roundTrip() throws {
        let scratch = try Scratch()
        let vectors = Matrix<Float>([[0, 1.5, -2], [3e-20, 4, .pi]])
        try VectorFile.write(vectors, to: scratch.path("a.npy"))
        try Program.succeed(["convert", scratch.path("a.npy"), scratch.path("b.fvecs")])
        try Program.succeed(["convert", scratch.path("b.fvecs"), scratch.path("c.fbin")])
        try Program.succeed(["convert", scratch.path("c.fbin"), scratch.path("d.npy")])
        #expect(try VectorFile(path: scratch.path("d.npy")).floats() == vectors)
        #expect(
            try Data(contentsOf: scratch.url.appendingPathComponent("a.npy"))
                == Data(contentsOf: scratch.url.appendingPathComponent("d.npy")))
    }

    @Test("keeps whole numbers that a float cannot hold")
    func wholeNumbers() throws {
        let scratch = try Scratch()
        let ids = Matrix<Int32>([[16_777_217, -5], [0, .max]])
        try VectorFile.write(ids, to: scratch.path("a.ivecs"))
        let output = try Program.succeed(["convert", scratch.path("a.ivecs"), scratch.path("b.npy"), "--json"])
        #expect(try VectorFile(path: scratch.path("b.npy")).integers() == ids)
        let object = try #require(try output.objects.first)
        #expect(object["count"] as? Int == 2)
        #expect(object["dimension"] as? Int == 2)
        #expect(object["type"] as? String == "int32")
    }

    @Test("takes only the first rows, and another element type")
    func firstRows() throws {
        let scratch = try Scratch()
        try VectorFile.write(Matrix<Float>([[1, 2], [3, 4], [5, 6]]), to: scratch.path("a.npy"))
        try Program.succeed([
            "convert", scratch.path("a.npy"), scratch.path("b.npy"), "--first", "2", "--type", "float16",
        ])
        let file = try VectorFile(path: scratch.path("b.npy"))
        #expect(file.elementType == .float16)
        #expect(try file.floats() == Matrix<Float>([[1, 2], [3, 4]]))
    }

    @Test("refuses a value that the new format cannot hold and leaves nothing behind")
    func misfit() throws {
        let scratch = try Scratch()
        try VectorFile.write(Matrix<Float>([[1, 2], [3, 4.5]]), to: scratch.path("a.npy"))
        let output = try Program.run(["convert", scratch.path("a.npy"), scratch.path("b.u8bin")])
        #expect(output.status == 1)
        #expect(output.standardError.contains("b.u8bin: row 1, component 1 is 4.5"))
        #expect(try scratch.names == ["a.npy"])
    }

    @Test("takes an index to Faiss's format and back, with its answers", arguments: ["l2", "ip", "cosine"])
    func faiss(_ metric: String) throws {
        let scratch = try Scratch()
        try VectorFile.write(Matrix<Float>.random(rows: 200, columns: 8, seed: 1), to: scratch.path("base.npy"))
        try VectorFile.write(Matrix<Float>.random(rows: 5, columns: 8, seed: 2), to: scratch.path("queries.npy"))
        for spec in ["Flat", "IVF8,PQ4x4fs,RFlat"] {
            try Program.succeed([
                "build", scratch.path("base.npy"), "--index", spec, "--metric", metric, "-o", scratch.path("a.akin"),
            ])
            try Program.succeed(["convert", scratch.path("a.akin"), scratch.path("b.faiss")])
            let back = try Program.succeed(["convert", scratch.path("b.faiss"), scratch.path("c.akin"), "--json"])
            let object = try #require(try back.objects.first)
            #expect(object["index"] as? String == spec)
            #expect(object["count"] as? Int == 200)
            let search = ["search", scratch.path("a.akin"), scratch.path("queries.npy"), "-k", "5", "--json"]
            let again = ["search", scratch.path("c.akin"), scratch.path("queries.npy"), "-k", "5", "--json"]
            let first = try Program.succeed(search).objects, second = try Program.succeed(again).objects
            #expect(first.map { $0["ids"] as? [Int] } == second.map { $0["ids"] as? [Int] })
            // Written once more, a Faiss file has the same bytes.
            try Program.succeed(["convert", scratch.path("b.faiss"), scratch.path("d.index")])
            #expect(
                try Data(contentsOf: scratch.url.appendingPathComponent("b.faiss"))
                    == Data(contentsOf: scratch.url.appendingPathComponent("d.index")))
            let info = try #require(try Program.succeed(["info", scratch.path("b.faiss"), "--json"]).objects.first)
            #expect(info["format"] as? String == "faiss")
            #expect(info["count"] as? Int == 200 && info["dimension"] as? Int == 8)
        }
    }

    @Test("says what cannot be converted into what")
    func wrongPairs() throws {
        let scratch = try Scratch()
        try VectorFile.write(Matrix<Float>([[1, 2], [3, 4]]), to: scratch.path("a.npy"))
        try Program.succeed(["build", scratch.path("a.npy"), "-o", scratch.path("a.akin")])
        for (arguments, reason) in [
            (["a.npy", "b.akin"], "akin build"), (["a.npy", "b.faiss"], "akin build"),
            (["a.akin", "b.akin"], "copy it"),
            (["a.akin", "b.npy"], "not to a file of vectors"),
        ] {
            let output = try Program.run(["convert"] + arguments.map { scratch.path($0) })
            #expect(output.status == 1)
            #expect(output.standardError.contains(reason))
        }
        let damaged = scratch.url.appendingPathComponent("c.faiss")
        try Data("IxF2".utf8).write(to: damaged)
        let output = try Program.run(["convert", damaged.path, scratch.path("b.akin")])
        #expect(output.status == 1)
        #expect(output.standardError.contains("the file ends before the dimension"))
        #expect(try Program.run(["info", damaged.path]).status == 1)
    }
}
