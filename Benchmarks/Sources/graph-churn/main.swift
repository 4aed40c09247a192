// A graph whose vectors are replaced, beside one built of the same vectors at once: prints one JSON object a line.
//
//     graph-churn BASE QUERIES SPEC [ROWS] [ROUNDS]
//
// Two thirds of the first ROWS vectors of BASE are built into a graph; each of ROUNDS rounds removes one in twenty, drawn by
// a fixed seed, and adds as many of those that are left. Recall at 10 and queries per second on one thread of both
// graphs, their searches alternating; then recall under filters that let some share pass.

import Akin
import Foundation

func emit(_ fields: [String: Any]) {
    guard let data = try? JSONSerialization.data(withJSONObject: fields, options: [.sortedKeys]) else { return }
    FileHandle.standardOutput.write(data + Data("\n".utf8))
}

func seconds(_ body: () throws -> Void) rethrows -> Double {
    let elapsed = try ContinuousClock().measure(body)
    return Double(elapsed.components.seconds) + 1e-18 * Double(elapsed.components.attoseconds)
}

/// SplitMix64.
struct Generator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}

let arguments = CommandLine.arguments
guard arguments.count >= 4 else {
    FileHandle.standardError.write(Data("usage: graph-churn BASE QUERIES SPEC [ROWS] [ROUNDS]\n".utf8))
    exit(2)
}
let given = try VectorFile(path: arguments[1]).floats()
let all = given.rows(0..<min(given.rows, arguments.count > 4 ? Int(arguments[4]) ?? .max : .max))
let every = try VectorFile(path: arguments[2]).floats()
let queries = every.rows(0..<min(every.rows, 1000))
let spec = try IndexSpec(parsing: arguments[3], dimension: all.columns)
let rounds = arguments.count > 5 ? Int(arguments[5]) ?? 10 : 10
let count = all.rows * 2 / 3, step = count / 20

var random = Generator(state: 1)
var index = try HNSWIndex(training: all, spec: spec)
let built = try seconds { try index.add(all.rows(0..<count)) }
var stored = Array(0..<count)
var next = count
emit(["event": "build", "index": spec.description, "count": count, "seconds": built, "bytes": index.byteCount])

func gather(_ rows: [Int]) -> Matrix<Float> {
    Matrix(rows: rows.count, columns: all.columns) { target in
        all.withUnsafeElements { source in
            guard let from = source.baseAddress, let to = target.baseAddress else { return }
            for (i, row) in rows.enumerated() {
                (to + i * all.columns).update(from: from + row * all.columns, count: all.columns)
            }
        }
    }
}

for round in 1...max(1, rounds) where next + step <= all.rows {
    var gone = Set<Int>()
    while gone.count < step { gone.insert(stored[Int(random.next() % UInt64(stored.count))]) }
    stored.removeAll { gone.contains($0) }
    let removing = seconds { index.remove(gone.map(Int64.init)) }
    let new = next..<next + step
    let adding = try seconds { try index.add(all.rows(new), ids: new.map(Int64.init)) }
    stored += Array(new)
    next += step
    emit([
        "event": "round", "round": round, "remove_seconds": removing, "add_seconds": adding, "bytes": index.byteCount,
    ])
}

let left = gather(stored)
let truth = try FlatIndex(left, ids: stored.map(Int64.init)).search(queries, k: 10).neighbors
var fresh = try HNSWIndex(training: left, spec: spec)
let rebuilt = try seconds { try fresh.add(left, ids: stored.map(Int64.init)) }
emit(["event": "rebuild", "seconds": rebuilt, "bytes": fresh.byteCount])

func recall(_ found: Neighbors, _ truth: Neighbors) -> Double {
    var right = 0, wanted = 0
    for q in 0..<truth.count {
        let true10 = Set(truth[q].map(\.id))
        right += found[q].count { true10.contains($0.id) }
        wanted += truth[q].count
    }
    return Double(right) / Double(wanted)
}

for ef in [16, 32, 64, 128, 256] {
    let options = SearchOptions(threads: 1, efSearch: ef)
    var times: [[Double]] = [[], []], recalls = [0.0, 0.0], visited = [0, 0]
    for _ in 0..<5 {
        for (i, each) in [index, fresh].enumerated() {
            var result: SearchResult?
            times[i].append(try seconds { result = try each.search(queries, k: 10, options: options) })
            if let result { (recalls[i], visited[i]) = (recall(result.neighbors, truth), result.visited) }
        }
    }
    let qps = times.map { Double(queries.rows) / $0.sorted()[$0.count / 2] }
    emit([
        "event": "search", "ef": ef, "recall": recalls[0], "fresh_recall": recalls[1], "qps": qps[0],
        "fresh_qps": qps[1], "visited": Double(visited[0]) / Double(queries.rows),
        "fresh_visited": Double(visited[1]) / Double(queries.rows),
    ])
}

for ef in [32, 64, 128] {
    let plain = recall(
        try fresh.search(queries, k: 10, options: SearchOptions(threads: 1, efSearch: ef)).neighbors, truth)
    for share in [2, 10, 100, 1000] {
        let passes: @Sendable (Int64) -> Bool = { id in
            var random = Generator(state: UInt64(id))
            return random.next() % UInt64(share) == 0
        }
        let passing = stored.filter { passes(Int64($0)) }
        let expected = try FlatIndex(gather(passing), ids: passing.map(Int64.init)).search(queries, k: 10).neighbors
        let options = SearchOptions(threads: 1, efSearch: ef, filter: .predicate(passes))
        var result: SearchResult?
        let time = try seconds { result = try fresh.search(queries, k: 10, options: options) }
        guard let result else { continue }
        emit([
            "event": "filter", "ef": ef, "share": 1 / Double(share), "plan": result.filtering?.rawValue ?? "",
            "recall": recall(result.neighbors, expected), "unfiltered_recall": plain,
            "qps": Double(queries.rows) / time, "visited": Double(result.visited) / Double(queries.rows),
        ])
    }
}
