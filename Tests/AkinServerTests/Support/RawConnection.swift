import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// A TCP connection to this machine that a test writes and reads byte by byte.
final class RawConnection: @unchecked Sendable {
    /// What stands shortly before the end of every reply of JSON; what follows is in the same packet.
    static let end = "\"time\":"

    private let descriptor: Int32

    /// Connects to a port of 127.0.0.1; `nil` where nobody accepts there.
    init?(port: Int) {
        #if canImport(Glibc)
            let stream = Int32(SOCK_STREAM.rawValue)
        #else
            let stream = SOCK_STREAM
        #endif
        descriptor = socket(AF_INET, stream, 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard descriptor >= 0, status == 0 else {
            Foundation.close(descriptor)
            return nil
        }
        // A test that waits for ever says less than one that fails.
        var patience = timeval(tv_sec: 30, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { Foundation.close(descriptor) }

    /// Says that nothing more will be sent; the other side closes then.
    func close() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    /// Sends text; whether it could be.
    @discardableResult
    func send(_ text: String) -> Bool {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// Whether there is something to read, or the other side has closed.
    var isReadable: Bool {
        var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return Foundation.poll(&poll, 1, 0) == 1
    }

    /// Reads until the text holds `end`, or the other side closes, or 30 seconds pass without a byte.
    func read(until end: String) async -> String {
        // Not on the threads that tasks share, of which there may be one.
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(returning: self.readNow(until: end)) }
        }
    }

    private func readNow(until end: String) -> String {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while !String(decoding: bytes, as: UTF8.self).contains(end) {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { break }
            bytes += buffer.prefix(count)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Reads until the other side closes, at first a little at a time; how many bytes came, and the last of them.
    func readSlowly() async -> (count: Int, end: String) {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                var total = 0
                var end: [UInt8] = []
                var buffer = [UInt8](repeating: 0, count: 1 << 16)
                while case let count = recv(self.descriptor, &buffer, buffer.count, 0), count > 0 {
                    total += count
                    end = Array((end + buffer.prefix(count)).suffix(100))
                    if total < 1 << 20 { Thread.sleep(forTimeInterval: 0.05) }
                }
                continuation.resume(returning: (total, String(decoding: end, as: UTF8.self)))
            }
        }
    }

    /// Sends a request without a body and reads the reply, which must be JSON in the usual envelope.
    func get(_ path: String) async -> String {
        send("GET \(path) HTTP/1.1\r\nhost: test\r\n\r\n")
        return await read(until: Self.end)
    }

    /// Sends a request whose reply need not come soon.
    func sendGet(_ path: String) { send("GET \(path) HTTP/1.1\r\nhost: test\r\n\r\n") }
}
