import Foundation
import Testing

/// The built program, run as a user runs it.
struct Program {
    /// What a finished run left behind.
    struct Output {
        var status: Int32
        var standardOutput: String
        var standardError: String

        /// The lines of standard output, each parsed as a JSON object.
        var objects: [[String: Any]] {
            get throws {
                try standardOutput.split(separator: "\n").map { line in
                    let value = try JSONSerialization.jsonObject(with: Data(line.utf8))
                    return try #require(value as? [String: Any], "not a JSON object: \(line)")
                }
            }
        }
    }

    /// Where the build put the program: beside the test bundle.
    static let path = path(of: "akin")

    /// The path of a program that the package builds.
    static func path(of name: String) -> String {
        let candidates = [
            Bundle.main.bundleURL, Bundle.main.executableURL?.deletingLastPathComponent(),
            URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent(),
        ]
        for var folder in candidates.compactMap({ $0 }) {
            for _ in 0..<4 {
                let program = folder.appendingPathComponent(name).path
                var isFolder: ObjCBool = false
                if FileManager.default.fileExists(atPath: program, isDirectory: &isFolder), !isFolder.boolValue {
                    return program
                }
                folder.deleteLastPathComponent()
            }
        }
        return name
    }

    /// Runs the program to its end.
    ///
    /// - Parameters:
    ///   - arguments: as on a command line.
    ///   - environment: variables that are set beside those of the test run.
    ///   - folder: the working directory.
    /// - Returns: what it wrote and its exit status.
    /// - Throws: when the program cannot be started.
    @discardableResult
    static func run(_ arguments: [String], environment: [String: String] = [:], in folder: URL? = nil) throws -> Output
    {
        let running = try start(arguments, environment: environment, in: folder)
        return running.wait()
    }

    /// Runs the program and expects it to succeed.
    @discardableResult
    static func succeed(
        _ arguments: [String], environment: [String: String] = [:], in folder: URL? = nil,
        at location: SourceLocation = #_sourceLocation
    ) throws -> Output {
        let output = try run(arguments, environment: environment, in: folder)
        #expect(
            output.status == 0, "akin \(arguments.joined(separator: " ")): \(output.standardError)",
            sourceLocation: location)
        return output
    }

    /// A program that is running.
    final class Running {
        let process: Process
        private let out: Drain
        private let err: Drain

        fileprivate init(process: Process, out: Drain, err: Drain) {
            self.process = process
            self.out = out
            self.err = err
        }

        /// What standard error and standard output hold so far.
        var standardErrorSoFar: String { err.text }
        var standardOutputSoFar: String { out.text }

        /// Waits for the end and gives all that was written.
        func wait() -> Output {
            process.waitUntilExit()
            out.join()
            err.join()
            let status = process.terminationStatus
            // A program that a signal ended reports it as a shell would.
            return Output(
                status: process.terminationReason == .uncaughtSignal ? 128 + status : status,
                standardOutput: out.text, standardError: err.text)
        }
    }

    /// Starts the program, or another one, and returns at once.
    static func start(
        _ arguments: [String], environment: [String: String] = [:], in folder: URL? = nil, program: String = path
    ) throws -> Running {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.currentDirectoryURL = folder
        process.standardInput = FileHandle.nullDevice
        let (out, err) = (Pipe(), Pipe())
        process.standardOutput = out
        process.standardError = err
        try process.run()
        return Running(process: process, out: Drain(out), err: Drain(err))
    }

    /// Reads a pipe on a thread of its own, so that the program never waits for its reader.
    fileprivate final class Drain: @unchecked Sendable {
        private let lock = NSLock()
        private let done = DispatchSemaphore(value: 0)
        private var bytes = Data()

        init(_ pipe: Pipe) {
            let handle = pipe.fileHandleForReading
            Thread.detachNewThread { [self] in
                while true {
                    let chunk = handle.availableData
                    if chunk.isEmpty { break }
                    lock.withLock { bytes.append(chunk) }
                }
                done.signal()
            }
        }

        func join() { done.wait() }

        var text: String { lock.withLock { String(decoding: bytes, as: UTF8.self) } }
    }
}

/// A folder that goes away with the test.
final class Scratch {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("akin-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    /// The path of something in the folder.
    func path(_ name: String) -> String { url.appendingPathComponent(name).path }

    /// Writes a file, with the folders that lead to it, and gives its path.
    @discardableResult
    func write(_ name: String, _ data: Data) throws -> String {
        let file = url.appendingPathComponent(name)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try data.write(to: file)
        return file.path
    }

    /// Whether a file or folder of that name exists.
    func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }

    /// Everything in the folder, sorted; unfinished files would show here.
    var names: [String] {
        get throws { try FileManager.default.subpathsOfDirectory(atPath: url.path).sorted() }
    }
}
