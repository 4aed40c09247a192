import Akin
import AkinTestSupport
import Testing

@Suite("Seeded random data")
struct SeededRandomTests {
    @Test("the sequence belongs to the seed")
    func sequenceBelongsToSeed() {
        // First outputs of SplitMix64 for seed 0.
        var random = SeededRandom(seed: 0)
        #expect(random.next() == 0xE220_A839_7B1D_CDAF)
        #expect(random.next() == 0x6E78_9E6A_A1B9_65F4)
    }

    @Test("gaussian samples have mean 0, variance 1 and tails")
    func gaussianMoments() {
        let samples = Matrix<Float>.random(rows: 1, columns: 100_000, seed: 1)[0]
        let mean = samples.reduce(0.0) { $0 + Double($1) } / 100_000
        let variance = samples.reduce(0.0) { $0 + Double($1) * Double($1) } / 100_000
        #expect(abs(mean) < 0.015)
        #expect(abs(variance - 1) < 0.02)
        // 0.27 % of a normal distribution lies beyond three deviations.
        #expect((200...340).contains(samples.count { abs($0) > 3 }))
    }
}
