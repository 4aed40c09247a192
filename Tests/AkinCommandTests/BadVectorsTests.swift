import Akin
import Foundation
import Testing

/// Bad input to the commands that work on vectors: status 1, one line that names the file and what was expected, and
/// nothing half-written.
@Suite("Bad vectors and indexes")
struct BadVectorsTests {
    private func expectFailure(
        _ arguments: [String], says parts: [String], in scratch: Scratch, at location: SourceLocation = #_sourceLocation
    ) throws {
        let before = try scratch.names
        let output = try Program.run(arguments)
        #expect(output.status == 1, sourceLocation: location)
        #expect(output.standardError.hasPrefix("error: "), sourceLocation: location)
        #expect(output.standardError.split(separator: "\n").count == 1, sourceLocation: location)
        for part in parts { #expect(output.standardError.contains(part), sourceLocation: location) }
        #expect(output.standardOutput.isEmpty, sourceLocation: location)
        #expect(try scratch.names == before, "left something behind", sourceLocation: location)
    }

    @Test("vectors with NaN or infinity are refused by name and place", arguments: [Float.nan, .infinity])
    func notFinite(value: Float) throws {
        let scratch = try Scratch()
        try VectorFile.write(Matrix<Float>([[1, 2], [3, value]]), to: scratch.path("bad.npy"))
        let place = ["bad.npy", "row 1, component 1"]
        try expectFailure(
            ["build", scratch.path("bad.npy"), "-o", scratch.path("x.akin")], says: place, in: scratch)
        try expectFailure(["verify", scratch.path("bad.npy")], says: place, in: scratch)
        try VectorFile.write(Matrix<Float>([[1, 2], [3, 4]]), to: scratch.path("good.npy"))
        try Program.succeed(["build", scratch.path("good.npy"), "-o", scratch.path("good.akin")])
        try expectFailure(
            ["search", scratch.path("good.akin"), scratch.path("bad.npy")], says: place, in: scratch)
        try expectFailure(
            ["truth", scratch.path("good.npy"), scratch.path("bad.npy"), "-k", "1", "-o", scratch.path("t.ivecs")],
            says: place, in: scratch)
    }

    @Test("queries of another dimension are refused")
    func wrongDimension() throws {
        let scratch = try Scratch()
        _ = try Vectors.index(in: scratch)
        try VectorFile.write(Matrix<Float>([[1, 2, 3]]), to: scratch.path("three.npy"))
        try expectFailure(
            ["search", scratch.path("flat.akin"), scratch.path("three.npy"), "-o", scratch.path("r.ivecs")],
            says: ["three.npy", "dimension 8", "dimension 3"], in: scratch)
    }

    @Test(
        "k of 0 is wrong usage",
        arguments: [["search", "i", "q"], ["truth", "b", "q", "-o", "t.ivecs"], ["eval", "i", "q"]])
    func zeroK(arguments: [String]) throws {
        let output = try Program.run(arguments + ["-k", "0"])
        #expect(output.status == 2)
        #expect(output.standardError.hasPrefix("error: -k is 0"))
    }

    @Test("more true neighbours than vectors are refused")
    func largeK() throws {
        let scratch = try Scratch()
        _ = try Vectors.index(in: scratch)
        try expectFailure(
            [
                "truth", scratch.path("base.npy"), scratch.path("queries.npy"), "-k", "201", "-o",
                scratch.path("t.ivecs"),
            ], says: ["base.npy", "201", "200"], in: scratch)
    }

    @Test("an empty file, a truncated one and one of no known kind are named")
    func damagedFiles() throws {
        let scratch = try Scratch()
        _ = try Vectors.index(in: scratch)
        let whole = try Data(contentsOf: scratch.url.appendingPathComponent("base.npy"))
        for (name, data, say) in [
            ("empty.npy", Data(), "empty.npy"), ("short.npy", whole.dropLast(1), "short.npy"),
            ("text.npy", Data("not an array".utf8), "text.npy"), ("vectors.csv", whole, ".npy, .fvecs"),
        ] {
            try scratch.write(name, data)
            try expectFailure(
                ["build", scratch.path(name), "-o", scratch.path("x.akin")], says: [name, say], in: scratch)
            try expectFailure(["info", scratch.path(name)], says: [name], in: scratch)
        }
        try expectFailure(
            ["build", scratch.path("none.npy"), "-o", scratch.path("x.akin")], says: ["none.npy"], in: scratch)
    }

    @Test("a damaged index is found, wherever a byte was changed", arguments: [0, 9, 0.3, 0.6, 0.999])
    func damagedIndex(place: Double) throws {
        let scratch = try Scratch()
        _ = try Vectors.index(in: scratch)
        var bytes = try Data(contentsOf: scratch.url.appendingPathComponent("flat.akin"))
        bytes[place < 1 ? Int(place * Double(bytes.count)) : Int(place)] ^= 0x40
        try scratch.write("damaged.akin", bytes)
        for arguments in [
            ["verify", scratch.path("damaged.akin")],
            ["search", scratch.path("damaged.akin"), scratch.path("queries.npy")],
        ] {
            try expectFailure(arguments, says: ["damaged.akin"], in: scratch)
        }
        try scratch.write("short.akin", bytes.prefix(bytes.count / 2))
        try expectFailure(["verify", scratch.path("short.akin")], says: ["short.akin"], in: scratch)
    }

    @Test("a place that cannot be written is named", arguments: ["no/such/folder/x.akin", "."])
    func unwritable(name: String) throws {
        let scratch = try Scratch()
        try VectorFile.write(Vectors.base(10), to: scratch.path("base.npy"))
        try expectFailure(
            ["build", scratch.path("base.npy"), "-o", scratch.path(name)], says: [scratch.path(name)], in: scratch)
    }

    @Test("an old file survives a failure to replace it")
    func oldFileSurvives() throws {
        let scratch = try Scratch()
        _ = try Vectors.index(in: scratch)
        let before = try Data(contentsOf: scratch.url.appendingPathComponent("flat.akin"))
        try VectorFile.write(Matrix<Float>([[.nan]]), to: scratch.path("bad.npy"))
        try expectFailure(
            ["build", scratch.path("bad.npy"), "-o", scratch.path("flat.akin")], says: ["bad.npy"], in: scratch)
        #expect(try Data(contentsOf: scratch.url.appendingPathComponent("flat.akin")) == before)
    }

    @Test("vectors of two embedding spaces are not mixed")
    func mixedSpaces() throws {
        let scratch = try Scratch()
        let base = Vectors.base(10)
        let (here, there) = (EmbeddingSpace(id: "aaaa", name: "here"), EmbeddingSpace(id: "bbbb", name: "there"))
        try FlatIndex(base, space: here).save(to: scratch.path("here.akin"))
        try VectorFile.write(base, to: scratch.path("q.npy"))
        try scratch.write(
            "q.jsonl", Data((0..<10).map { #"{"path": "\#($0).png", "row": \#($0)}"# + "\n" }.joined().utf8))
        let description: [String: Any] = [
            "format": "akin embedded set", "version": 1, "akin": "0.1.0", "count": 10, "skipped": 0, "dimension": 8,
            "space": ["id": there.id, "name": there.name], "source": "pictures",
        ]
        try scratch.write("q.json", JSONSerialization.data(withJSONObject: description))
        try expectFailure(
            ["search", scratch.path("here.akin"), scratch.path("q.npy")], says: ["q.npy", "here", "there"], in: scratch)
    }
}
