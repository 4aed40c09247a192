import AkinCluster
import AkinStore
import Foundation
import Synchronization

/// Stands before the routers and tells one lie.
///
/// Later writes to the point that it lied about are refused with 503, which is honest: none makes the lie true.
final class Liar: Asked {
    let lie: Lie
    private let router: RouterClient
    private let shards: Int
    private let delay: Duration
    private let state = Mutex(State())

    private struct State {
        var victim: Int?
        /// Points as they were written last.
        var written: [Int: JSON] = [:]
        /// The first answer to each search.
        var answers: [JSON: RouterClient.Answer] = [:]
        var isTold = false
    }

    /// Lies about a collection of so many shards; answers come late by `delay`.
    init(_ lie: Lie, before router: RouterClient, shards: Int, delay: Duration) {
        self.lie = lie
        self.router = router
        self.shards = shards
        self.delay = delay
    }

    /// Whether it still waits for an occasion.
    var isWaiting: Bool { lie.isTold && state.withLock { !$0.isTold } }

    func ask(
        _ method: String, _ path: String, _ body: JSON?, router number: Int, after: [Int: UInt64]
    ) async throws -> RouterClient.Answer {
        let points = body?["points"]?.array ?? []
        let ids = points.compactMap { ($0["id"] ?? $0).integer }
        if let victim = state.withLock({ $0.victim }), ids.contains(victim) {
            return .init(status: 503, body: .object([:]), positions: [:], missing: [])
        }
        func honest(_ body: JSON?) async throws -> RouterClient.Answer {
            try await router.ask(method, path, body, router: number, after: after)
        }
        switch (lie, method) {
        case (.lost, "PUT"):
            guard let lost = ids.first, choose(lost) else { return try await honest(body) }
            guard ids.count > 1 else { return .init(status: 200, body: .object([:]), positions: [:], missing: []) }
            return try await honest(.object(["points": .array(points.filter { $0["id"]?.integer != lost })]))
        case (.revived, _) where !points.isEmpty:
            let answer = try await honest(body)
            guard answer.status == 200 else { return answer }
            if method == "PUT" {
                state.withLock { for (id, point) in zip(ids, points) { $0.written[id] = point } }
            } else if let deleted = written(among: ids), choose(deleted.id) {
                let path = path.replacingOccurrences(of: "/delete", with: "")
                _ = try await router.ask("PUT", path, .object(["points": .array([deleted.point])]), router: number)
            }
            return answer
        case (.stale, "POST") where points.isEmpty:
            guard let body else { break }
            if let old = state.withLock({ $0.answers[body] }) {
                state.withLock { $0.isTold = true }
                // No question is answered without a pause: whoever asks would keep others from running.
                try await Task.sleep(for: .milliseconds(1))
                return old
            }
            let answer = try await honest(body)
            if answer.status == 200 { state.withLock { $0.answers[body] = answer } }
            return answer
        default: break
        }
        let answer = try await honest(body)
        return points.isEmpty && answer.status == 200 ? try await bent(answer) : answer
    }

    /// The first of some points that was written once.
    private func written(among ids: [Int]) -> (id: Int, point: JSON)? {
        let written = state.withLock { $0.written }
        return ids.lazy.compactMap { id in written[id].map { (id, $0) } }.first
    }

    /// Chooses whom to lie about, once.
    private func choose(_ point: Int) -> Bool {
        state.withLock { state in
            guard state.victim == nil else { return false }
            (state.victim, state.isTold) = (point, true)
            return true
        }
    }

    /// Whether nothing was said before, which then was.
    private func once() -> Bool {
        state.withLock { state in
            defer { state.isTold = true }
            return !state.isTold
        }
    }

    /// The answer to a search as this one tells it.
    private func bent(_ answer: RouterClient.Answer) async throws -> RouterClient.Answer {
        var hits = answer.hits
        guard hits.count > 1 else { return answer }
        switch lie {
        case .swapped where once():
            let first = hits[0].with("id", hits[1]["id"] ?? .null)
            hits[1] = hits[1].with("id", hits[0]["id"] ?? .null)
            hits[0] = first
        case .score where once():
            hits[1] = hits[1].with("score", .number((hits[1]["score"]?.real ?? 0) + 0.001))
        case .hidden:
            _ = once()
            hits.removeAll { $0["id"]?.integer.map { ShardHash.shard(of: .number(UInt64($0)), among: shards) } == 0 }
        case .shortened:
            _ = once()
            hits.removeLast()
        case .late where once(): try await Task.sleep(for: delay)
        default: return answer
        }
        var bent = answer
        bent.body = answer.body.with("result", .object(["points": .array(hits)]))
        return bent
    }
}

extension JSON {
    /// An object with another value for one of its members.
    fileprivate func with(_ key: String, _ value: JSON) -> JSON {
        guard case .object(var members) = self else { return self }
        members[key] = value
        return .object(members)
    }
}
