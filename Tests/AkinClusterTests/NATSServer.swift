import AkinCluster
import Foundation

/// A server of NATS with JetStream that a test starts and stops; its files go with it.
final class NATSServer: @unchecked Sendable {
    /// Where it listens.
    let port: Int
    var url: String { "nats://127.0.0.1:\(port)" }
    /// What it keeps.
    let folder: URL
    private let extra: [String]
    private var process: Process?

    /// Whether `nats-server` is installed; tests that need it say so where it is not.
    static let isInstalled = program != nil

    static let program: String? = {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        return (path.split(separator: ":").map(String.init) + ["/usr/sbin", "/usr/local/bin"])
            .map { $0 + "/nats-server" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }()

    /// Starts a server, at a free port, with more arguments.
    init(_ extra: [String] = []) throws {
        port = Self.freePort()
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("akin-nats-\(UUID().uuidString)")
        self.extra = extra
        try start()
    }

    /// Starts it again, with what it kept.
    func start() throws {
        guard let program = Self.program else { throw NATSFailure(.other, "nats-server is not installed") }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = ["-js", "-sd", folder.path, "-a", "127.0.0.1", "-p", "\(port)"] + extra
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        self.process = process
    }

    /// Ends it at once, as a power failure would.
    func kill() {
        guard let process else { return }
        Foundation.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        self.process = nil
    }

    /// A connection, once it answers.
    func connect(_ name: String = "test") throws -> NATSConnection {
        try NATSConnection(NATSSettings(servers: [url], name: name), patience: 20)
    }

    deinit {
        kill()
        try? FileManager.default.removeItem(at: folder)
    }

    /// A port that nobody listens at now.
    static func freePort() -> Int {
        let handle = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(handle) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                _ = bind(handle, address, length)
                _ = getsockname(handle, address, &length)
            }
        }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}
