import AkinStore
import Foundation

/// Two tenants on one NATS server, each with an account, credentials and a client's certificate: the same names in both, and
/// neither sees the other.
struct TenantSight {
    var site: Site

    func run() async throws {
        let openSSL = OpenSSL(folder: site.folder)
        try openSSL.makeCertificate("authority")
        try openSSL.makeCertificate("server", from: "authority")
        try openSSL.makeCertificate("client", from: "authority")
        let operating = try TenantKey(.operator, "operator", openSSL)
        let tenants = try ["left", "right"].map { try Tenant($0, of: operating, openSSL) }
        try start(try Tenant("system", of: operating, openSSL, hasStreams: false), tenants, operating, openSSL)

        let trusted = ["--nats", "tls://127.0.0.1:\(site.natsPort)", "--nats-ca", openSSL.path("authority.pem")]
        let known = ["--nats-certificate", openSSL.path("client.pem"), "--nats-key", openSSL.path("client.key")]
        var routers: [URL] = []
        for (tenant, count) in zip(tenants, [10, 4]) {
            let nats = trusted + known + ["--nats-credentials", try tenant.makeCredentials(openSSL)]
            _ = try site.startWorker("worker", folder: tenant.name, nats: nats)
            let (_, router) = try site.startRouter("router-\(tenant.name)", nats: nats)
            try await site.make("c", at: router, shards: 1, replicas: 1)
            try await site.write(0..<count, version: 1, to: "c", at: router)
            routers.append(router)
        }
        for (router, count) in zip(routers, [10, 4]) {
            let found = try await site.get("POST", router, "/collections/c/points/count", Data("{}".utf8))
            guard found["result"]?["count"] == .integer(Int64(count)) else {
                throw CheckFailure("expected \(count) points of this tenant, got \(found.text)")
            }
        }

        // An account that the server was not told of, no credentials at all, and no certificate.
        let stranger = try Tenant("stranger", of: operating, openSSL).makeCredentials(openSSL)
        for credentials in [["--nats-credentials", stranger], []] {
            let worker = try site.startWorker(
                "x", folder: "stranger-\(credentials.count)", nats: trusted + known + credentials)
            try await site.expectFailure(of: worker, saying: "does not let", "--nats-credentials")
        }
        let left = ["--nats-credentials", openSSL.path("left.creds")]
        let unknown = try site.startWorker("x", folder: "no-certificate", nats: trusted + left)
        try await wait(10, for: "words about a missing certificate") {
            ["--nats-certificate", "waiting"].allSatisfy(unknown.output.contains)
        }
    }

    private func start(_ system: Tenant, _ tenants: [Tenant], _ operating: TenantKey, _ openSSL: OpenSSL) throws {
        let operatorToken = try operating.token(about: operating, named: "akin", [("type", .string("operator"))])
        let accounts = ([system] + tenants).map { "\($0.key.text): \($0.token)" }.joined(separator: "\n")
        try """
        operator: \(operatorToken)
        system_account: \(system.key.text)
        resolver: MEMORY
        resolver_preload: {
        \(accounts)
        }
        tls {
            cert_file: "\(openSSL.path("server.pem"))", key_file: "\(openSSL.path("server.key"))"
            ca_file: "\(openSSL.path("authority.pem"))", verify: true
        }
        """.write(toFile: openSSL.path("tenants.conf"), atomically: true, encoding: .utf8)
        try site.startNATS(["-c", openSSL.path("tenants.conf")])
    }
}
