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
        // Pictures that each take long, so that the first Ctrl-C has to wait for one.
        let images = try Pictures.folder("images", classes: 1, perClass: 1, in: scratch)
        let large = try Pictures.png(side: 2500)
        for number in 0..<10 { try scratch.write("images/zz/\(100 + number).png", large) }
        let running = try Program.start(["embed", images, "-o", scratch.path("v.npy"), "--threads", "1"])
        let deadline = Date(timeIntervalSinceNow: 30)
        while !scratch.exists("v.json.partial"), Date() < deadline { usleep(5_000) }
        running.process.interrupt()
        usleep(50_000)
        running.process.interrupt()
        let output = running.wait()
        #expect(output.status == 130)
        #expect(running.process.terminationReason == .uncaughtSignal)
        #expect(!scratch.exists("v.npy"))
    }
}
