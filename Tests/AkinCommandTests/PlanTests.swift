import Foundation
import Testing

@Suite("akin plan")
struct PlanTests {
    @Test("a plan names bytes, hours and rates")
    func plan() throws {
        let output = try Program.succeed([
            "plan", "IVF262144_HNSW32,PQ16x4fs", "--count", "1000000000", "--dimension", "96", "--seconds", "0.1",
        ])
        for words in [
            "1,000,000,000 vectors of dimension 96", "train", "build", "search", "file", "codes", "ids", "centroids",
            "assign by graph", "train centroids", "copy to disk", "/s", "assumed:",
        ] {
            #expect(output.standardOutput.contains(words), "\(words)")
        }
    }

    @Test("with --json it is one object")
    func json() throws {
        let arguments = ["plan", "IVF64,SQ8,RFlat", "--count", "100000", "--dimension", "32", "--json"]
        let measured = try #require(try Program.succeed(arguments + ["--seconds", "0.05"]).objects.first)
        let bytes = try #require(measured["bytes"] as? [String: Int])
        #expect(Set(bytes.keys) == ["train", "build", "search", "search_mapped", "file"])
        #expect((bytes["file"] ?? 0) > 100_000 * (32 + 8 + 128))
        let hours = try #require(measured["hours"] as? [String: Double])
        #expect(hours.keys.sorted() == ["build", "train"] && hours.values.allSatisfy { $0 > 0 })
        let tasks = try #require(measured["tasks"] as? [[String: Any]])
        #expect(tasks.allSatisfy { ($0["per_second"] as? Double ?? 0) > 0 && $0["operation"] is String })
        #expect(measured["index"] as? String == "IVF64,SQ8,RFlat")

        let plain = try #require(try Program.succeed(arguments + ["--no-measure"]).objects.first)
        #expect(plain["hours"] == nil)
        #expect(plain["bytes"] as? [String: Int] == bytes)
        let small = try #require(
            try Program.succeed(arguments + ["--no-measure", "--memory", "64MiB", "--count", "10000000"]).objects.first)
        #expect((small["shards"] as? Int ?? 0) > 1)
    }

    @Test("vectors give count and dimension")
    func vectors() throws {
        let scratch = try Scratch()
        let path = try writeVectors(scratch, rows: 500, columns: 8)
        let plan = try #require(
            try Program.succeed(["plan", "IVF4,PQ4x4", "--vectors", path, "--json", "--seconds", "0.05"]).objects.first)
        #expect(plan["count"] as? Int == 500 && plan["dimension"] as? Int == 8)
        let wrong = try Program.run(["plan", "Flat", "--vectors", path, "--dimension", "9"])
        #expect(wrong.status == 1)
        #expect(wrong.standardError.contains("expected vectors of dimension 9, got dimension 8"))
    }

    private func writeVectors(_ scratch: Scratch, rows: Int, columns: Int) throws -> String {
        var data = Data()
        for row in 0..<rows {
            withUnsafeBytes(of: Int32(columns).littleEndian) { data.append(contentsOf: $0) }
            for column in 0..<columns {
                let value = Float((row * 31 + column * 17) % 23)
                withUnsafeBytes(of: value.bitPattern.littleEndian) { data.append(contentsOf: $0) }
            }
        }
        return try scratch.write("base.fvecs", data)
    }

    @Test(
        "wrong use is an error of usage",
        arguments: [
            ["plan"], ["plan", "Flat"], ["plan", "Flat", "--count", "10"],
            ["plan", "Flat", "--count", "0", "--dimension", "8"], ["plan", "Flat", "--count", "1", "--dimension", "0"],
            ["plan", "Hello", "--count", "1", "--dimension", "8"],
            ["plan", "Flat", "--count", "1", "--dimension", "8", "--seconds", "0"],
            ["plan", "Flat", "--count", "1", "--dimension", "8", "--memory", "lots"],
        ])
    func wrongUse(arguments: [String]) throws {
        let output = try Program.run(arguments)
        #expect(output.status == 2)
        #expect(output.standardError.hasPrefix("error: "))
        #expect(output.standardOutput.isEmpty)
    }

    @Test("a caret shows what cannot be")
    func caret() throws {
        let output = try Program.run(["plan", "IVF4096,PQ7", "--count", "1000", "--dimension", "128"])
        #expect(output.status == 2)
        let lines = output.standardError.split(separator: "\n").map(String.init)
        #expect(lines.contains("  IVF4096,PQ7") && lines.contains("          ^"))
        #expect(output.standardError.contains("4 or 8 would do"))
    }
}
