import Foundation
import Testing

@Suite("Usage and exit codes")
struct UsageTests {
    static let commands = [
        "embed", "classify", "demo", "build", "search", "truth", "eval", "info", "verify", "convert", "cluster", "plan",
    ]

    @Test("help describes the program and shows an example")
    func help() throws {
        let output = try Program.succeed(["--help"])
        #expect(output.standardOutput.contains("Example"))
        #expect(output.standardOutput.contains("akin embed"))
        #expect(output.standardError.isEmpty)
    }

    @Test("every command's help shows an example that names it", arguments: commands)
    func commandHelp(command: String) throws {
        for arguments in [[command, "--help"], ["help", command]] {
            let output = try Program.succeed(arguments)
            #expect(output.standardOutput.contains("Example"))
            #expect(output.standardOutput.contains("akin \(command) "))
        }
    }

    @Test(
        "what needs a server is handed over to akin-server",
        arguments: [["serve"], ["worker"], ["router"], ["cluster", "status"], ["cluster", "move"]])
    func handOver(command: [String]) throws {
        let output = try Program.succeed(command + ["--help"])
        #expect(output.standardOutput.contains("USAGE: akin-server \(command.joined(separator: " ")) "))
    }

    @Test("the version is one line")
    func version() throws {
        let output = try Program.succeed(["--version"])
        #expect(output.standardOutput.split(separator: ".").count == 3)
    }

    @Test(
        "wrong usage ends with status 2 and one line that begins with error:",
        arguments: [["--no-such-option"], ["no-such-command"]])
    func wrongUsage(arguments: [String]) throws {
        let output = try Program.run(arguments)
        #expect(output.status == 2)
        #expect(output.standardError.hasPrefix("error: "))
        #expect(output.standardOutput.isEmpty)
    }

    @Test("a full output device is an error", .enabled(if: FileManager.default.fileExists(atPath: "/dev/full")))
    func fullOutput() throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Program.path)
        process.arguments = ["--help"]
        process.standardOutput = FileHandle(forWritingAtPath: "/dev/full")
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 1)
    }

    @Test("a reader that goes away ends the program quietly")
    func closedPipe() throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Program.path)
        process.arguments = ["--help"]
        let (out, err) = (Pipe(), Pipe())
        process.standardOutput = out
        process.standardError = err
        try out.fileHandleForReading.close()
        try process.run()
        try err.fileHandleForWriting.close()
        let said = err.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        #expect(process.terminationStatus == 141)
        #expect(said.isEmpty)
    }
}
