import Foundation

/// The program `openssl`, which makes certificates and keys for the checks.
struct OpenSSL {
    /// Where files lie.
    let folder: URL

    /// The path of a file.
    func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

    /// Runs it, and gives what it writes.
    @discardableResult
    func run(_ arguments: String...) throws -> [UInt8] {
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
        let subject = ["-subj", "/CN=\(name)", "-addext", "subjectAltName=IP:127.0.0.1"]
        if let authority {
            try run(
                "req", "-x509", "-new", "-key", "\(name).key", "-days", "1", subject[0], subject[1], subject[2],
                subject[3], "-addext", "basicConstraints=critical,CA:FALSE", "-CA", "\(authority).pem", "-CAkey",
                "\(authority).key", "-out", "\(name).pem")
        } else {
            try run(
                "req", "-x509", "-new", "-key", "\(name).key", "-days", "1", subject[0], subject[1], subject[2],
                subject[3], "-out", "\(name).pem")
        }
    }
}
