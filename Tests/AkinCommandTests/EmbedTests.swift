import Akin
import AkinVision
import Foundation
import Testing

@Suite("akin embed")
struct EmbedTests {
    @Test("writes a row and a record per image, and says how fast")
    func embed() throws {
        let scratch = try Scratch()
        let images = try Pictures.folder("images", in: scratch)
        let output = try Program.succeed(["embed", images, "--model", "builtin", "-o", scratch.path("v.npy"), "--json"])
        let object = try #require(try output.objects.first)
        #expect(object["images"] as? Int == 12)
        #expect(object["skipped"] as? Int == 0)
        #expect(try #require(object["seconds"] as? Double) > 0)
        #expect(try #require(object["images_per_second"] as? Double) > 0)
        let set = try EmbeddedSet(path: scratch.path("v.npy"))
        #expect(set.vectors.rows == 12)
        #expect(object["dimension"] as? Int == set.vectors.columns)
        #expect(object["space"] as? String == set.space?.id)
        #expect(set.records.map(\.label) == DemoImages.labels.prefix(3).flatMap { [$0, $0, $0, $0] })
        #expect(try scratch.names.filter { !$0.hasPrefix("images") } == ["v.json", "v.jsonl", "v.npy"])
    }

    @Test("gives the same from a tar as from a folder, on any number of threads")
    func tar() throws {
        let scratch = try Scratch()
        let images = try Pictures.folder("images", in: scratch)
        let names = try scratch.names.filter { $0.hasSuffix(".png") }
        let files = try names.map { name in
            (String(name.dropFirst("images/".count)), try Data(contentsOf: scratch.url.appendingPathComponent(name)))
        }
        try scratch.write("images.tar", Pictures.tar(files))
        try Program.succeed(["embed", images, "-o", scratch.path("folder.npy"), "--threads", "1"])
        try Program.succeed(["embed", scratch.path("images.tar"), "-o", scratch.path("tar.npy"), "--threads", "3"])
        let (folder, tar) = (
            try EmbeddedSet(path: scratch.path("folder.npy")), try EmbeddedSet(path: scratch.path("tar.npy"))
        )
        #expect(folder.vectors == tar.vectors)
        #expect(folder.records == tar.records)
        #expect(folder.space == tar.space)
    }

    @Test("counts, lists and skips what is no image", arguments: ["text", "empty", "truncated", "bomb"])
    func unreadable(kind: String) throws {
        let scratch = try Scratch()
        let images = try Pictures.folder("images", classes: 1, perClass: 3, in: scratch)
        let whole = try Pictures.png()
        let bad =
            switch kind {
            case "text": Data("no picture at all".utf8)
            case "empty": Data()
            case "truncated": whole.prefix(whole.count / 2)
            default: Pictures.bomb(side: 60_000)
            }
        let label = DemoImages.labels[0]
        try scratch.write("images/\(label)/1a.png", bad)
        let arguments = ["embed", images, "-o", scratch.path("v.npy"), "--json"]
        let output = try Program.succeed(arguments)
        let object = try #require(try output.objects.first)
        #expect(object["images"] as? Int == 3)
        #expect(object["skipped"] as? Int == 1)
        #expect(output.standardError.contains("1 image could not be read"))
        let set = try EmbeddedSet(path: scratch.path("v.npy"))
        #expect(set.skipped.map(\.path) == ["\(label)/1a.png"])
        #expect(set.skipped.first?.error?.isEmpty == false)

        try FileManager.default.removeItem(atPath: scratch.path("v.npy"))
        let strict = try Program.run(arguments + ["--strict", "--restart"])
        #expect(strict.status == 1)
        #expect(strict.standardError.hasPrefix("error: "))
        #expect(strict.standardError.contains("1a.png"))
        #expect(!scratch.exists("v.npy"))
    }

    @Test("refuses images beyond --max-pixels")
    func maxPixels() throws {
        let scratch = try Scratch()
        let images = try Pictures.folder("images", classes: 1, perClass: 2, in: scratch)
        try scratch.write("images/large.png", Pictures.png(side: 64))
        let output = try Program.succeed([
            "embed", images, "-o", scratch.path("v.npy"), "--max-pixels", "2000", "--json",
        ])
        #expect(try output.objects.first?["skipped"] as? Int == 1)
    }

    @Test(
        "after Ctrl-C it keeps what is finished, and the next run gives what one run would have",
        .timeLimit(.minutes(2)))
    func interrupted() throws {
        let scratch = try Scratch()
        let images = try Pictures.folder("images", classes: 4, perClass: 8, in: scratch)
        // The same picture many times over makes the work long enough to be interrupted.
        let large = try Pictures.png(side: 300)
        for number in 0..<400 { try scratch.write("images/zz/\(1000 + number).png", large) }
        let arguments = ["embed", images, "-o", scratch.path("v.npy"), "--threads", "1"]
        let running = try Program.start(arguments)
        let deadline = Date(timeIntervalSinceNow: 30)
        while !scratch.exists("v.jsonl.partial"), Date() < deadline { usleep(10_000) }
        usleep(300_000)
        running.process.interrupt()
        let first = running.wait()
        #expect(first.status == 130)
        #expect(first.standardError.contains("interrupted"))
        #expect(!scratch.exists("v.npy"))
        #expect(scratch.exists("v.jsonl.partial"))

        let second = try Program.succeed(arguments + ["--json"])
        #expect(try #require(try second.objects.first?["resumed"] as? Int) > 0)
        try Program.succeed(["embed", images, "-o", scratch.path("w.npy")])
        for suffix in ["npy", "jsonl"] {
            #expect(
                try Data(contentsOf: scratch.url.appendingPathComponent("v.\(suffix)"))
                    == Data(contentsOf: scratch.url.appendingPathComponent("w.\(suffix)")), "v.\(suffix)")
        }
        #expect(try scratch.names.filter { $0.hasSuffix(".partial") }.isEmpty)
    }
}
