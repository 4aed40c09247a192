import AkinCluster
import Foundation

/// A whole cluster on one machine: three NATS servers, workers and routers, each a process of its own.
final class Laboratory {
    struct Plan {
        var server: String
        var natsServer: String
        var workers = 4
        var routers = 2
        var deadlineMilliseconds = 5_000
        /// Whether the first server and the odd workers live in a network of their own, which can be cut off.
        var isDivided = false
    }

    let plan: Plan
    let folder: URL
    let network: Network?
    /// Where workers look for published sets.
    let sets: URL
    private(set) var nats: [Child] = []
    private(set) var workers: [Child] = []
    private(set) var routers: [Child] = []
    let routerURLs: [URL]
    let natsURLs: [String]

    /// Starts everything, and waits until the routers answer.
    init(_ plan: Plan) throws {
        self.plan = plan
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("akin-cluster-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        Cleanup.add { [folder] in try? FileManager.default.removeItem(at: folder) }
        sets = folder.appendingPathComponent("sets")
        network = plan.isDivided ? try Network() : nil
        let network = self.network
        func side(_ isFirst: Bool) -> Network.Side? { network.map { isFirst ? $0.first : $0.second } }

        let ports = try Ports.free(6 + plan.routers)
        let hosts = (0..<3).map { side($0 == 0)?.address ?? "127.0.0.1" }
        natsURLs = (0..<3).map { "nats://\(hosts[$0]):\(ports[$0])" }
        let routes = (0..<3).map { "nats://\(hosts[$0]):\(ports[3 + $0])" }.joined(separator: ",")
        for number in 0..<3 {
            nats.append(
                try Child(
                    "nats-\(number)",
                    (side(number == 0)?.prefix ?? []) + [
                        plan.natsServer, "-js", "-n", "nats-\(number)", "-a", hosts[number], "-p", "\(ports[number])",
                        "-sd", folder.appendingPathComponent("nats-\(number)").path, "--cluster_name", "akin",
                        "-cluster", "nats://\(hosts[number]):\(ports[3 + number])", "-routes", routes,
                    ], logsIn: folder))
        }
        let routerHost = network?.second.visibleAddress ?? "127.0.0.1"
        routerURLs = (0..<plan.routers).compactMap { URL(string: "http://\(routerHost):\(ports[6 + $0])") }
        let urls = natsURLs.joined(separator: ",")
        for number in 0..<plan.workers {
            workers.append(
                try Child(
                    "worker-\(number)",
                    (side(number % 2 == 1)?.prefix ?? []) + [
                        plan.server, "worker", "--nats", urls, "--name", "worker-\(number)", "--data",
                        folder.appendingPathComponent("worker-\(number)").path, "--sets", sets.path,
                    ], logsIn: folder))
        }
        for number in 0..<plan.routers {
            routers.append(
                try Child(
                    "router-\(number)",
                    (side(false)?.prefix ?? []) + [
                        plan.server, "router", "--nats", urls, "--host", routerHost, "--port", "\(ports[6 + number])",
                        "--stream-replicas", "3", "--deadline", "\(plan.deadlineMilliseconds)",
                    ], logsIn: folder))
        }
    }

    /// Every process.
    var children: [Child] { nats + workers + routers }

    /// Ends everything, and removes what it left.
    func end(keepsFiles: Bool = false) {
        for child in children { child.end() }
        network?.remove()
        if keepsFiles {
            say("the logs are in \(folder.path)")
        } else {
            try? FileManager.default.removeItem(at: folder)
        }
    }
}

/// Ports that nobody listens at.
enum Ports {
    static func free(_ count: Int) throws -> [Int] {
        var handles: [Int32] = []
        defer { for handle in handles { close(handle) } }
        return try (0..<count).map { _ in
            #if os(Linux)
                let handle = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            #else
                let handle = socket(AF_INET, SOCK_STREAM, 0)
            #endif
            handles.append(handle)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let status = withUnsafeMutablePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                    bind(handle, address, length) == 0 ? getsockname(handle, address, &length) : -1
                }
            }
            guard status == 0 else { throw CheckFailure("no port is free") }
            return Int(UInt16(bigEndian: address.sin_port))
        }
    }
}

/// What the check found, or could not do.
struct CheckFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// Prints a line at once, also into a pipe.
func say(_ text: String) { FileHandle.standardOutput.write(Data((text + "\n").utf8)) }
