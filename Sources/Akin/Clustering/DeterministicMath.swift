/// Functions that give the same bits with every C library.
enum DeterministicMath {
    private static let ln2 = 0.693_147_180_559_945_3

    /// The natural logarithm of a positive number: x = m * 2^e with m in 1..<2; ln m = 2 artanh((m - 1) / (m + 1)), whose argument stays below 1/3.
    static func logarithm(_ x: Double) -> Double {
        let t = (x.significand - 1) / (x.significand + 1)
        var power = t, sum = 0.0
        for k in stride(from: 1.0, through: 35, by: 2) {
            sum += power / k
            power *= t * t
        }
        return 2 * sum + Double(x.exponent) * ln2
    }
}
