import AkinTestSupport
import Foundation
import Testing

/// A process that is killed while it writes; `scripts/crash-check.sh` does it more often.
@Suite struct CrashTests {
    @Test func whatWasAcknowledgedSurvivesTheDeathOfTheProcess() throws {
        try withTemporaryDirectory { folder in
            let process = Process(), output = Pipe()
            process.executableURL = URL(fileURLWithPath: try #require(Self.program))
            process.arguments = ["crash", "10", folder + "/data"]
            process.standardOutput = output
            process.standardError = output
            try process.run()
            let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            process.waitUntilExit()
            #expect(process.terminationStatus == 0, "\(text)")
            #expect(text.contains("10 kills"))
        }
    }

    /// The built program, beside the test bundle.
    private static var program: String? {
        let places = [
            Bundle.main.bundleURL, URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent(),
        ]
        for var folder in places {
            for _ in 0..<4 {
                let program = folder.appendingPathComponent("akin-store-check").path
                if FileManager.default.isExecutableFile(atPath: program) { return program }
                folder.deleteLastPathComponent()
            }
        }
        return nil
    }
}
