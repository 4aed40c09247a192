import Akin
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
}
