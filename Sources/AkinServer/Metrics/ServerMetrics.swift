internal import Synchronization

/// Counts of requests and their latencies, by route and status.
public final class ServerMetrics: Sendable {
    /// Requests that are answered in the same way.
    struct Series: Hashable {
        var method, path: String
        var status: Int
    }

    private let latencies = Mutex<[Series: LatencyHistogram]>([:])
    private let running = Atomic<Int>(0)

    /// Counts from zero.
    public init() {}

    /// Requests being answered.
    public var runningCount: Int { running.load(ordering: .relaxed) }

    /// Notes a request that came; returns how many there are with it.
    func begin() -> Int { running.add(1, ordering: .relaxed).newValue }

    /// Notes a request that was answered; `path` is the route's, with its variables, so that there are few.
    func end(_ method: String, _ path: String, status: Int, after duration: Duration) {
        running.subtract(1, ordering: .relaxed)
        let series = Series(method: method, path: path, status: status)
        latencies.withLock { $0[series, default: .init()].add(duration / .seconds(1)) }
    }

    /// What was counted so far.
    func snapshot() -> [(Series, LatencyHistogram)] {
        latencies.withLock { Array($0) }.map { ($0.key, $0.value) }
            .sorted { a, b in (a.0.path, a.0.method, a.0.status) < (b.0.path, b.0.method, b.0.status) }
    }
}

/// How many requests took how long.
package struct LatencyHistogram: Sendable {
    /// Upper bounds of the buckets in seconds; the last bucket has none.
    package static let bounds = [
        0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
    ]

    /// Requests in each bucket.
    package private(set) var counts = [Int](repeating: 0, count: bounds.count + 1)
    /// Seconds of all together.
    package private(set) var sum = 0.0

    /// Counts from zero.
    package init() {}

    /// Adds one request.
    package mutating func add(_ seconds: Double) {
        counts[Self.bounds.firstIndex { seconds <= $0 } ?? Self.bounds.count] += 1
        sum += seconds
    }
}
