import Akin
import Foundation
import Testing

@Suite("Examples")
struct ExampleTests {
    @Test("the first search finds what it should")
    func firstSearch() throws {
        let scratch = try Scratch()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Program.path(of: "FirstSearch"))
        process.arguments = [scratch.path("points.akin")]
        let out = Pipe()
        process.standardOutput = out
        try process.run()
        let said = String(decoding: out.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        #expect(said.hasPrefix("query 0: 5050 at 0.0, "))
        #expect(said.contains("query 1: 8025 at "))
        #expect(said.contains("exact: true, compared: 20000"))
        #expect(try FlatIndex(path: scratch.path("points.akin")).count == 10_000)
    }

    @Test("the article shows the code of the example")
    func articleAgrees() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let article = try String(
            contentsOf: root.appendingPathComponent("Sources/Akin/Akin.docc/FirstSearch.md"), encoding: .utf8)
        let example = try String(
            contentsOf: root.appendingPathComponent("Examples/FirstSearch/FirstSearch.swift"), encoding: .utf8)
        let lines = Set(example.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) })
        var isCode = false
        var checked = 0
        for line in article.split(separator: "\n") {
            if line.hasPrefix("```") { isCode = line == "```swift" }
            // Lines that name a file of the reader's own differ from the program.
            guard isCode, !line.hasPrefix("```"), !line.contains("path: \""), !line.contains("to: \"") else { continue }
            #expect(lines.contains(line.trimmingCharacters(in: .whitespaces)), "\(line)")
            checked += 1
        }
        #expect(checked > 10)
    }
}
