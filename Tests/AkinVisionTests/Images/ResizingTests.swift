import AkinVision
import Testing

@Suite("Resizing")
struct ResizingTests {
    static let filters = ResampleFilter.allCases

    @Test("a plain picture stays plain", arguments: filters)
    func plain(_ filter: ResampleFilter) {
        for (width, height) in [(1, 1), (3, 50), (64, 7), (200, 200)] {
            let resized = TestPicture.plain(31, 17, 255, 128, 1).resized(width: width, height: height, filter: filter)
            #expect(resized == TestPicture.plain(width, height, 255, 128, 1))
        }
    }

    @Test("the same size is the same picture", arguments: filters)
    func same(_ filter: ResampleFilter) {
        let image = TestPicture.noise(23, 11, seed: 4)
        #expect(image.resized(width: 23, height: 11, filter: filter) == image)
    }

    @Test("the box filter halves by averaging, halves rounded up")
    func box() {
        let image = RGBImage(width: 2, height: 2, pixels: [0, 10, 1, 4, 20, 2, 8, 30, 3, 12, 40, 4])
        // Across: (0 + 4) / 2 = 2, (8 + 12) / 2 = 10; 15, 35; 1.5 to 2, 3.5 to 4. Down: 6, 25, 3.
        #expect(image.resized(width: 1, height: 1, filter: .box).pixels == [6, 25, 3])
    }

    @Test("a crop is a part of the whole", arguments: [(64, 48), (48, 64), (9, 200), (200, 9), (1, 1)])
    func crop(_ width: Int, _ height: Int) {
        let image = TestPicture.noise(width, height, seed: 8)
        let whole = image.resized(width: 60, height: 50, filter: .bicubic)
        let part = Preprocessing(resize: .fixed(width: 60, height: 50), filter: .bicubic, width: 33, height: 20)
            .pixels(image)
        for y in 0..<20 {
            let from = ((y + 15) * 60 + 13) * 3
            #expect(Array(part.pixels[(y * 99)..<(y * 99 + 99)]) == Array(whole.pixels[from..<(from + 99)]))
        }
    }
}
