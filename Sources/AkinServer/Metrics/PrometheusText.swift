/// Measurements in the text format that Prometheus reads.
package struct PrometheusText {
    /// The page so far.
    package private(set) var text = ""

    /// Starts an empty page.
    package init() {}

    /// Starts a family of measurements of a type: `counter`, `gauge` or `histogram`.
    package mutating func family(_ name: String, _ type: String, _ help: String) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
    }

    /// Adds one measurement.
    package mutating func add(_ name: String, _ labels: [(String, String)] = [], _ value: some CustomStringConvertible)
    {
        text += name
        if !labels.isEmpty {
            text += "{" + labels.map { "\($0.0)=\"\(Self.escaped($0.1))\"" }.joined(separator: ",") + "}"
        }
        text += " \(value)\n"
    }

    /// Adds the buckets, the sum and the count of a histogram.
    package mutating func add(_ name: String, _ labels: [(String, String)], _ histogram: LatencyHistogram) {
        var count = 0
        for (bound, inBucket) in zip(LatencyHistogram.bounds, histogram.counts) {
            count += inBucket
            add(name + "_bucket", labels + [("le", "\(bound)")], count)
        }
        count += histogram.counts[LatencyHistogram.bounds.count]
        add(name + "_bucket", labels + [("le", "+Inf")], count)
        add(name + "_sum", labels, histogram.sum)
        add(name + "_count", labels, count)
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
}
