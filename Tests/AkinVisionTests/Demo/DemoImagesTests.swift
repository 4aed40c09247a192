import AkinVision
import Testing

@Suite("Demo pictures")
struct DemoImagesTests {
    private let demo = DemoImages(seed: 5, side: 48, trainPerClass: 4, validationPerClass: 3)

    @Test("there are at least twelve classes in ascending order")
    func classes() {
        #expect(DemoImages.labels.count >= 12)
        #expect(DemoImages.labels == Set(DemoImages.labels).sorted())
        #expect(demo.perClass(.train) == 4)
        #expect(demo.perClass(.validation) == 3)
    }

    @Test("the same seed gives the same picture, in any order of drawing")
    func deterministic() {
        let again = DemoImages(seed: 5, side: 48)
        let last = again.image(class: 15, number: 3, part: .train)
        for label in DemoImages.labels.indices {
            #expect(
                demo.image(class: label, number: 2, part: .validation)
                    == again.image(class: label, number: 2, part: .validation))
        }
        #expect(demo.image(class: 15, number: 3, part: .train) == last)
    }

    @Test("no two pictures are the same, within a part, between parts and between seeds")
    func different() {
        var seen: Set<[UInt8]> = []
        var count = 0
        for seed in [5, 6] as [UInt64] {
            let demo = DemoImages(seed: seed, side: 32)
            for part in DemoImages.Part.allCases {
                for label in DemoImages.labels.indices {
                    for number in 0..<4 {
                        seen.insert(demo.image(class: label, number: number, part: part).pixels)
                        count += 1
                    }
                }
            }
        }
        #expect(seen.count == count)
    }

    @Test("pictures have the side asked for", arguments: [8, 33, 96])
    func side(_ side: Int) {
        let image = DemoImages(side: side).image(class: 0, number: 0, part: .train)
        #expect(image.width == side && image.height == side)
    }

    @Test("the subject stands out from the background in every class", arguments: DemoImages.labels.indices)
    func subjectStandsOut(_ label: Int) {
        for number in 0..<3 {
            let image = demo.image(class: label, number: number, part: .train)
            let grey = stride(from: 0, to: image.pixels.count, by: 3).map {
                0.299 * Double(image.pixels[$0]) + 0.587 * Double(image.pixels[$0 + 1])
                    + 0.114 * Double(image.pixels[$0 + 2])
            }
            let mean = grey.reduce(0, +) / Double(grey.count)
            let deviation = (grey.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(grey.count)).squareRoot()
            #expect(deviation > 5, "picture \(number) is nearly uniform")
        }
    }
}
