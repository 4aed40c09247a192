import Foundation
import Synchronization

/// What writers asked for and what was acknowledged, so that readers can tell right answers from wrong ones.
///
/// Each point is written by one writer, in versions 1, 2, 3 ...; some versions delete it. An answer is right when it is
/// one of the versions from the last acknowledged before it was asked for to the last attempted before it came.
final class Ledger: Sendable {
    struct Entry {
        /// Whether each version deletes the point; version 0, before all, is that there is none.
        var deletes: [Bool] = [true]
        /// The last version that was acknowledged, or found afterwards.
        var acknowledged = 0
        /// Whether the last attempt had no clear outcome; the point is left alone until it is looked at.
        var isUncertain = false
    }

    private struct State {
        var entries: [Entry]
        var positions: [Int: UInt64] = [:]
        var acknowledgedCount = 0
        var uncertainCount = 0
    }
    private let state: Mutex<State>
    let count: Int

    init(count: Int) {
        self.count = count
        state = Mutex(State(entries: Array(repeating: Entry(), count: count)))
    }

    /// Acknowledged writes so far, and those without a clear outcome.
    var counts: (acknowledged: Int, uncertain: Int) { state.withLock { ($0.acknowledgedCount, $0.uncertainCount) } }

    /// Up to which message of each shard's stream acknowledged writes reach.
    var positions: [Int: UInt64] { state.withLock { $0.positions } }

    /// Begins to write the next version of points; leaves out those that are uncertain.
    func begin(_ points: [Int], deleting: Bool) -> [(point: Int, version: Int)] {
        state.withLock { state in
            points.compactMap { point in
                guard !state.entries[point].isUncertain else { return nil }
                state.entries[point].deletes.append(deleting)
                return (point, state.entries[point].deletes.count - 1)
            }
        }
    }

    /// What was begun is acknowledged.
    func acknowledge(_ writes: [(point: Int, version: Int)], at positions: [Int: UInt64]) {
        state.withLock { state in
            // Readers that see the version acknowledged ask from these positions on.
            for (shard, position) in positions { state.positions[shard] = max(state.positions[shard] ?? 0, position) }
            for (point, version) in writes { state.entries[point].acknowledged = version }
            state.acknowledgedCount += writes.count
        }
    }

    /// What was begun may have been done or not.
    func doubt(_ writes: [(point: Int, version: Int)]) {
        state.withLock { state in
            for (point, _) in writes { state.entries[point].isUncertain = true }
            state.uncertainCount += writes.count
        }
    }

    /// The least version that a question asked now may be answered with.
    func least(_ point: Int) -> Int { state.withLock { $0.entries[point].acknowledged } }

    /// What is wrong with an answer; `nil` where nothing is.
    ///
    /// - Parameters:
    ///   - point: the point.
    ///   - version: what was found; `nil` where there was none.
    ///   - least: the least version at the time of the question.
    /// - Returns: a sentence.
    func fault(_ point: Int, found version: Int?, least: Int) -> String? {
        state.withLock { state in
            let deletes = state.entries[point].deletes
            if let version {
                if version < least { return "point \(point) has version \(version), \(least) was acknowledged before" }
                if version >= deletes.count { return "point \(point) has version \(version), which nobody wrote" }
                return deletes[version] ? "point \(point) has version \(version), which deleted it" : nil
            }
            return deletes[least...].contains(true)
                ? nil : "point \(point) is not there, version \(least) was acknowledged before"
        }
    }

    /// Takes what was found, with all quiet, for the truth about points that are uncertain.
    ///
    /// - Returns: what is wrong with the others.
    func settle(_ found: [Int: Int]) -> [String] {
        var faults: [String] = []
        for point in 0..<count {
            if let fault = fault(point, found: found[point], least: least(point)) {
                faults.append(fault)
                continue
            }
            state.withLock { state in
                guard state.entries[point].isUncertain else { return }
                let deletes = state.entries[point].deletes
                // A version that was not written is as if it had not been tried.
                let version = found[point] ?? deletes.indices.last { deletes[$0] } ?? 0
                state.entries[point].deletes = Array(deletes[...version])
                state.entries[point].acknowledged = version
                state.entries[point].isUncertain = false
            }
        }
        return faults
    }
}
