// Search in an inverted file, measured: prints one JSON object a line.
//
//     ivf-search INDEX QUERIES TRUTH       then one setting a line on standard input:
//     nprobe=16 refine=10 k=10 batch=0 threads=1 repeat=3
//
// Settings that are left out keep the values above; batch 0 sends all queries at once. TRUTH has the ids of the true
// nearest, one row a query. Recall counts ids. A caller that wants ratios alternates its lines with a peer's runs.

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

let arguments = CommandLine.arguments
guard arguments.count == 4 else {
    FileHandle.standardError.write(Data("usage: ivf-search INDEX QUERIES TRUTH < settings\n".utf8))
    exit(2)
}
let index = try IndexFile.open(arguments[1], verify: false)
let queries = try VectorFile(path: arguments[2]).floats()
let truth = try VectorFile(path: arguments[3]).integers()
emit([
    "event": "open", "index": index.spec, "count": index.count, "dimension": index.dimension,
    "bytes": index.byteCount, "simd": Kernels.best.name,
])

while let line = readLine() {
    var setting = [
        "nprobe": "16", "refine": "10", "k": "10", "batch": "0", "threads": "1", "repeat": "3", "total": "0",
    ]
    for word in line.split(separator: " ") {
        let pair = word.split(separator: "=", maxSplits: 1)
        if pair.count == 2 { setting[String(pair[0])] = String(pair[1]) }
    }
    guard let nprobe = Int(setting["nprobe"] ?? ""), let refine = Double(setting["refine"] ?? ""),
        let k = Int(setting["k"] ?? ""), let batch = Int(setting["batch"] ?? ""), batch >= 0,
        let threads = Int(setting["threads"] ?? ""), let runs = Int(setting["repeat"] ?? ""), runs > 0,
        let wanted = Int(setting["total"] ?? "")
    else {
        FileHandle.standardError.write(Data("not understood: \(line)\n".utf8))
        continue
    }
    let total = wanted > 0 ? min(wanted, queries.rows) : queries.rows
    let step = batch == 0 ? total : batch
    let options = SearchOptions(threads: threads, nprobe: nprobe, refineFactor: refine)
    var times: [Double] = []
    var hits = 0
    for run in 0..<runs {
        var found: [SearchResult] = []
        times.append(
            try seconds {
                for first in stride(from: 0, to: total, by: step) {
                    let block = queries.rows(first..<min(first + step, total))
                    found.append(try index.search(block, k: k, options: options))
                }
            })
        guard run == 0 else { continue }
        var query = 0
        for result in found {
            for row in 0..<result.neighbors.count {
                let right = Set((0..<k).map { Int64(truth[query, $0]) })
                hits += result.neighbors[row].filter { right.contains($0.id) }.count
                query += 1
            }
        }
    }
    emit([
        "event": "search", "nprobe": nprobe, "refine": refine, "k": k, "batch": batch, "threads": threads,
        "recall": Double(hits) / Double(total * k), "qps": Double(total) / times.sorted()[times.count / 2],
        "best_qps": Double(total) / (times.min() ?? 1),
    ])
}
