package import AkinServer
internal import AkinStore
internal import Foundation
package import Logging
internal import Synchronization

/// Answers for the shards of published sets whose files lie in a folder: `FOLDER/SET/VERSION/shard-N.akin`.
///
/// Files that come are opened, files that go are let go of once nothing asks them any more; who builds a version puts it
/// beside the others under another name and renames it when it is complete. Every version in the folder answers, each
/// under its own subject, so a version that is published has been open for a while, and one that is replaced still
/// answers what was asked before.
package final class SetServer: Sendable {
    private let connection: NATSConnection
    private let names: ClusterNames
    private let worker: String
    private let folder: String
    private let pool: WorkPool
    private let logger: Logger
    private let state = Mutex(State())

    private struct State {
        var open: [SetShard: Serving] = [:]
        /// What is wrong with files, by path, so that it is told once.
        var problems: [String: String] = [:]
        var isEnded = false
    }

    /// A shard that answers.
    private struct Serving: Sendable {
        var stamp: Stamp
        var subscriptions: [NATSSubscription]
    }

    /// Tells a file from another under its name.
    private struct Stamp: Equatable {
        var size: Int
        var date: Date
    }

    /// Opens what there is, and looks for more every two seconds.
    ///
    /// - Parameters:
    ///   - connection: where questions come from.
    ///   - names: the cluster's.
    ///   - worker: what this worker is called.
    ///   - folder: of the sets; may come into being later.
    ///   - threads: questions answered at once, 1 or more.
    ///   - limits: how many may wait, and how long.
    ///   - logger: told which shards answer, and which cannot be opened.
    package init(
        _ connection: NATSConnection, _ names: ClusterNames, worker: String, folder: String, threads: Int,
        limits: ServerLimits = .init(), logger: Logger
    ) {
        self.connection = connection
        self.names = names
        self.worker = worker
        self.folder = folder
        self.logger = logger
        pool = WorkPool("akin-sets", threads: threads, queueLength: limits.queue, seconds: limits.queueSeconds)
        let thread = Thread { [weak self] in
            while let self, !self.state.withLock({ $0.isEnded }) {
                self.look()
                Thread.sleep(forTimeInterval: 2)
            }
        }
        thread.name = "akin-sets"
        thread.start()
    }

    /// The shards that answer, for heartbeats.
    package var shards: [SetShard] { state.withLock { $0.open.keys.sorted() } }

    /// Files that do not answer, and why.
    package var problems: [String: String] { state.withLock { $0.problems } }

    /// Hears no more questions, answers those that came, and lets go of the files.
    package func end() async {
        let serving = state.withLock { state in
            state.isEnded = true
            defer { state.open = [:] }
            return state.open.values.flatMap(\.subscriptions)
        }
        try? await Blocking.run { for subscription in serving { subscription.drain(within: 2) } }
        await pool.close()
    }

    /// Brings what answers in line with what lies in the folder.
    ///
    /// Blocks while files are read.
    package func look() {
        let found = files()
        let gone = state.withLock { state in
            let gone = state.open.filter { found[$0.key]?.stamp != $0.value.stamp }
            for shard in gone.keys { state.open[shard] = nil }
            return gone
        }
        for (shard, serving) in gone {
            for subscription in serving.subscriptions { subscription.end() }
            logger.info("\(shard) answers no more: its file is gone or another one")
        }
        for (shard, file) in found.sorted(by: { $0.key < $1.key }) {
            if state.withLock({ $0.isEnded || $0.open[shard] != nil }) { continue }
            do {
                try serve(try OpenShard(shard, path: file.path), file.stamp)
                state.withLock { $0.problems[file.path] = nil }
                logger.info("\(shard) answers")
            } catch {
                let isNew = state.withLock { $0.problems.updateValue("\(error)", forKey: file.path) } != "\(error)"
                if isNew { logger.error("\(shard) cannot be opened: \(error)") }
            }
        }
        state.withLock { state in
            state.problems = state.problems.filter { path in
                found.values.contains { $0.path == path.key }
            }
        }
    }

    private func files() -> [SetShard: (path: String, stamp: Stamp)] {
        let manager = FileManager.default
        func names(_ path: String) -> [String] {
            ((try? manager.contentsOfDirectory(atPath: path)) ?? []).filter(ClusterNames.isName)
        }
        var found: [SetShard: (path: String, stamp: Stamp)] = [:]
        for set in names(folder) {
            for version in names("\(folder)/\(set)") {
                let place = "\(folder)/\(set)/\(version)"
                for file in (try? manager.contentsOfDirectory(atPath: place)) ?? [] {
                    guard file.hasPrefix("shard-"), file.hasSuffix(".akin"),
                        let shard = SetShard("\(set)/\(version)/\(file.dropFirst(6).dropLast(5))"),
                        let attributes = try? manager.attributesOfItem(atPath: "\(place)/\(file)"),
                        let size = attributes[.size] as? Int, let date = attributes[.modificationDate] as? Date
                    else { continue }
                    found[shard] = ("\(place)/\(file)", Stamp(size: size, date: date))
                }
            }
        }
        return found
    }

    private func serve(_ open: OpenShard, _ stamp: Stamp) throws {
        let answer: @Sendable (NATSMessage) -> Void = { [weak self] message in
            guard let self else { return }
            Task { await self.answer(message, open) }
        }
        let subscriptions = [
            try connection.subscribe(names.questions(open.shard), queue: ClusterNames.replicas, answer),
            try connection.subscribe(names.questions(open.shard, worker: worker), answer),
        ]
        // Routers may send questions here once the heartbeat names the shard.
        try connection.flush()
        state.withLock { state in
            if !state.isEnded { state.open[open.shard] = Serving(stamp: stamp, subscriptions: subscriptions) }
        }
    }

    private func answer(_ message: NATSMessage, _ open: OpenShard) async {
        let start = ContinuousClock.now
        let result: Result<ShardAnswer.Body, ShardFailure>
        do {
            let question = try ShardQuestion(decoding: message.bytes)
            switch question.body {
            case .searchSet(open.shard.version, let queries):
                result = .success(.search(try await pool.run { try open.search(queries) }))
            case .describe: result = .success(.describe(open.description))
            default: result = .failure(.notHere)
            }
        } catch let overload as Overload {
            result = .failure(.overload(overload.reason))
        } catch let error as StoreError {
            result = .failure(.store(error))
        } catch {
            result = .failure(.store(.storage("\(open.shard): \(error)")))
        }
        let microseconds = UInt32(clamping: Int((ContinuousClock.now - start) / .microseconds(1)))
        let answer = ShardAnswer(position: 0, microseconds: microseconds, worker: worker, result: result)
        do { try connection.answer(message, answer.encoded()) } catch {
            logger.debug("an answer for \(open.shard) was not sent: \(error)")
        }
    }
}
