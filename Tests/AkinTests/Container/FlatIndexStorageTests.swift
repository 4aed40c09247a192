import Akin
import AkinTestSupport
import Foundation
import Testing

@Suite("Flat indexes in files")
struct FlatIndexStorageTests {
    private let space = EmbeddingSpace(id: "0123456789abcdef", name: "test model")

    @Test("a saved index answers as before", arguments: Metric.allCases, [false, true])
    func roundTrip(_ metric: Metric, hasIDs: Bool) throws {
        let base = Matrix<Float>.random(rows: 200, columns: 19, seed: 1)
        let ids = hasIDs ? (0..<200).map { Int64($0) * 7 - 300 } : nil
        let queries = Matrix<Float>.random(rows: 5, columns: 19, seed: 2)
        let index = try FlatIndex(base, ids: ids, metric: metric, space: space)
        try withTemporaryDirectory { folder in
            let path = "\(folder)/index.akin"
            try index.save(to: path)
            let opened = try FlatIndex(path: path)
            #expect(opened.vectors == base)
            #expect(opened.ids == ids)
            #expect(opened.metric == metric)
            #expect(opened.space == space)
            #expect(try opened.search(queries, k: 7).neighbors == index.search(queries, k: 7).neighbors)
        }
    }

    @Test("the vectors are those of the mapped file, on a page")
    func vectorsAreMapped() throws {
        try withTemporaryDirectory { folder in
            let path = "\(folder)/index.akin"
            try FlatIndex(.random(rows: 10, columns: 3, seed: 1)).save(to: path)
            let opened = try FlatIndex(path: path, verify: false)
            opened.vectors.withUnsafeElements { elements in
                #expect(Int(bitPattern: elements.baseAddress) % 4_096 == 0)
            }
            // Bytes of the file reached through the shared mapping: overwriting the file shows in the matrix.
            let handle = try #require(FileHandle(forWritingAtPath: path))
            try handle.seek(toOffset: 8_192)
            try handle.write(contentsOf: Data(bytes(Float(77).bitPattern)))
            try handle.close()
            #expect(opened.vectors[0, 0] == 77)
        }
    }

    @Test("an index can be saved over the file it is mapped from")
    func saveOverItself() throws {
        try withTemporaryDirectory { folder in
            let path = "\(folder)/index.akin"
            let base = Matrix<Float>.random(rows: 500, columns: 12, seed: 3)
            try FlatIndex(base).save(to: path)
            let opened = try FlatIndex(path: path)
            try opened.save(to: path)
            #expect(opened.vectors == base)
            #expect(try FlatIndex(path: path).vectors == base)
        }
    }

    @Test("an empty index is kept with its dimension")
    func empty() throws {
        try withTemporaryDirectory { folder in
            try FlatIndex(.random(rows: 0, columns: 5, seed: 1)).save(to: "\(folder)/index.akin")
            let opened = try FlatIndex(path: "\(folder)/index.akin")
            #expect((opened.count, opened.dimension) == (0, 5))
        }
    }

    @Test("damage in the vectors is found when verified")
    func damage() throws {
        try withTemporaryDirectory { folder in
            let path = "\(folder)/index.akin"
            try FlatIndex(.random(rows: 100, columns: 8, seed: 1)).save(to: path)
            var damaged = try contents(path)
            damaged[8_192 + 1_000] ^= 1
            try store(damaged, at: path)
            let error = #expect(throws: FileError.self) { try FlatIndex(path: path) }
            #expect(error?.code == .checksumMismatch)
            #expect(error?.section == "vectors")
            #expect(try FlatIndex(path: path, verify: false).count == 100)
            #expect(throws: FileError.self) { try FileDescription.verify(path: path) }
        }
    }

    /// A container whose manifest says something else than its sections.
    private func container(
        manifest: String, vectors: [Float] = [1, 2, 3, 4], ids: [Int64]? = nil, at path: String
    ) throws {
        let object = try JSONDecoder().decode([String: Value].self, from: Data(manifest.utf8))
        let writer = try ContainerWriter(path: path)
        try writer.write(json: object, named: "manifest")
        try writer.begin("vectors", .float32)
        try vectors.withUnsafeBufferPointer { elements in try writer.write(elements) }
        if let ids {
            try writer.begin("ids", .int64)
            try ids.withUnsafeBufferPointer { elements in try writer.write(elements) }
        }
        try writer.finish()
    }

    private enum Value: Codable {
        case number(Int), text(String), truth(Bool)

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let value = try? container.decode(Bool.self) {
                self = .truth(value)
            } else if let value = try? container.decode(Int.self) {
                self = .number(value)
            } else {
                self = .text(try container.decode(String.self))
            }
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .number(let value): try container.encode(value)
            case .text(let value): try container.encode(value)
            case .truth(let value): try container.encode(value)
            }
        }
    }

    private func manifest(_ changes: [String: String] = [:]) -> String {
        var fields = [
            "spec": "\"Flat\"", "metric": "\"l2\"", "count": "2", "dimension": "2", "elementType": "\"float32\"",
            "hasIDs": "false", "writer": "\"test\"",
        ]
        fields.merge(changes) { $1 }
        return "{" + fields.map { "\"\($0)\": \($1)" }.joined(separator: ",") + "}"
    }

    @Test("a manifest and sections of any other writer are read")
    func handMade() throws {
        try withTemporaryDirectory { folder in
            let path = "\(folder)/index.akin"
            try container(manifest: manifest(["hasIDs": "true"]), ids: [9, 5], at: path)
            let index = try FlatIndex(path: path)
            #expect(index.vectors == Matrix([[1, 2], [3, 4]]))
            #expect(index.ids == [9, 5])
            #expect(index.space == nil)
        }
    }

    @Test(
        "a manifest that contradicts the sections or knows other words is refused",
        arguments: [
            ["count": "3"], ["count": "-2", "dimension": "-2"], ["count": "9223372036854775807"], ["dimension": "0"],
            ["dimension": "4611686018427387904", "count": "4"], ["count": "4611686018427387905", "dimension": "4"],
            ["metric": "\"hamming\""], ["spec": "\"IVF16,Flat\""], ["elementType": "\"float16\""],
            ["elementType": "\"float64\""], ["hasIDs": "true"], ["count": "\"two\""],
        ])
    func lyingManifest(_ changes: [String: String]) throws {
        try withTemporaryDirectory { folder in
            let path = "\(folder)/index.akin"
            try container(manifest: manifest(changes), at: path)
            #expect(throws: FileError.self) { try FlatIndex(path: path) }
        }
    }

    @Test("vectors that no index could hold are refused")
    func invalidContents() throws {
        try withTemporaryDirectory { folder in
            let path = "\(folder)/index.akin"
            try container(manifest: manifest(), vectors: [1, 2, .nan, 4], at: path)
            let notFinite = #expect(throws: FileError.self) { try FlatIndex(path: path) }
            #expect(notFinite?.message.contains("row 1, component 0 is NaN or infinite") == true)
            try container(manifest: manifest(["hasIDs": "true"]), ids: [5, 5], at: path)
            let twice = #expect(throws: FileError.self) { try FlatIndex(path: path) }
            #expect(twice?.message.contains("id 5 is given more than once") == true)
        }
    }
}
