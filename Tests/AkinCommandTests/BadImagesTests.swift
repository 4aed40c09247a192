import Akin
import AkinVision
import Foundation
import Testing

/// Bad input to the commands that work on images: status 1, one line that names the file and what was expected, and
/// nothing half-written.
@Suite("Bad images, models and places")
struct BadImagesTests {
    private func expectFailure(
        _ arguments: [String], environment: [String: String] = [:], says parts: [String], in scratch: Scratch,
        at location: SourceLocation = #_sourceLocation
    ) throws {
        let before = try scratch.names
        let output = try Program.run(arguments, environment: environment)
        #expect(output.status == 1, sourceLocation: location)
        let lines = output.standardError.split(separator: "\n")
        #expect(lines.count == 1 && lines.first?.hasPrefix("error: ") == true, "\(lines)", sourceLocation: location)
        for part in parts { #expect(output.standardError.contains(part), sourceLocation: location) }
        #expect(output.standardOutput.isEmpty, sourceLocation: location)
        #expect(try scratch.names == before, "left something behind", sourceLocation: location)
    }

    @Test("a source that holds no image is named")
    func noImages() throws {
        let scratch = try Scratch()
        let empty = scratch.url.appendingPathComponent("empty")
        try FileManager.default.createDirectory(at: empty, withIntermediateDirectories: true)
        try scratch.write("notes/readme.txt", Data("no picture".utf8))
        try scratch.write("text.txt", Data("no picture".utf8))
        try scratch.write("nothing.tar", Data())
        for name in ["empty", "notes", "text.txt", "nothing.tar", "missing"] {
            try expectFailure(
                ["embed", scratch.path(name), "-o", scratch.path("v.npy")], says: [scratch.path(name)], in: scratch)
            try expectFailure(
                ["classify", "--train", scratch.path(name), "--report", scratch.path("r")], says: [scratch.path(name)],
                in: scratch)
        }
    }

    @Test("a folder in which no image can be read is an error")
    func nothingReadable() throws {
        let scratch = try Scratch()
        try scratch.write("images/a.png", Data("no picture".utf8))
        let output = try Program.run(["embed", scratch.path("images"), "-o", scratch.path("v.npy")])
        #expect(output.status == 1)
        #expect(output.standardError.contains(scratch.path("images")))
        #expect(!scratch.exists("v.npy"))
    }

    @Test("a truncated tar is an error that says where, and leaves no result")
    func truncatedTar() throws {
        let scratch = try Scratch()
        let files = try (0..<4).map { ("a/\($0).png", try Pictures.png(number: $0)) }
        let whole = Pictures.tar(files)
        try scratch.write("cut.tar", whole.prefix(whole.count - 1024 - 700))
        let output = try Program.run(["embed", scratch.path("cut.tar"), "-o", scratch.path("v.npy")])
        #expect(output.status == 1)
        #expect(output.standardError.contains("cut.tar is cut off"))
        #expect(!scratch.exists("v.npy"))
    }

    @Test("an output that cannot be written is named", arguments: ["missing/folder/v", "v.csv", "folder"])
    func unwritable(name: String) throws {
        let scratch = try Scratch()
        let images = try Pictures.folder("images", classes: 1, in: scratch)
        try FileManager.default.createDirectory(
            at: scratch.url.appendingPathComponent("folder.npy"), withIntermediateDirectories: true)
        try expectFailure(
            ["embed", images, "-o", scratch.path(name.contains(".") ? name : name + ".npy")], says: [name], in: scratch)
    }

    @Test("a report whose folder is a file is refused before any work")
    func reportIsFile() throws {
        let scratch = try Scratch()
        let images = try Pictures.folder("images", in: scratch)
        try scratch.write("report", Data("in the way".utf8))
        try expectFailure(
            ["classify", "--train", images, "--report", scratch.path("report")], says: [scratch.path("report")],
            in: scratch)
    }

    @Test("a model directory that lacks something is named")
    func incompleteModel() throws {
        let scratch = try Scratch()
        let images = try Pictures.folder("images", classes: 1, in: scratch)
        try scratch.write("model/readme.txt", Data())
        for (name, part) in [("model", "model.onnx"), ("none", "model.onnx")] {
            try expectFailure(
                ["embed", images, "--model", scratch.path(name), "-o", scratch.path("v.npy")],
                says: [scratch.path(name), part], in: scratch)
        }
    }

    @Test(
        "a full disk is an error and leaves no result",
        .enabled(if: SmallDisk.isAvailable, "needs a disk that can be filled: root and tmpfs"))
    func fullDisk() throws {
        let scratch = try Scratch()
        let disk = try SmallDisk(in: scratch, bytes: 1 << 20)
        try VectorFile.write(Vectors.base(20_000, dimension: 32), to: scratch.path("base.npy"))
        for (arguments, name) in [
            (["build", scratch.path("base.npy"), "-o"], "x.akin"), (["convert", scratch.path("base.npy")], "x.fvecs"),
        ] {
            let output = try Program.run(arguments + [disk.path(name)])
            #expect(output.status == 1)
            #expect(output.standardError.contains(disk.path(name)))
            #expect(output.standardError.contains("full") || output.standardError.contains("No space"))
            #expect(try disk.names.isEmpty)
        }
        // Embedding keeps what is finished and goes on when there is room.
        let images = try Pictures.folder("images", classes: 16, perClass: 80, side: 8, in: scratch)
        let arguments = ["embed", images, "-o", disk.path("v.npy")]
        let output = try Program.run(arguments)
        #expect(output.status == 1)
        #expect(output.standardError.contains("v.npy") || output.standardError.contains("v.jsonl"))
        #expect(!FileManager.default.fileExists(atPath: disk.path("v.npy")))
        try disk.grow(to: 16 << 20)
        try Program.succeed(arguments)
        #expect(try EmbeddedSet(path: disk.path("v.npy")).vectors.rows == 16 * 80)
    }
}

/// A file system of a few megabytes, which only the superuser can make.
final class SmallDisk {
    static let isAvailable: Bool = {
        guard geteuid() == 0, let scratch = try? Scratch(), let disk = try? SmallDisk(in: scratch, bytes: 1 << 20)
        else { return false }
        return (try? disk.names) != nil
    }()

    private let folder: String
    /// Outlives the file system, which has to go before the folder it is in.
    private let scratch: Scratch

    init(in scratch: Scratch, bytes: Int) throws {
        self.scratch = scratch
        folder = scratch.path("disk")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Self.run("mount", ["-t", "tmpfs", "-o", "size=\(bytes)", "tmpfs", folder])
    }

    deinit { try? Self.run("umount", [folder]) }

    func grow(to bytes: Int) throws { try Self.run("mount", ["-o", "remount,size=\(bytes)", folder]) }

    func path(_ name: String) -> String { folder + "/" + name }

    var names: [String] { get throws { try FileManager.default.contentsOfDirectory(atPath: folder).sorted() } }

    private static func run(_ program: String, _ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [program] + arguments
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        if process.terminationStatus != 0 { throw CocoaError(.fileWriteUnknown) }
    }
}
