internal import AkinStore

/// How the replicas of a cluster are.
package struct ClusterStatus: Sendable, Equatable, Codable {
    /// Every replica of every shard, in order, and after them such as a map does not name.
    package var replicas: [Row] = []
    /// Every worker that speaks, in order.
    package var workers: [Worker] = []
    /// Collections whose maps cannot be read, and why.
    package var problems: [String: String] = [:]

    /// A replica.
    package struct Row: Sendable, Equatable, Codable {
        /// The collection and the number of the shard.
        package var collection: String
        package var shard: Int
        /// Who has it.
        package var worker: String
        /// A ``Heartbeat/State``, `silent` where the worker does not speak, or `missing` where it does not name it.
        package var state: String
        /// Up to which message it has read, and how many there are behind.
        package var position: UInt64?
        package var lag: UInt64?
        /// Points that searches see, and bytes on disk.
        package var points, bytes: Int?
        /// What is wrong.
        package var problem: String?
    }

    /// A worker.
    package struct Worker: Sendable, Equatable, Codable {
        /// What it is called, where it runs, and its process.
        package var name, host: String
        package var pid: Int32
        /// Its replicas.
        package var replicas: Int
        /// Whether it is going away.
        package var isDraining: Bool
    }

    /// Whether every replica answers.
    package var isWell: Bool { problems.isEmpty && replicas.allSatisfy { $0.state == Heartbeat.State.ready.rawValue } }
}

extension ClusterStatus {
    /// Puts together what is known.
    ///
    /// - Parameters:
    ///   - directory: maps and heartbeats.
    ///   - last: the number of the last message of a shard's stream; `nil` where it is not known.
    package init(_ directory: ClusterDirectory, last: (ShardName) -> UInt64?) {
        for name in directory.collections {
            do {
                guard let map = try directory.map(of: name) else { continue }
                for (shard, names) in zip(map.shards, map.replicas) {
                    let last = last(shard)
                    replicas += names.map { Self.row(name, shard, $0, last, directory) }
                }
            } catch { problems[name] = "\(error)" }
        }
        workers = directory.liveWorkers(alsoDraining: true).map {
            Worker(
                name: $0.beat.worker, host: $0.beat.host, pid: $0.beat.pid, replicas: $0.beat.replicas.count,
                isDraining: $0.beat.isDraining)
        }
    }

    private static func row(
        _ name: String, _ shard: ShardName, _ worker: String, _ last: UInt64?, _ directory: ClusterDirectory
    ) -> Row {
        var row = Row(collection: name, shard: shard.number, worker: worker, state: "silent")
        guard let (known, isFresh) = directory.worker(worker) else { return row }
        guard let replica = known.replica(shard) else {
            if isFresh { row.state = "missing" }
            return row
        }
        if isFresh { row.state = replica.state.rawValue }
        row.position = replica.position
        row.lag = last.map { $0 > replica.position ? $0 - replica.position : 0 }
        row.points = replica.points
        row.bytes = replica.bytes
        row.problem = replica.problem
        return row
    }

    /// A table for people, ending in a newline.
    package var table: String {
        var lines = [["collection", "shard", "worker", "state", "position", "lag", "points", "bytes"]]
        lines += replicas.map { row in
            func text(_ value: (some CustomStringConvertible)?) -> String { value.map { "\($0)" } ?? "-" }
            return [
                row.collection, "\(row.shard)", row.worker, row.state, text(row.position), text(row.lag),
                text(row.points), text(row.bytes),
            ]
        }
        let widths = lines[0].indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
        var text = ""
        for line in lines {
            let cells = zip(line, widths).enumerated().map { column, cell in
                let blanks = String(repeating: " ", count: cell.1 - cell.0.count)
                // Numbers end at the same place.
                return column == 1 || column > 3 ? blanks + cell.0 : cell.0 + blanks
            }
            var line = cells.joined(separator: "  ")
            while line.last == " " { line.removeLast() }
            text += line + "\n"
        }
        for row in replicas {
            guard let problem = row.problem else { continue }
            text += "\(row.collection)/\(row.shard) on \(row.worker): \(problem)\n"
        }
        for (name, problem) in problems.sorted(by: { $0.key < $1.key }) { text += "\(name): \(problem)\n" }
        let names = workers.map { $0.name + ($0.isDraining ? " (going away)" : "") }
        return text + "workers: \(names.isEmpty ? "none" : names.joined(separator: ", "))\n"
    }
}
