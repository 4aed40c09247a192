import Akin
import AkinTestSupport
import Foundation
import Testing

/// Files of inverted lists that are not what they were.
@Suite struct IVFDamageTests {
    static let specs = [
        "IVF4,Flat", "IVF4,SQ8", "IVF4,PQ4", "IVF4,PQ8x4fs,RFlat", "PCA8,IVF4,PQ4x4fsr", "IVF40_HNSW4,Flat",
    ]

    private func file(_ text: String, _ folder: String) throws -> String {
        let base = Matrix<Float>.clustered(rows: 400, columns: 16, clusters: 6, seed: 1)
        let spec = try IndexSpec(parsing: text, dimension: 16)
        var index = try IVFIndex(training: base, spec: spec, options: .init(threads: 1))
        try index.add(base.rows(0..<60))
        let path = folder + "/index.akin"
        try index.save(to: path)
        return path
    }

    @Test("cut anywhere, a file is an error", arguments: specs)
    func truncated(text: String) throws {
        try withTemporaryDirectory { folder in
            let path = try file(text, folder)
            let whole = try Data(contentsOf: .init(filePath: path))
            let cut = folder + "/cut.akin"
            for length in stride(from: 0, to: whole.count, by: 257) {
                try whole.prefix(length).write(to: .init(filePath: cut))
                #expect(throws: FileError.self, "\(length) bytes") { try IVFIndex(path: cut) }
            }
        }
    }

    @Test(
        "a changed byte is an error when checksums are compared, and never more than a wrong answer", arguments: specs)
    func flipped(text: String) throws {
        try withTemporaryDirectory { folder in
            let path = try file(text, folder)
            let whole = try [UInt8](Data(contentsOf: .init(filePath: path)))
            let queries = Matrix<Float>.clustered(rows: 4, columns: 16, clusters: 6, seed: 1, skipping: 400)
            let container = try ContainerReader(path: path)
            for section in container.sections where section.byteCount > 0 {
                for i in 0..<24 {
                    var bytes = whole
                    bytes[section.offset + i * max(1, section.byteCount / 24) % section.byteCount] ^= 1 << UInt8(i % 8)
                    let storage = bytes.withUnsafeBytes { MemoryFile($0) }
                    let reader = try ContainerReader(storage, path: "changed")
                    #expect(throws: (any Error).self, "\(section.name) \(i)") { try IVFIndex(reader, verify: true) }
                    // What training found is compared in any case; lists are read as they are.
                    guard let index = try? IVFIndex(reader, verify: false) else { continue }
                    #expect(["ids", "codes", "refined", "ivf", "manifest"].contains(section.name), "\(section.name)")
                    let found = try index.search(queries, k: 3, options: .init(threads: 1, nprobe: 4, efSearch: 8))
                    #expect(found.neighbors.count == 4)
                }
            }
        }
    }

    @Test("an index of another kind is named")
    func otherKind() throws {
        try withTemporaryDirectory { folder in
            let path = folder + "/flat.akin"
            try FlatIndex(Matrix([[1, 2]])).save(to: path)
            let error = #expect(throws: FileError.self) { try IVFIndex(path: path) }
            #expect(error?.code == .mismatch)
        }
    }
}
