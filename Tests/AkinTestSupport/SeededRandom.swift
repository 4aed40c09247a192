/// A small random generator whose sequence depends on the seed alone (SplitMix64).
public struct SeededRandom: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// Starts the sequence that belongs to `seed`.
    public init(seed: UInt64) {
        state = seed
    }

    /// The next 64 random bits.
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// A sample of the normal distribution with mean 0 and variance 1, by the polar method.
    public mutating func gaussian() -> Float {
        while true {
            let u = Double.random(in: -1..<1, using: &self)
            let v = Double.random(in: -1..<1, using: &self)
            let s = u * u + v * v
            if s > 0 && s < 1 { return Float(u * (-2 * logarithm(s) / s).squareRoot()) }
        }
    }

    /// The natural logarithm of a positive number, computed here so that every C library gives the same samples.
    private func logarithm(_ x: Double) -> Double {
        // x = m * 2^e with m in 1..<2; ln m = 2 artanh((m - 1) / (m + 1)), whose argument stays below 1/3.
        let t = (x.significand - 1) / (x.significand + 1)
        var power = t, sum = 0.0
        for k in stride(from: 1.0, through: 35, by: 2) {
            sum += power / k
            power *= t * t
        }
        return 2 * sum + Double(x.exponent) * 0.693_147_180_559_945_3
    }
}
