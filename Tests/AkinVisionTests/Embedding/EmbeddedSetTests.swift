import Akin
import AkinTestSupport
import AkinVision
import Foundation
import Testing

@Suite("Files of an embedded set")
struct EmbeddedSetTests {
    private func withSet(_ body: (_ folder: String) throws -> Void) throws {
        try withTemporaryDirectory { folder in
            try TestImages.writeFolder(folder + "/in", count: 10, broken: [3])
            _ = try EmbeddingPipeline.embed(
                source: ImageSources.open(folder + "/in"), embedder: NumberEmbedder(), to: folder + "/v.npy")
            try body(folder)
        }
    }

    private func read(_ folder: String, _ name: String) throws -> String {
        try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
    }

    private func write(_ text: String, _ folder: String, _ name: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
    }

    @Test("what was written is read")
    func roundTrip() throws {
        try withSet { folder in
            let set = try EmbeddedSet(path: folder + "/v.npy")
            let expected = try EmbeddingPipeline.embed(
                source: ImageSources.open(folder + "/in"), embedder: NumberEmbedder())
            #expect(set.vectors == expected.vectors)
            #expect(set.records == expected.records && set.skipped == expected.skipped)
            #expect(set.space == expected.space)
            let labels = set.labels
            #expect(labels == ["a", "a", "a", "a", "b", "b", "b", "b", "b"])
        }
    }

    @Test("lines have a path, a label and a row or an error")
    func lines() throws {
        try withSet { folder in
            let lines = try read(folder, "v.jsonl").split(separator: "\n")
            #expect(lines.count == 10)
            #expect(lines[0] == #"{"label":"a","path":"a/000.png","row":0}"#)
            #expect(lines[3].hasPrefix(#"{"error":"not a JPEG"#) && !lines[3].contains("row"))
            #expect(lines[9] == #"{"label":"b","path":"b/009.png","row":8}"#)
        }
    }

    @Test("names are written as JSON writes them, and a missing label as null")
    func unusualNames() throws {
        try withTemporaryDirectory { folder in
            let name = "ä \"quoted\" \\ name.png"
            try FileManager.default.createDirectory(atPath: folder + "/in", withIntermediateDirectories: true)
            try Data(TestImages.png(1)).write(to: URL(fileURLWithPath: "\(folder)/in/\(name)"))
            _ = try EmbeddingPipeline.embed(
                source: ImageSources.open(folder + "/in"), embedder: NumberEmbedder(), to: folder + "/v.npy")
            let line = try read(folder, "v.jsonl")
            #expect(line == #"{"label":null,"path":"ä \"quoted\" \\ name.png","row":0}"# + "\n")
            let set = try EmbeddedSet(path: folder + "/v.npy")
            #expect(set.records == [ImageRecord(path: name, row: 0)])
        }
    }

    @Test("a file of vectors alone is a set without records")
    func vectorsAlone() throws {
        try withSet { folder in
            for name in ["v.jsonl", "v.json"] { try FileManager.default.removeItem(atPath: "\(folder)/\(name)") }
            let set = try EmbeddedSet(path: folder + "/v.npy")
            #expect(set.vectors.rows == 9 && set.records.isEmpty && set.labels == nil && set.space == nil)
        }
    }

    @Test("records are read without a description")
    func withoutDescription() throws {
        try withSet { folder in
            try FileManager.default.removeItem(atPath: folder + "/v.json")
            let set = try EmbeddedSet(path: folder + "/v.npy")
            #expect(set.records.count == 9 && set.space == nil)
        }
    }

    @Test("files that contradict each other are errors that name the file")
    func contradictions() throws {
        let cases: [(name: String, from: String, to: String)] = [
            ("v.jsonl", #""row":4"#, #""row":5"#),
            ("v.jsonl", #""row":8"#, #""row":-1"#),
            ("v.jsonl", #","row":8"#, ""),
            ("v.jsonl", #"{"label":"b","path":"b/009.png","row":8}"#, ""),
            ("v.jsonl", #"{"label":"b","path":"b/009.png","row":8}"#, "rubbish"),
            ("v.json", #""count" : 9"#, #""count" : 10"#),
            ("v.json", #""dimension" : 4"#, #""dimension" : 5"#),
            ("v.json", #""version" : 1"#, #""version" : 2"#),
            ("v.json", "{", "["),
        ]
        for (name, from, to) in cases {
            try withSet { folder in
                let text = try read(folder, name)
                try #require(text.contains(from))
                try write(text.replacingOccurrences(of: from, with: to), folder, name)
                let error = #expect(throws: EmbeddingError.self) { try EmbeddedSet(path: folder + "/v.npy") }
                guard case .damagedSet(let file, _, _) = error else {
                    Issue.record("\(from) -> \(to): \(String(describing: error))")
                    return
                }
                #expect(file.hasPrefix(folder + "/v."))
            }
        }
    }

    @Test("a described set without its records is damaged")
    func recordsMissing() throws {
        try withSet { folder in
            try FileManager.default.removeItem(atPath: folder + "/v.jsonl")
            #expect(throws: EmbeddingError.self) { try EmbeddedSet(path: folder + "/v.npy") }
        }
    }

    @Test("a missing file of vectors is an error")
    func missing() {
        #expect(throws: FileError.self) { try EmbeddedSet(path: "/nowhere/v.npy") }
    }
}
