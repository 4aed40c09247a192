extension Int {
    /// Digits in groups of three: "1,234,567".
    var grouped: String {
        var text = ""
        for (i, digit) in String(magnitude).enumerated() {
            if i > 0, (String(magnitude).count - i) % 3 == 0 { text += "," }
            text.append(digit)
        }
        return self < 0 ? "-" + text : text
    }

    /// Bytes in a unit that fits: "1.5 MiB".
    var asBytes: String {
        guard self >= 1024 else { return "\(self) bytes" }
        var value = Double(self)
        var unit = "bytes"
        for next in ["KiB", "MiB", "GiB", "TiB"] where value >= 1024 {
            value /= 1024
            unit = next
        }
        return "\(value.text(decimals: value < 10 ? 2 : 1)) \(unit)"
    }

    /// A count with its noun: "1 image", "1,200 images".
    func counted(_ noun: String, _ plural: String? = nil) -> String {
        "\(grouped) \(self == 1 ? noun : plural ?? noun + "s")"
    }
}

extension Double {
    /// A fixed number of decimals, rounded half away from zero, without the host's locale.
    func text(decimals: Int) -> String {
        guard isFinite else { return "\(self)" }
        var scale = 1.0
        for _ in 0..<decimals { scale *= 10 }
        let scaled = (magnitude * scale).rounded()
        guard scaled < 1e15 else { return "\(self)" }
        let digits = String(Int(scaled))
        let sign = self < 0 && scaled > 0 ? "-" : ""
        guard decimals > 0 else { return sign + digits }
        let padded = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
        return sign + padded.dropLast(decimals) + "." + padded.suffix(decimals)
    }

    /// The value rounded to some decimals, for output that people read too.
    func rounded(decimals: Int) -> Double { Double(text(decimals: decimals)) ?? self }
}

extension Duration {
    /// The duration in seconds.
    var inSeconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }

    /// "0:07", "12:34", "1:02:03".
    var asClock: String {
        let seconds = Int(Swift.min(inSeconds.rounded(), 1e9))
        let (h, m, s) = (seconds / 3600, seconds / 60 % 60, seconds % 60)
        let two = { (n: Int) in n < 10 ? "0\(n)" : "\(n)" }
        return h > 0 ? "\(h):\(two(m)):\(two(s))" : "\(m):\(two(s))"
    }
}

/// Runs `body` and says how long it took, in seconds.
func timed<Result>(_ body: () throws -> Result) rethrows -> (result: Result, seconds: Double) {
    let start = ContinuousClock.now
    let result = try body()
    return (result, (ContinuousClock.now - start).inSeconds)
}
