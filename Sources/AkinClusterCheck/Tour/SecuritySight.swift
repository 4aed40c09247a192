import AkinStore
import Foundation

/// A NATS server with TLS and a password, which is not there yet when everything else starts.
struct SecuritySight {
    var site: Site
    private let password = "open-sesame"

    func run() async throws {
        let openSSL = OpenSSL(folder: site.folder)
        try openSSL.makeCertificate("server")
        let (certificate, key) = (openSSL.path("server.pem"), openSSL.path("server.key"))
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
        try configuration.write(toFile: openSSL.path("nats.conf"), atomically: true, encoding: .utf8)
        try site.startNATS(["-c", openSSL.path("nats.conf")])
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
}
