import Foundation
import Testing

@Suite("akin-server serve") struct ServeTests {
    private static func start(_ arguments: [String]) throws -> Program.Running {
        try Program.start(["serve"] + arguments, program: Program.path(of: "akin-server"))
    }

    @Test("SIGTERM and SIGINT end it well, with what was written in its folder", arguments: [SIGTERM, SIGINT])
    func signals(signal: Int32) throws {
        let scratch = try Scratch()
        let portFile = scratch.path("port")
        let running = try Self.start(["--data", scratch.path("data"), "--port", "0", "--port-file", portFile])
        defer { running.process.terminate() }
        while !scratch.exists("port"), running.process.isRunning { Thread.sleep(forTimeInterval: 0.01) }
        try #require(scratch.exists("port"), "\(running.standardErrorSoFar)")
        kill(running.process.processIdentifier, signal)
        let ended = running.wait()
        #expect(ended.status == 0, "\(ended.standardError)")
        #expect(ended.standardError.contains("closed"), "\(ended.standardError)")
    }

    @Test(
        "an option out of range is named with what was expected",
        arguments: [
            (["--port", "65536"], "--port", "0 to 65535"), (["--max-body", "0"], "--max-body", "1 to 4096"),
            (["--max-limit=-1"], "--max-limit", "1 to"), (["--max-points", "99999999"], "--max-points", "1 to"),
            (["--max-searches", "0"], "--max-searches", "1 to"), (["--queue", "0"], "--queue", "1 to"),
            (["--max-connections", "0"], "--max-connections", "1 to"),
            (["--queue-seconds", "0"], "--queue-seconds", "more than 0"),
            (["--sync-interval", "60001"], "--sync-interval", "0 to 60000"),
            (["--max-pixels", "0"], "--max-pixels", "1 or more"),
            (["--tls-key", "k.pem"], "--tls-certificate", "go together"),
            (["--read-only-key-file", "f"], "--read-only-key-file", "--key-file"),
            (["--key-file", "/nowhere/keys"], "/nowhere/keys", "keys"), (["--pool", "mean"], "--pool", "--model"),
            (["--tls-certificate", "/nowhere/a.pem", "--tls-key", "/nowhere/b.pem"], "/nowhere/a.pem", "expected"),
            (["--model", "/nowhere/model"], "/nowhere/model", "model.onnx"),
            (["--index", "/nowhere/i.akin"], "/nowhere/i.akin", "open"),
            (["--log-level", "loud"], "--log-level", "debug"), (["--no-such"], "--no-such", "Unknown option"),
        ])
    func badOptions(arguments: [String], named: String, expected: String) throws {
        let scratch = try Scratch()
        let ended = try Self.start(["--data", scratch.path("data"), "--port", "0"] + arguments).wait()
        #expect(ended.status != 0 && ended.status < 128)
        #expect(ended.standardError.contains(named), "\(ended.standardError)")
        #expect(ended.standardError.contains(expected), "\(ended.standardError)")
    }

    @Test("without a folder it says what to give")
    func noFolder() throws {
        let ended = try Self.start([]).wait()
        #expect(ended.status != 0)
        #expect(ended.standardError.contains("--data"))
    }
}
