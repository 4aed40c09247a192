import Akin
import Foundation

/// Times the questions to one shard's file, one at a time, for the plans of `scripts/scale.py`.
struct ShardTimes {
    var index: String
    var queries: String
    var nprobe: Int?
    var ef: Int?

    func run() throws {
        let opened = try IndexFile.open(index, isMapped: true, verify: true)
        let asked = try VectorFile(path: queries).floats()
        var options = SearchOptions(threads: 1, nprobe: nprobe, efSearch: ef)
        options.monitor = .silent
        var times: [Double] = []
        // Twice, of which the second counts: the first brings the file into memory.
        for round in 0..<2 {
            times = []
            for row in 0..<asked.rows {
                let query = asked.rows(row..<row + 1)
                let start = ContinuousClock.now
                _ = try opened.search(query, k: 10, options: options)
                if round == 1 { times.append((ContinuousClock.now - start) / .milliseconds(1)) }
            }
        }
        times.sort()
        let quantiles = (0...200).map { place in
            let position = Double(times.count - 1) * Double(place) / 200
            return (times[Int(position)] * 10_000).rounded() / 10_000
        }
        let report: [String: Any] = [
            "index": opened.spec, "vectors": opened.count, "dimension": opened.dimension,
            "file_bytes": try FileManager.default.attributesOfItem(atPath: index)[.size] as? Int ?? 0,
            "cpu_ms_per_query": times.reduce(0, +) / Double(times.count), "latency_ms": quantiles,
        ]
        let data = try JSONSerialization.data(withJSONObject: report, options: [.sortedKeys])
        say(String(decoding: data, as: UTF8.self))
    }
}
