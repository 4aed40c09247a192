import Foundation
import Synchronization

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// Talks to a running service, and is patient where that helps: with one that is busy, starting, or away for a moment.
final class ServiceClient: Sendable {
    /// What the service said of a request that it refused.
    struct Refusal: Error, CustomStringConvertible {
        var status: Int
        var code: String?
        var description: String
    }

    private let base: URL
    private let key: String?
    private let session: URLSession
    private let note: @Sendable (String) -> Void
    // Before the first answer a silent service is more likely a wrong address than one that comes back.
    private let hasAnswered = Atomic<Bool>(false)
    private let isWaiting = Atomic<Bool>(false)

    /// How long requests are tried again without any answer.
    private static let patience = Duration.seconds(300)
    private static let firstPatience = Duration.seconds(5)

    /// - Parameters:
    ///   - address: `http://host:port`, perhaps with a path before the service's own.
    ///   - key: sent with every request.
    ///   - note: told when waiting begins.
    /// - Throws: ``CommandError`` for what is no address.
    init(_ address: String, key: String?, note: @escaping @Sendable (String) -> Void) throws {
        guard let url = URL(string: address), let scheme = url.scheme, ["http", "https"].contains(scheme),
            url.host != nil
        else { throw CommandError("\(address): expected an address such as http://127.0.0.1:6333") }
        base = url
        self.key = key
        self.note = note
        let configuration = URLSessionConfiguration.ephemeral
        configuration.timeoutIntervalForRequest = 300
        configuration.httpMaximumConnectionsPerHost = 64
        session = URLSession(configuration: configuration)
    }

    /// Sends a request and gives the `result` of its reply.
    ///
    /// - Throws: ``Refusal`` for an answer that trying again would not change; ``CommandError`` where the service stays
    ///   away; `CancellationError` after Ctrl-C.
    func ask(
        _ method: String, _ path: String, body: Data? = nil, type: String = "application/json"
    ) throws -> Any? {
        var request = URLRequest(url: try address(path))
        request.httpMethod = method
        request.httpBody = body
        if body != nil { request.setValue(type, forHTTPHeaderField: "Content-Type") }
        if let key { request.setValue(key, forHTTPHeaderField: "api-key") }

        let start = ContinuousClock.now
        var pause = 0.25
        while true {
            if Interruption.isRequested { throw CancellationError() }
            let trouble: String
            var wait = pause
            switch exchange(request) {
            case .success(let (data, reply)):
                hasAnswered.store(true, ordering: .relaxed)
                if (200..<300).contains(reply.statusCode) {
                    isWaiting.store(false, ordering: .relaxed)
                    return (try? JSONSerialization.jsonObject(with: data)).flatMap { $0 as? [String: Any] }?["result"]
                }
                let refusal = Self.refusal(data, reply.statusCode)
                guard [429, 502, 503, 504].contains(reply.statusCode) else { throw refusal }
                trouble = refusal.description
                if let seconds = reply.value(forHTTPHeaderField: "Retry-After").flatMap(Double.init) {
                    wait = max(wait, min(seconds, 60))
                }
            case .failure(let error):
                trouble = error.localizedDescription
            }
            let patience = hasAnswered.load(ordering: .relaxed) ? Self.patience : Self.firstPatience
            guard ContinuousClock.now - start + .seconds(wait) < patience else {
                throw CommandError(
                    "\(base.absoluteString): \(trouble); is the service running there? Run this again to go on")
            }
            if !isWaiting.exchange(true, ordering: .relaxed) { note("waiting for the service: \(trouble)") }
            try rest(wait * Double.random(in: 0.75...1.25))
            pause = min(pause * 2, 10)
        }
    }

    private func address(_ path: String) throws -> URL {
        let text = base.absoluteString
        guard let url = URL(string: (text.hasSuffix("/") ? String(text.dropLast()) : text) + path) else {
            throw CommandError("\(path): not a path of the service")
        }
        return url
    }

    /// Sends once and waits for the answer.
    private func exchange(_ request: URLRequest) -> Result<(Data, HTTPURLResponse), any Error> {
        let done = DispatchSemaphore(value: 0)
        let answer = Mutex<Result<(Data, HTTPURLResponse), any Error>>(.failure(URLError(.unknown)))
        let task = session.dataTask(with: request) { data, reply, error in
            if let reply = reply as? HTTPURLResponse {
                answer.withLock { $0 = .success((data ?? Data(), reply)) }
            } else {
                answer.withLock { $0 = .failure(error ?? URLError(.badServerResponse)) }
            }
            done.signal()
        }
        task.resume()
        while done.wait(timeout: .now() + .milliseconds(200)) == .timedOut {
            if Interruption.isRequested {
                task.cancel()
                done.wait()
                break
            }
        }
        return answer.withLock { $0 }
    }

    private static func refusal(_ data: Data, _ status: Int) -> Refusal {
        let reply = (try? JSONSerialization.jsonObject(with: data)) as? [String: Any]
        let said = reply?["status"] as? [String: Any]
        var words = said?["error"] as? String ?? "the service answered with status \(status)"
        if status == 401 || status == 403 { words += "; give a key that may write with --api-key or AKIN_API_KEY" }
        return Refusal(status: status, code: said?["code"] as? String, description: words)
    }

    private func rest(_ seconds: Double) throws {
        let end = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < end {
            if Interruption.isRequested { throw CancellationError() }
            Thread.sleep(forTimeInterval: 0.05)
        }
    }
}
