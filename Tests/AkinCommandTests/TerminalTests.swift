import Akin
import Foundation
import Testing

@Suite("Progress and signals")
struct TerminalTests {
    /// util-linux's `script` runs a command on a terminal of its own.
    static let hasScript = FileManager.default.isExecutableFile(atPath: "/usr/bin/script")

    @Test(
        "on a terminal a line is redrawn, with rate and time",
        .enabled(if: hasScript, "needs /usr/bin/script"), .timeLimit(.minutes(1)))
    func bar() throws {
        let scratch = try Scratch()
        let images = try Pictures.folder("images", classes: 4, perClass: 8, in: scratch)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/script")
        process.arguments = [
            "-qec", "'\(Program.path)' embed '\(images)' -o '\(scratch.path("v.npy"))'", "/dev/null",
        ]
        process.environment = ProcessInfo.processInfo.environment.merging(["TERM": "xterm"]) { $1 }
        process.standardInput = FileHandle.nullDevice
        let out = Pipe()
        process.standardOutput = out
        try process.run()
        let said = String(decoding: out.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        #expect(said.contains("\r\u{1B}[2Kembedding  [="))
        #expect(said.contains("32 of 32"))
        #expect(said.contains("/s"))
        #expect(said.contains("v.npy: 32 images"))
    }

    @Test("in a pipe short work says nothing but its result")
    func pipe() throws {
        let scratch = try Scratch()
        let images = try Pictures.folder("images", classes: 1, in: scratch)
        let output = try Program.succeed(["embed", images, "-o", scratch.path("v.npy")])
        #expect(output.standardError.isEmpty)
        #expect(output.standardOutput.split(separator: "\n").count == 1)
    }

    @Test("the second Ctrl-C ends the program at once", .timeLimit(.minutes(1)))
    func secondInterrupt() throws {
        let scratch = try Scratch()
        _ = try Vectors.index(in: scratch)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Program.path)
        process.arguments = ["search", scratch.path("flat.akin"), scratch.path("base.npy"), "-k", "200", "--json"]
        // Nobody reads the pipe, so the program waits in a write, which the first Ctrl-C does not break off.
        let (out, err) = (Pipe(), Pipe())
        process.standardOutput = out
        process.standardError = err
        try process.run()
        usleep(500_000)
        process.interrupt()
        usleep(200_000)
        #expect(process.isRunning)
        process.interrupt()
        process.waitUntilExit()
        #expect(process.terminationReason == .uncaughtSignal)
        #expect(process.terminationStatus == SIGINT)
        withExtendedLifetime((out, err)) {}
    }

    @Test("the first Ctrl-C stops the printing of results", .timeLimit(.minutes(1)))
    func interruptedOutput() throws {
        let scratch = try Scratch()
        _ = try Vectors.index(in: scratch)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Program.path)
        process.arguments = ["search", scratch.path("flat.akin"), scratch.path("base.npy"), "-k", "200", "--json"]
        let (out, err) = (Pipe(), Pipe())
        process.standardOutput = out
        process.standardError = err
        try process.run()
        usleep(500_000)
        process.interrupt()
        usleep(200_000)
        let rows = out.fileHandleForReading.readDataToEndOfFile().split(separator: UInt8(ascii: "\n"))
        process.waitUntilExit()
        #expect(process.terminationReason == .exit)
        #expect(process.terminationStatus == 130)
        #expect(rows.count < 200)
        withExtendedLifetime(err) {}
    }
}
