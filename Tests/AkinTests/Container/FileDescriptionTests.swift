import Akin
import AkinTestSupport
import Testing

@Suite("File descriptions")
struct FileDescriptionTests {
    @Test("an index file says what it holds, whatever its name", arguments: ["index.akin", "index", "index.npy"])
    func indexFile(_ name: String) throws {
        let space = EmbeddingSpace(id: "abc", name: "model")
        let index = try FlatIndex(
            .random(rows: 6, columns: 5, seed: 1), ids: [9, 8, 7, 6, 5, 4], metric: .cosine, space: space)
        try withTemporaryDirectory { folder in
            let path = "\(folder)/\(name)"
            try index.save(to: path)
            let description = try FileDescription(path: path)
            #expect(description.path == path)
            #expect(description.format == "akin")
            #expect(description.formatVersion == 1)
            #expect(try description.bytes == contents(path).count)
            #expect((description.count, description.dimension) == (6, 5))
            #expect(description.elementType == .float32)
            #expect(description.index == "Flat")
            #expect(description.metric == .cosine)
            #expect(description.hasIDs == true)
            #expect(description.space == space)
            #expect(description.sections.map(\.name) == ["manifest", "vectors", "ids"])
            #expect(description.sections.map(\.bytes).suffix(2) == [120, 48])
            try FileDescription.verify(path: path)
        }
    }

    @Test("a file of vectors says what it holds", arguments: Storing.all)
    func vectorFile(_ storing: Storing) throws {
        try withTemporaryDirectory { folder in
            let path = "\(folder)/v.\(storing.format.rawValue)"
            try VectorFile.write(
                Matrix<Float>.randomIntegers(rows: 3, columns: 4, seed: 1), to: path, elementType: storing.elementType)
            let description = try FileDescription(path: path)
            #expect(description.format == storing.format.rawValue)
            #expect((description.count, description.dimension) == (3, 4))
            #expect(description.elementType == storing.elementType)
            #expect(description.index == nil)
            #expect(description.sections.isEmpty)
            try FileDescription.verify(path: path)
        }
    }

    @Test("verifying finds a row of another dimension")
    func verifyRows() throws {
        try withTemporaryDirectory { folder in
            let row = bytes(Int32(1)) + bytes(Float(2).bitPattern)
            try store(row + row + bytes(Int32(5)) + bytes(Float(2).bitPattern), at: "\(folder)/v.fvecs")
            #expect(try FileDescription(path: "\(folder)/v.fvecs").count == 3)
            let error = #expect(throws: FileError.self) { try FileDescription.verify(path: "\(folder)/v.fvecs") }
            #expect(error?.offset == 16)
        }
    }

    @Test("a file that is neither is refused")
    func neither() throws {
        try withTemporaryDirectory { folder in
            try store(Array("hello, world".utf8), at: "\(folder)/text.txt")
            #expect(throws: FileError.self) { try FileDescription(path: "\(folder)/text.txt") }
            try store(Array("hello, world".utf8), at: "\(folder)/text.akin")
            let error = #expect(throws: FileError.self) { try FileDescription(path: "\(folder)/text.akin") }
            #expect(error?.message.contains("expected an .akin file") == true)
        }
    }
}
