import ArgumentParser

/// A whole that is seen from outside: real processes, HTTP, and what programs say.
enum Sight: String, CaseIterable, ExpressibleByArgument {
    /// Embedding workers: pictures over HTTP, beside one process; embedders killed.
    case pictures
    /// Snapshots, new replicas that begin with them, restoring.
    case snapshots
    /// TLS and passwords; NATS that is away at the start.
    case security
    /// Two tenants with accounts, credentials and certificates of their own on one NATS server.
    case tenants
    /// Routers that make and drop one collection at the same moment.
    case races
    /// Two workers with one name, messages that are gone, points that fit no message.
    case mishaps

    func visit(_ plan: Laboratory.Plan) async throws {
        try await Site.visit(plan) { site in
            switch self {
            case .pictures: try await PictureSight(site: site).run()
            case .snapshots: try await SnapshotSight(site: site).run()
            case .security: try await SecuritySight(site: site).run()
            case .tenants: try await TenantSight(site: site).run()
            case .races: try await RaceSight(site: site).run()
            case .mishaps: try await MishapSight(site: site).run()
            }
        }
    }
}

extension AkinClusterCheck {
    /// `akin-cluster-check tour`: wholes.
    struct Tour: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Starts real processes and looks at what they do and say; several wholes at once.")

        @Argument(help: "Which: \(Sight.allCases.map(\.rawValue).joined(separator: ", ")) (default: all).")
        var sights: [Sight] = Sight.allCases

        @OptionGroup var options: LaboratoryOptions

        func run() async throws {
            // Most of their time is waiting.
            try await withThrowingTaskGroup(of: Void.self) { group in
                for sight in sights { group.addTask { [plan = options.plan] in try await Self.see(sight, plan) } }
                try await group.waitForAll()
            }
        }

        private static func see(_ sight: Sight, _ plan: Laboratory.Plan) async throws {
            let start = ContinuousClock.now
            do { try await sight.visit(plan) } catch let failure as CheckFailure {
                throw CheckFailure("\(sight.rawValue): \(failure)")
            }
            say("\(sight.rawValue): seen in \(Rounds.text((ContinuousClock.now - start) / .seconds(1))) s")
        }
    }
}
