import Foundation

/// What goes wrong, and how it is put right.
enum Fault: String, CaseIterable {
    /// A worker's process is killed, and started again.
    case kill
    /// A worker's process hears nothing for a while: it is stopped, with its connections open.
    case stop
    /// A worker is asked to end, and started again.
    case restart
    /// A NATS server is killed, and started again.
    case nats
    /// A router is killed, and started again.
    case router
    /// The network between two groups of workers is cut, and mended.
    case cut

    /// Does it for `seconds`, and puts it right.
    func happen(to laboratory: Laboratory, for seconds: Double) async throws {
        func pause() async throws { try await Task.sleep(for: .seconds(seconds)) }
        switch self {
        case .kill:
            let worker = try one(of: laboratory.workers)
            worker.signal(SIGKILL)
            try await pause()
            try worker.start()
        case .stop:
            let worker = try one(of: laboratory.workers)
            worker.signal(SIGSTOP)
            try await pause()
            worker.signal(SIGCONT)
        case .restart:
            let worker = try one(of: laboratory.workers)
            worker.signal(SIGTERM)
            if let status = worker.status, status != 0 {
                throw CheckFailure("\(worker.name) ended with \(status) when it was asked to end:\n\(worker.lastWords)")
            }
            try worker.start()
            try await pause()
        case .nats:
            let server = try one(of: laboratory.nats)
            server.signal(SIGKILL)
            try await pause()
            try server.start()
        case .router:
            let router = try one(of: laboratory.routers)
            router.signal(SIGKILL)
            try await pause()
            try router.start()
        case .cut:
            try laboratory.network?.cut()
            try await pause()
            try laboratory.network?.heal()
        }
    }

    private func one(of children: [Child]) throws -> Child {
        guard let child = children.randomElement() else { throw CheckFailure("there is nothing to break") }
        return child
    }
}
