/// A random generator of 64 bits of state: fast, good for sampling, and the same everywhere for the same seed.
///
/// The sequence is that of [Steele et al. 2014]; it is not for cryptography.
///
/// [Steele et al. 2014]: https://doi.org/10.1145/2660193.2660195
package struct SplitMix64: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// Starts the sequence that belongs to `seed`.
    package init(seed: UInt64) {
        state = seed
    }

    /// Starts a sequence that belongs to several numbers together; the order of the numbers counts.
    package init(seeds: UInt64...) {
        state = 0
        for seed in seeds { state = next() ^ seed }
        state = next()
    }

    /// The next 64 random bits.
    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var bits = state
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }
}
