internal import AkinServer
internal import AkinStore
internal import Foundation
internal import Synchronization

/// Asks shards, each whichever replica answers first.
///
/// The first question goes to the queue group of the replicas. Where one of them is silent, it may be stopped and would
/// still get questions of the group; then they go to those that speak, in turn. A replica that has not answered after a
/// while is left to go on, and another is asked beside it; one that cannot answer is followed by another at once.
package final class ShardAsker: Sendable {
    private let transport: any ShardTransport
    private let names: ClusterNames
    private let directory: ClusterDirectory
    private let settings: ClusterSettings
    let metrics: ClusterMetrics

    private struct State {
        /// Workers that did not answer, until when they are asked last.
        var avoided: [String: ContinuousClock.Instant] = [:]
        /// Shards whose group holds somebody who did not answer, until when it is not asked.
        var avoidedGroups: [AskedShard: ContinuousClock.Instant] = [:]
    }
    private let state = Mutex(State())
    private let turn = Atomic<Int>(0)

    /// Seconds for which one that did not answer is asked last.
    private static let avoidance = Duration.seconds(2)
    /// How long nobody must have answered until all are asked again: a server that went away took their questions, or
    /// the answers, with it.
    private static let stall = Duration.milliseconds(500)
    /// How long no replica must have been alive until a shard is not waited for.
    private static let death = Duration.seconds(10)
    /// How long it is waited for then.
    private static let deathPatience = Duration.milliseconds(250)

    /// Asks through a transport.
    package init(
        _ transport: any ShardTransport, _ names: ClusterNames, _ directory: ClusterDirectory,
        _ settings: ClusterSettings, _ metrics: ClusterMetrics
    ) {
        self.transport = transport
        self.names = names
        self.directory = directory
        self.settings = settings
        self.metrics = metrics
    }

    private enum Target: Hashable, Sendable {
        case group
        case worker(String)
    }

    private enum Event: Sendable {
        case answer(Target, Result<ShardAnswer, any Error>)
        /// Time to ask another beside those who have not answered.
        case hedge
        /// Time to ask all again, who did not answer too.
        case stall
        /// Time to ask all again.
        case again
        case cancelled
    }

    /// Asks one shard.
    ///
    /// - Parameters:
    ///   - shard: which.
    ///   - workers: that hold a replica of it; for a set, whoever says so is asked.
    ///   - body: what is asked.
    ///   - position: what the answer must have seen.
    ///   - deadline: when to give up.
    /// - Returns: the first good answer, whose result is no failure.
    /// - Throws: ``ShardMissing``; `StoreError` as the shard refuses what is asked; `CancellationError`.
    package func ask(
        _ shard: AskedShard, on workers: [String], _ body: ShardQuestion.Body, after position: UInt64,
        until deadline: ContinuousClock.Instant
    ) async throws -> ShardAnswer {
        let start = ContinuousClock.now
        metrics.count(\.questions, shard)
        let known = directory.replicas(of: shard, on: workers, at: start)
        let deadline = known.deadFor > Self.death ? min(deadline, start + Self.deathPatience) : deadline
        // A replica that is behind is not waited for as long as there may be another.
        let patience = UInt32(clamping: Int(min(max(0, (deadline - start) / .milliseconds(1)), 1000)))
        let question = ShardQuestion(after: position, patience: patience, body).encoded()
        var course = Course(self, shard, workers, known)
        return try await withThrowingTaskGroup(of: Event.self) { group in
            defer { group.cancelAll() }
            func put(_ target: Target) {
                let subject =
                    switch target {
                    case .group: names.questions(shard)
                    case .worker(let worker): names.questions(shard, worker: worker)
                    }
                course.asked(target)
                group.addTask { [transport] in
                    let seconds = (deadline - .now) / .seconds(1)
                    do {
                        guard seconds > 0 else { throw NATSFailure(.timeout, "\(subject): no time is left") }
                        let bytes = try await transport.ask(question, to: subject, within: seconds)
                        return .answer(target, .success(try ShardAnswer(decoding: bytes)))
                    } catch { return .answer(target, .failure(error)) }
                }
            }
            func wait(_ duration: Duration, _ event: Event) {
                group.addTask {
                    do { try await Task.sleep(for: duration) } catch { return .cancelled }
                    return event
                }
            }
            // Many queries take longer; asking others for them too would only add to what they have to do. But what is lost
            // must be asked again in time.
            func pause(_ one: Duration, share: Int) -> Duration {
                max(one, min(one * body.queryCount, (deadline - start) / share))
            }
            let hedge = pause(.seconds(settings.hedge), share: 8)
            var stall = pause(Self.stall, share: 4)
            put(course.first())
            wait(hedge, .hedge)
            var reason = "no answer in time"
            while let event = try await group.next() {
                try Task.checkCancellation()
                switch event {
                case .cancelled: continue
                case .hedge:
                    if let target = course.next() {
                        metrics.count(\.hedges, shard)
                        put(target)
                        wait(hedge, .hedge)
                    } else {
                        wait(stall, .stall)
                        stall *= 2
                    }
                    continue
                case .stall:
                    metrics.count(\.retries, shard)
                    course.forgetOpen()
                    put(course.firstOfRound())
                    wait(hedge, .hedge)
                case .again: put(course.firstOfRound())
                case .answer(let target, let result):
                    switch try Self.judge(result, after: position) {
                    case .good(let answer):
                        course.answered(target, answer.worker)
                        return answer
                    case .bad(let why):
                        reason = why
                        course.failed(target)
                        metrics.count(\.retries, shard)
                        if let target = course.next() {
                            put(target)
                        } else if !course.isWaiting {
                            let pause = course.pause()
                            guard .now + pause < deadline else {
                                throw ShardMissing(shard: shard.number, reason: reason)
                            }
                            wait(pause, .again)
                        }
                    }
                }
                guard .now < deadline else { break }
            }
            course.gaveUp()
            throw ShardMissing(shard: shard.number, reason: reason)
        }
    }

    private enum Judgement {
        case good(ShardAnswer)
        case bad(String)
    }

    /// Whether an answer is one, or another replica is to be asked.
    private static func judge(_ result: Result<ShardAnswer, any Error>, after position: UInt64) throws -> Judgement {
        switch result {
        case .failure(let error): return .bad("\(error)")
        case .success(let answer):
            switch answer.result {
            case .success:
                guard answer.position >= position else {
                    return .bad("\(answer.worker) has read up to \(answer.position) of \(position)")
                }
                return .good(answer)
            case .failure(.behind(let reached)):
                return .bad("\(answer.worker) has read up to \(reached) of \(position)")
            case .failure(.notHere): return .bad("\(answer.worker) does not serve it")
            case .failure(.overload(let why)): return .bad("\(answer.worker) has too much to do: \(why)")
            case .failure(.gap(let why)): return .bad("\(answer.worker) misses writes: \(why)")
            // What one replica cannot do at the moment, or lost, another may.
            case .failure(.store(.unavailable(let why))), .failure(.store(.storage(let why))),
                .failure(.store(.diskFull(let why))):
                return .bad("\(answer.worker): \(why)")
            case .failure(.store(.noCollection)): return .bad("\(answer.worker) does not serve it")
            case .failure(.store(let error)): throw error
            }
        }
    }

    /// Who is asked, in which order.
    private struct Course {
        let asker: ShardAsker
        let shard: AskedShard
        let workers: [String]
        var known: ClusterDirectory.Replicas
        /// Those asked in this round, and those who have not answered yet.
        var round: Set<Target> = []
        var open: [Target: Int] = [:]
        var rounds = 0

        init(_ asker: ShardAsker, _ shard: AskedShard, _ workers: [String], _ known: ClusterDirectory.Replicas) {
            self.asker = asker
            self.shard = shard
            self.workers = workers
            self.known = known
        }

        var isWaiting: Bool { !open.isEmpty }

        func first() -> Target {
            let now = ContinuousClock.now
            let isAvoided = asker.state.withLock { state in
                guard let end = state.avoidedGroups[shard] else { return false }
                if end < now { state.avoidedGroups[shard] = nil }
                return end >= now
            }
            return known.hasSilent || isAvoided ? next() ?? .group : .group
        }

        mutating func firstOfRound() -> Target {
            rounds += 1
            round = []
            known = asker.directory.replicas(of: shard, on: workers)
            // Heartbeats may be late, or their worker's replica ready since the last.
            return rounds % 2 == 0 ? first() : next() ?? .group
        }

        /// The replica to be asked next in this round, those that did not answer lately last; `nil` where all were.
        func next() -> Target? {
            let rest = known.live.filter { !round.contains(.worker($0)) && open[.worker($0)] == nil }
            guard !rest.isEmpty else { return nil }
            let now = ContinuousClock.now
            let good = asker.state.withLock { state in rest.filter { state.avoided[$0].map { $0 < now } ?? true } }
            let candidates = good.isEmpty ? rest : good
            let turn = asker.turn.add(1, ordering: .relaxed).newValue
            return .worker(candidates[Int(UInt(bitPattern: turn) % UInt(candidates.count))])
        }

        mutating func asked(_ target: Target) {
            round.insert(target)
            open[target, default: 0] += 1
        }

        private mutating func close(_ target: Target) {
            guard let count = open[target] else { return }
            open[target] = count > 1 ? count - 1 : nil
        }

        /// What was asked is taken for lost.
        mutating func forgetOpen() { open = [:] }

        mutating func failed(_ target: Target) { close(target) }

        /// Another was quicker than those that are still open.
        mutating func answered(_ target: Target, _ worker: String) {
            close(target)
            guard isWaiting else { return }
            gaveUp()
        }

        /// Remembers who did not answer.
        func gaveUp() {
            let end = ContinuousClock.now + ShardAsker.avoidance
            asker.state.withLock { state in
                for target in open.keys {
                    switch target {
                    case .group: state.avoidedGroups[shard] = end
                    case .worker(let worker): state.avoided[worker] = end
                    }
                }
            }
        }

        /// How long to wait until all are asked again.
        func pause() -> Duration { .milliseconds(min(100, 5 << min(rounds, 5))) }
    }
}
