import Foundation

/// The program `openssl`, which makes certificates and keys for the checks.
struct OpenSSL {
    /// Where files lie.
    let folder: URL

    /// The path of a file.
    func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

    /// Runs it, and gives what it writes.
    @discardableResult
    func run(_ arguments: String...) throws -> [UInt8] { try run(arguments) }

    @discardableResult
    private func run(_ arguments: [String]) throws -> [UInt8] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        process.currentDirectoryURL = folder
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let bytes = [UInt8](output.fileHandleForReading.readDataToEndOfFile())
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw CheckFailure("openssl \(arguments.joined(separator: " ")): ended with \(process.terminationStatus)")
        }
        return bytes
    }

    /// Makes NAME.pem and NAME.key: a certificate for this machine, which vouches for itself unless another does.
    func makeCertificate(_ name: String, from authority: String? = nil) throws {
        try run("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "\(name).key")
        var request = [
            "req", "-x509", "-new", "-key", "\(name).key", "-days", "1", "-out", "\(name).pem", "-subj", "/CN=\(name)",
            "-addext", "subjectAltName=IP:127.0.0.1",
        ]
        if let authority {
            request += ["-addext", "basicConstraints=critical,CA:FALSE"]
            request += ["-CA", "\(authority).pem", "-CAkey", "\(authority).key"]
        }
        try run(request)
    }
}
