import Foundation

/// A process that is started, stopped, and killed.
final class Child: @unchecked Sendable {
    let name: String
    private let command: [String]
    private let log: URL
    private let lock = NSLock()
    private var process: Process?

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - name: what messages call it.
    ///   - command: the program's path and its arguments.
    ///   - folder: where its output goes, in NAME.log.
    /// - Throws: what keeps it from starting.
    init(_ name: String, _ command: [String], logsIn folder: URL) throws {
        self.name = name
        self.command = command
        log = folder.appendingPathComponent(name + ".log")
        try start()
        Cleanup.add { [weak self] in self?.end() }
    }

    /// Starts it, once more where it ran before.
    func start() throws {
        try lock.withLock {
            if !FileManager.default.fileExists(atPath: log.path) {
                FileManager.default.createFile(atPath: log.path, contents: nil)
            }
            let output = try FileHandle(forWritingTo: log)
            try output.seekToEnd()
            let process = Process()
            process.executableURL = URL(fileURLWithPath: command[0])
            process.arguments = Array(command.dropFirst())
            process.standardInput = FileHandle.nullDevice
            process.standardOutput = output
            process.standardError = output
            try process.run()
            self.process = process
        }
    }

    /// Whether it runs.
    var isRunning: Bool { lock.withLock { process?.isRunning ?? false } }

    /// Sends a signal, and waits for its end where the signal ends it.
    func signal(_ number: Int32) {
        guard let process = lock.withLock({ process }), process.isRunning else { return }
        let id = process.processIdentifier
        kill(id, number)
        guard number == SIGKILL || number == SIGTERM else { return }
        // Asked of the system: `waitUntilExit` now and then misses an end, and waits for ever. Foundation collects it.
        var information = siginfo_t()
        while waitid(P_PID, id_t(id), &information, WEXITED | WNOWAIT) != 0, errno == EINTR {}
    }

    /// Ends it as a power failure would, whatever state it is in.
    func end() { signal(SIGKILL) }

    /// How it ended, once it has.
    var status: Int32? {
        lock.withLock { process.flatMap { $0.isRunning ? nil : $0.terminationStatus } }
    }

    /// All that it wrote.
    var output: String { (try? String(contentsOf: log, encoding: .utf8)) ?? "" }

    /// The end of what it wrote.
    var lastWords: String {
        output.split(separator: "\n").suffix(20).joined(separator: "\n")
    }
}
