// Exact search, measured: prints one JSON object a line.
//
//     exact-search BASE QUERIES [l2|ip|cosine]       then one setting a line on standard input:
//     k=10 batch=2000 threads=1 arithmetic=automatic repeat=3
//
// Settings that are left out keep the values above. A caller that wants ratios alternates its lines with a peer's
// runs, so that both see the same weather. `peaks` measures what the machine can do at best.

import Akin
import CPeaks
import Foundation

func emit(_ fields: [String: Any]) {
    guard let data = try? JSONSerialization.data(withJSONObject: fields, options: [.sortedKeys]) else { return }
    FileHandle.standardOutput.write(data + Data("\n".utf8))
}

func seconds(_ body: () throws -> Void) rethrows -> Double {
    let clock = ContinuousClock()
    let elapsed = try clock.measure(body)
    return Double(elapsed.components.seconds) + 1e-18 * Double(elapsed.components.attoseconds)
}

func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

let arguments = CommandLine.arguments
guard arguments.count >= 3, let metric = Metric(rawValue: arguments.count > 3 ? arguments[3] : "l2") else {
    FileHandle.standardError.write(Data("usage: exact-search BASE QUERIES [l2|ip|cosine] < settings\n".utf8))
    exit(2)
}
let base = try VectorFile(path: arguments[1]).floats()
let queries = try VectorFile(path: arguments[2]).floats()
// Mapped pages would be read from disk inside the first measurement: copy them.
let resident = Matrix<Float>(rows: base.rows, columns: base.columns) { elements in
    base.withUnsafeElements { source in _ = elements.update(fromContentsOf: source) }
}
var index: FlatIndex?
let build = try seconds { index = try FlatIndex(resident, metric: metric) }
guard let index else { exit(1) }
emit([
    "event": "build", "count": index.count, "dimension": index.dimension, "seconds": build, "bytes": index.byteCount,
    "simd": Kernels.best.name, "eight_bit": index.hasEightBitCodes,
])

while let line = readLine() {
    if line.trimmingCharacters(in: .whitespaces) == "peaks" {
        let read = resident.withUnsafeElements { akin_peak_read($0.baseAddress, $0.count * 4) }
        emit(["event": "peaks", "fma_gflops": akin_peak_fma(), "dot8_gops": akin_peak_dot8(), "read_gbs": read])
        continue
    }
    var setting = ["k": "10", "batch": "2000", "threads": "1", "arithmetic": "automatic", "repeat": "3", "total": "0"]
    for word in line.split(separator: " ") {
        let pair = word.split(separator: "=", maxSplits: 1)
        if pair.count == 2 { setting[String(pair[0])] = String(pair[1]) }
    }
    guard let k = Int(setting["k"] ?? ""), let batch = Int(setting["batch"] ?? ""), batch > 0,
        let threads = Int(setting["threads"] ?? ""), let runs = Int(setting["repeat"] ?? ""), runs > 0,
        let arithmetic = SearchOptions.Arithmetic(rawValue: setting["arithmetic"] ?? ""),
        let wanted = Int(setting["total"] ?? "")
    else {
        FileHandle.standardError.write(Data("not understood: \(line)\n".utf8))
        continue
    }
    let total = min(queries.rows, wanted > 0 ? wanted : max(batch, 64))
    let options = SearchOptions(threads: threads, arithmetic: arithmetic)
    var times: [Double] = []
    for _ in 0..<runs {
        times.append(
            try seconds {
                for first in stride(from: 0, to: total, by: batch) {
                    _ = try index.search(queries.rows(first..<min(first + batch, total)), k: k, options: options)
                }
            })
    }
    let qps = Double(total) / median(times)
    let pairs = Double(total) * Double(index.count)
    emit([
        "event": "search", "k": k, "batch": batch, "threads": threads, "arithmetic": arithmetic.rawValue,
        "queries": total, "qps": qps, "best_qps": Double(total) / (times.min() ?? 1),
        "gflops": pairs * 2 * Double(index.dimension) / median(times) * 1e-9,
        "read_gbs": pairs * 4 * Double(index.dimension) / Double(batch) / median(times) * 1e-9,
    ])
}
