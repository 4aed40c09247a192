import Akin
import AkinTestSupport
import Foundation
import Testing

/// Files of graphs that are not what they were.
@Suite struct HNSWDamageTests {
    static let specs = ["HNSW4", "HNSW4,SQ8,RFlat", "PCA8,HNSW4,PQ4"]

    private func file(_ text: String, _ folder: String, ids: Bool = true) throws -> String {
        let base = Matrix<Float>.clustered(rows: 300, columns: 16, clusters: 6, seed: 1)
        var index = try HNSWIndex(training: base, spec: IndexSpec(parsing: text, dimension: 16), threads: 1)
        try index.add(base.rows(0..<60), ids: ids ? (0..<60).map { Int64($0 * 3) } : nil)
        let path = folder + "/graph.akin"
        try index.save(to: path)
        return path
    }

    @Test("cut anywhere, a file is an error", arguments: specs)
    func truncated(text: String) throws {
        try withTemporaryDirectory { folder in
            let whole = try Data(contentsOf: .init(filePath: try file(text, folder)))
            let cut = folder + "/cut.akin"
            for length in stride(from: 0, to: whole.count, by: 257) {
                try whole.prefix(length).write(to: .init(filePath: cut))
                #expect(throws: FileError.self, "\(length) bytes") { try HNSWIndex(path: cut) }
                #expect(throws: FileError.self, "\(length) bytes") {
                    try HNSWIndex(path: cut, isMapped: true, verify: false)
                }
            }
        }
    }

    @Test(
        "a changed byte is an error when checksums are compared, and never more than a wrong answer", arguments: specs)
    func flipped(text: String) throws {
        try withTemporaryDirectory { folder in
            let path = try file(text, folder)
            let whole = try [UInt8](Data(contentsOf: .init(filePath: path)))
            for section in try ContainerReader(path: path).sections where section.byteCount > 0 {
                for i in 0..<24 {
                    var bytes = whole
                    bytes[section.offset + i * max(1, section.byteCount / 24) % section.byteCount] ^= 1 << UInt8(i % 8)
                    let reader = try ContainerReader(bytes.withUnsafeBytes { MemoryFile($0) }, path: "changed")
                    #expect(throws: (any Error).self, "\(section.name) \(i)") { try HNSWIndex(reader, verify: true) }
                    guard let index = try? HNSWIndex(reader, verify: false) else { continue }
                    #expect(["ids", "codes", "refined", "hnsw", "manifest"].contains(section.name), "\(section.name)")
                    use(index)
                }
            }
        }
    }

    /// Searches and changes an index that may be wrong.
    private func use(_ index: HNSWIndex) {
        let queries = Matrix<Float>.clustered(rows: 3, columns: 16, clusters: 6, seed: 2)
        for filter in [nil, IDFilter.predicate { $0 % 2 == 0 }] {
            let found = try? index.search(queries, k: 3, options: .init(threads: 1, filter: filter))
            #expect(found?.neighbors.count ?? 3 == 3)
        }
        var changed = index
        changed.remove(where: .predicate { $0 % 4 == 0 }, threads: 1)
        try? changed.add(queries, threads: 1)
    }

    /// A copy of a container with one section changed and every checksum right.
    private func rewritten(
        _ path: String, _ name: String, to folder: String, _ change: (inout [UInt8]) -> Void
    ) throws -> String {
        let container = try ContainerReader(path: path)
        let whole = try [UInt8](Data(contentsOf: .init(filePath: path)))
        let changed = folder + "/changed.akin"
        let writer = try ContainerWriter(path: changed)
        for section in container.sections {
            var bytes = Array(whole[section.offset..<section.offset + section.byteCount])
            if section.name == name { change(&bytes) }
            try writer.begin(section.name, section.kind)
            try bytes.withUnsafeBytes { try writer.write($0) }
        }
        try writer.finish()
        return changed
    }

    private func store(_ value: Int32, _ place: Int, _ bytes: inout [UInt8]) {
        withUnsafeBytes(of: value) { for i in 0..<4 { bytes[4 * place + i] = $0[i] } }
    }

    private func replace(_ text: String, by other: String, _ bytes: inout [UInt8]) {
        bytes = Array(
            String(decoding: bytes, as: UTF8.self).replacingOccurrences(
                of: text, with: other, options: .regularExpression
            ).utf8)
    }

    @Test("numbers that contradict each other are errors, though checksums are right")
    func contradictions() throws {
        try withTemporaryDirectory { folder in
            let path = try file("HNSW4", folder)
            func refused(_ section: String, verify: Bool = false, _ change: (inout [UInt8]) -> Void) throws {
                let changed = try rewritten(path, section, to: folder, change)
                let error = #expect(throws: FileError.self, "\(section)") {
                    try HNSWIndex(path: changed, verify: verify)
                }
                #expect(error?.code == .malformed, "\(section)")
            }
            for link: Int32 in [60, -2, .max] { try refused("links.0") { store(link, 17, &$0) } }
            try refused("links.1") { store(59, 0, &$0) }
            // A member's row, and its number one level down, which is that row here.
            for (place, number) in [(0, Int32(60)), (0, -1), (1, 60), (1, -1)] {
                try refused("places.1") { store(number, place, &$0) }
            }
            try refused("places.1") { bytes in
                let row = bytes[0] == 5 ? Int32(6) : 5
                store(row, 0, &bytes)
            }
            // The same member twice.
            try refused("places.1") { bytes in for i in 0..<8 { bytes[8 + i] = bytes[i] } }
            // An id twice, and one that is not below the next.
            try refused("ids", verify: true) { bytes in for i in 0..<8 { bytes[8 + i] = bytes[i] } }
            try refused("ids", verify: true) { $0[6] = 1 }
            for (pattern, other) in [
                ("\"entry\":[0-9]+", "\"entry\":999"), ("\"entry\":[0-9]+", "\"entry\":-1"),
                ("\"members\":\\[60", "\"members\":[61"), ("\"members\":\\[[0-9,]+\\]", "\"members\":[]"),
                ("\"rowByteCount\":[0-9]+", "\"rowByteCount\":1"), ("\"efSearch\":[0-9]+", "\"efSearch\":0"),
                ("\"codedDimension\":[0-9]+", "\"codedDimension\":17"), ("\"alpha\":[0-9.]+", "\"alpha\":0.5"),
            ] {
                try refused("hnsw") { replace(pattern, by: other, &$0) }
            }
        }
    }

    @Test("an index of another kind is named")
    func otherKind() throws {
        try withTemporaryDirectory { folder in
            let path = folder + "/flat.akin"
            try FlatIndex(Matrix([[1, 2]])).save(to: path)
            #expect(#expect(throws: FileError.self) { try HNSWIndex(path: path) }?.code == .mismatch)
        }
    }
}
