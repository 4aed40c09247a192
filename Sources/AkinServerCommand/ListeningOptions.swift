import AkinServer
import ArgumentParser
import Foundation
import Logging

/// Where a server listens, and to whom.
struct ListeningOptions: ParsableArguments {
    @Option(help: "The address to listen at; 0.0.0.0 is every one of this machine.")
    var host = "127.0.0.1"

    @Option(help: "The port to listen at; 0 is any that is free.")
    var port = 6333

    @Option(help: ArgumentHelp("Gets the port in a file, once the server listens.", valueName: "file"))
    var portFile: String?

    @Option(help: ArgumentHelp("Keys that allow everything, one a line.", valueName: "file"))
    var keyFile: String?

    @Option(help: ArgumentHelp("Keys that allow reading and searching, one a line.", valueName: "file"))
    var readOnlyKeyFile: String?

    @Option(help: ArgumentHelp("The certificate chain for TLS, in PEM.", valueName: "file"))
    var tlsCertificate: String?

    @Option(help: ArgumentHelp("The certificate's key, in PEM.", valueName: "file"))
    var tlsKey: String?

    func validate() throws {
        guard (0...65_535).contains(port) else { throw ValidationError("--port: expected 0 to 65535, got \(port)") }
        if (tlsCertificate == nil) != (tlsKey == nil) {
            throw ValidationError("--tls-certificate and --tls-key go together")
        }
        if readOnlyKeyFile != nil, keyFile == nil {
            throw ValidationError("--read-only-key-file needs --key-file: without it nobody could write")
        }
    }

    func options() throws -> ServerOptions {
        var options = ServerOptions()
        options.host = host
        options.port = port
        options.keys = AccessKeys(full: try Self.keys(keyFile), readOnly: try Self.keys(readOnlyKeyFile))
        if let tlsCertificate, let tlsKey { options.certificate = (tlsCertificate, tlsKey) }
        return options
    }

    /// Tells where the server listens.
    func announce(_ port: Int, _ logger: Logger) {
        let scheme = tlsCertificate == nil ? "http" : "https"
        logger.info("listening at \(scheme)://\(host):\(port)")
        if let portFile {
            do { try Data("\(port)\n".utf8).write(to: URL(fileURLWithPath: portFile), options: .atomic) } catch {
                logger.error("the port cannot be written to \(portFile): \(error.localizedDescription)")
            }
        }
    }

    private static func keys(_ file: String?) throws -> [String] {
        guard let file else { return [] }
        guard let text = try? String(contentsOfFile: file, encoding: .utf8) else {
            throw ValidationError("\(file): expected a text file of keys that can be read")
        }
        let keys = text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
            .filter { !$0.isEmpty }
        guard !keys.isEmpty else { throw ValidationError("\(file): expected at least one key, got none") }
        return keys
    }
}
