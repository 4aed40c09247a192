// Search of binary codes, measured: prints one JSON object a line.
//
//     binary-search CODES QUERIES [parts]            then one setting a line on standard input:
//     k=10 batch=1000 threads=1 total=1000
//
// CODES and QUERIES are .u8bin files, [n, bits / 8]. With `parts` codes are searched through that many tables.

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

/// The bytes of a `.u8bin` file: two 32-bit numbers, rows and columns, then the rows.
func codes(_ path: String) throws -> Matrix<UInt8> {
    let data = try Data(contentsOf: URL(filePath: path))
    func number(_ place: Int) -> Int { (0..<4).reduce(0) { $0 | Int(data[place + $1]) << (8 * $1) } }
    return Matrix(rows: number(0), columns: number(4)) { elements in
        _ = data.dropFirst(8).copyBytes(to: elements)
    }
}

let arguments = CommandLine.arguments
guard arguments.count >= 3 else {
    FileHandle.standardError.write(Data("usage: binary-search CODES QUERIES [parts] < settings\n".utf8))
    exit(2)
}
let base = try codes(arguments[1]), queries = try codes(arguments[2])
var index = try BinaryIndex(bits: 8 * base.columns, parts: arguments.count > 3 ? Int(arguments[3]) : nil)
let build = try seconds { try index.add(base) }
emit([
    "event": "build", "count": index.count, "bits": index.bits, "seconds": build, "bytes": index.byteCount,
    "simd": Kernels.best.name,
])

while let line = readLine() {
    var setting = ["k": 10, "batch": 1000, "threads": 1, "total": 1000]
    for word in line.split(separator: " ") {
        let pair = word.split(separator: "=", maxSplits: 1)
        if pair.count == 2 { setting[String(pair[0])] = Int(pair[1]) }
    }
    guard let k = setting["k"], let batch = setting["batch"], batch > 0, let threads = setting["threads"],
        let wanted = setting["total"]
    else { continue }
    let total = min(queries.rows, wanted)
    var visited = 0
    let time = try seconds {
        for first in stride(from: 0, to: total, by: batch) {
            visited += try index.search(
                queries.rows(first..<min(first + batch, total)), k: k, options: SearchOptions(threads: threads)
            ).visited
        }
    }
    let found = try index.search(queries.rows(0..<1), k: k).neighbors[0]
    emit([
        "event": "search", "k": k, "batch": batch, "threads": threads, "queries": total, "qps": Double(total) / time,
        "visited": Double(visited) / Double(total), "distances": found.map { Int($0.score) },
    ])
}
