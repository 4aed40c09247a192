import Foundation

/// Two networks on one machine, with a cable between them that can be cut (Linux network namespaces; needs root).
///
/// ```
/// first: 10.77.1.1  ----- cable -----  10.77.1.2 second 10.77.2.2 ---- 10.77.2.1  the machine
/// ```
final class Network {
    struct Side: Sendable {
        /// The namespace.
        var name: String
        /// Where the other side reaches it.
        var address: String
        /// Where the machine reaches it.
        var visibleAddress: String

        /// What a command begins with to run there.
        var prefix: [String] { ["/usr/sbin/ip", "netns", "exec", name] }
    }

    let first, second: Side

    init() throws {
        let tag = String(UInt16.random(in: .min ... .max), radix: 16)
        first = Side(name: "akin-a-\(tag)", address: "10.77.1.1", visibleAddress: "10.77.1.1")
        second = Side(name: "akin-b-\(tag)", address: "10.77.1.2", visibleAddress: "10.77.2.2")
        Cleanup.add { [first, second] in Self.remove([first, second]) }
        do {
            for side in [first, second] { try Self.ip("netns", "add", side.name) }
            try Self.ip(
                "link", "add", "cable", "netns", first.name, "type", "veth", "peer", "name", "cable", "netns",
                second.name)
            try Self.ip("link", "add", "akin\(tag)", "type", "veth", "peer", "name", "outer", "netns", second.name)
            try Self.ip("-n", first.name, "addr", "add", "10.77.1.1/24", "dev", "cable")
            try Self.ip("-n", second.name, "addr", "add", "10.77.1.2/24", "dev", "cable")
            try Self.ip("-n", second.name, "addr", "add", "10.77.2.2/24", "dev", "outer")
            try Self.ip("addr", "add", "10.77.2.1/24", "dev", "akin\(tag)")
            try Self.ip("link", "set", "akin\(tag)", "up")
            for side in [first, second] {
                try Self.ip("-n", side.name, "link", "set", "lo", "up")
                try Self.ip("-n", side.name, "link", "set", "cable", "up")
            }
            try Self.ip("-n", second.name, "link", "set", "outer", "up")
            // The machine reaches the second side under the address that its own side uses.
            try Self.ip("route", "add", "10.77.1.2/32", "via", "10.77.2.2")
        } catch {
            remove()
            throw error
        }
    }

    /// Cuts the cable: what is sent is lost, and nobody is told.
    func cut() throws { try Self.ip("-n", first.name, "link", "set", "cable", "down") }

    /// Mends it.
    func heal() throws { try Self.ip("-n", first.name, "link", "set", "cable", "up") }

    func remove() { Self.remove([first, second]) }

    private static func remove(_ sides: [Side]) {
        for side in sides { try? ip("netns", "delete", side.name) }
    }

    private static func ip(_ arguments: String...) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/sbin/ip")
        process.arguments = arguments
        let errors = Pipe()
        process.standardError = errors
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            let text = String(decoding: errors.fileHandleForReading.availableData, as: UTF8.self)
            throw CheckFailure("ip \(arguments.joined(separator: " ")): \(text)(it needs Linux, iproute2 and root)")
        }
    }
}
