import AkinStore
import Foundation

/// A NATS server with TLS and a password, which is not there yet when everything else starts.
struct SecuritySight {
    var site: Site
    private let password = "open-sesame"

    func run() async throws {
        let (certificate, key) = (file("certificate.pem"), file("key.pem"))
        try makeCertificate(certificate, key)
        let server = "tls://akin:\(password)@127.0.0.1:\(site.natsPort)"
        let trusted = ["--nats", server, "--nats-ca", certificate]

        let worker = try site.startWorker("a", nats: trusted)
        let (routing, router) = try site.startRouter(nats: trusted)
        try await wait(10, for: "words about NATS being away") {
            [worker, routing].allSatisfy { $0.output.contains("no NATS server answers") }
        }
        try expect(worker.output, has: ["waiting"])

        let configuration = """
            authorization { user: akin, password: "\(password)" }
            tls { cert_file: "\(certificate)", key_file: "\(key)" }
            """
        try configuration.write(toFile: file("nats.conf"), atomically: true, encoding: .utf8)
        try site.startNATS(["-c", file("nats.conf")])
        try await site.make("c", at: router, shards: 1, replicas: 1)
        try await site.write(0..<10, version: 1, to: "c", at: router)
        let body = Data(#"{"query": 3, "limit": 4}"#.utf8)
        let found = try await site.get("POST", router, "/collections/c/points/query", body)
        guard found["result"]?["points"]?.array.count == 4 else { throw CheckFailure("4 points, got \(found.text)") }
        let status = try await site.run(["cluster", "status"], nats: trusted)
        guard status.status == 0 else { throw CheckFailure("cluster status: \(status.output)") }

        let wrong = ["--nats", server.replacingOccurrences(of: password, with: "sesame"), "--nats-ca", certificate]
        try await site.expectFailure(
            of: try site.startWorker("b", nats: wrong), saying: "does not let", "password in its URL")
        let refused = try await site.run(["cluster", "status"], nats: wrong)
        guard refused.status != 0 else { throw CheckFailure("a wrong password was accepted: \(refused.output)") }
        try expect(refused.output, has: ["does not let", "--nats-credentials"])
        let (_, closed) = try site.startRouter("router-wrong", nats: wrong)
        try await wait(10, for: "a refusal from a router with a wrong password") {
            guard let answer = try? await site.ask("GET", closed, "/collections") else { return false }
            return answer.status == 503 && answer.body.text.contains("does not let")
        }
        let untrusted = try site.startWorker("d", nats: ["--nats", server])
        try await site.expectFailure(of: untrusted, saying: "certificate", "--nats-ca")

        for child in site.children where child.name != "nats" {
            for word in [password, ":sesame"] where child.output.contains(word) {
                throw CheckFailure("\(child.name) tells the password: \(child.output)")
            }
        }
    }

    private func file(_ name: String) -> String { site.folder.appendingPathComponent(name).path }

    private func makeCertificate(_ certificate: String, _ key: String) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=127.0.0.1",
            "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate,
        ]
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw CheckFailure("openssl made no certificate: it ended with \(process.terminationStatus)")
        }
    }
}
