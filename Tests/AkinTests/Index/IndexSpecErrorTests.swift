import Akin
import AkinTestSupport
import Testing

@Suite("Mistakes in index specs")
struct IndexSpecErrorTests {
    /// A wrong spec for vectors of dimension 128, where its caret belongs, and words that the message must have.
    struct Mistake: CustomTestStringConvertible, Sendable {
        var text: String
        var offset: Int
        var words: [String]
        var testDescription: String { text }

        init(_ text: String, _ offset: Int, _ words: String...) {
            self.text = text
            self.offset = offset
            self.words = words
        }
    }

    static let mistakes = [
        // what is not there
        Mistake("", 0, "expected an index", "the end"), Mistake("IVF16", 5, "comma", "codes", "the end"),
        Mistake("IVF16,", 6, "codes", "the end"), Mistake("PCA64", 5, "comma", "PCA64"),
        Mistake("PCA,Flat", 3, "number of dimensions", "\",\""), Mistake("OPQ,Flat", 3, "subquantizers"),
        Mistake("OPQ16_,Flat", 6, "number of dimensions"), Mistake("PQ", 2, "subquantizers", "the end"),
        Mistake("PQ16x", 5, "bits", "the end"), Mistake("IVF,Flat", 3, "lists"), Mistake("IDMap", 5, "comma"),
        Mistake("Flat,", 5, "the end"), Mistake("IVF16(HNSW32,Flat", 17, "parenthesis"),
        Mistake("IVF16(HNSW8", 11, "parenthesis", "the end"), Mistake("SQ8,Refine(", 11, "Refine(...)", "the end"),
        Mistake("SQ8,Refine(SQ6", 14, "parenthesis", "SQ6"), Mistake("SQ", 2, "fp16", "the end"),
        // what does not belong there
        Mistake(" Flat", 0, "white space"), Mistake("Flat ", 4, "after Flat", "white space"),
        Mistake("IVF16, Flat", 6, "white space"), Mistake("flat", 0, "capitals", "Flat"),
        Mistake("ivf16,Flat", 0, "capitals", "IVF"), Mistake("Hello", 0, "expected an index", "\"Hello\""),
        Mistake("Flatt", 4, "after Flat", "\"t\""), Mistake("PQ16y", 4, "after PQ16", "\"y\""),
        Mistake("PQ16+32", 4, "after PQ16"), Mistake("SQ7", 2, "SQ", "\"7\""), Mistake("SQ8_direct", 3, "after SQ8"),
        Mistake("IVF16,IVF16,Flat", 6, "codes", "does not belong"), Mistake("IVF16,RFlat", 6, "codes", "RFlat"),
        Mistake("PCA64,RFlat", 6, "index", "RFlat"), Mistake("Flat,PCA64", 5, "the end", "PCA64"),
        Mistake("SQ8,RFlat,RFlat", 10, "the end after RFlat"), Mistake("SQ8,Refine(RFlat)", 11, "Refine(...)"),
        Mistake("SQ8,Refine(PCA64,SQ8)", 11, "Refine(...)"), Mistake("IVF16(PQ16),Flat", 6, "centroids"),
        Mistake("IVF16(HNSW32,SQ8),Flat", 13, "Flat", "SQ8"), Mistake("PQ16x8fs", 5, "x4fs", "x8fs"),
        Mistake("HNSW32_Q", 7, "codes", "\"Q\""), Mistake("IVF-1,Flat", 3, "lists", "\"-\""),
        Mistake("IVF16,RQ8x8", 6, "no RQ"), Mistake("Fläche", 0, "index"),
        // numbers out of range
        Mistake("IVF0,Flat", 0, "nlist", "1..."), Mistake("IVF2147483648,Flat", 3, "2147483647"),
        Mistake("IVF99999999999999999999999,Flat", 3, "2147483647"), Mistake("IVF2147483647M,Flat", 3, "2147483647"),
        Mistake("IVF2000000000,Flat", 0, "nlist"), Mistake("IVF16_HNSW1,Flat", 0, "links"),
        Mistake("HNSW1", 0, "links"), Mistake("HNSW5000", 0, "links"), Mistake("PCA0,Flat", 0, "PCA0", "1...128"),
        Mistake("PCA129,Flat", 0, "129", "1...128"), Mistake("PCA64,PCA65,Flat", 6, "PCA65", "1...64"),
        Mistake("RR129,Flat", 0, "RR129"), Mistake("OPQ16_256,PQ16", 0, "256", "1...128"),
        Mistake("OPQ0,PQ16", 0, "subquantizers"), Mistake("PQ0", 0, "subquantizers"), Mistake("PQ16x3", 0, "4...12"),
        Mistake("PQ16x13", 0, "4...12"), Mistake("RaBitQ0", 0, "1...9"), Mistake("RaBitQ10", 0, "1...9"),
        Mistake("RR,RR,RR,RR,RR,RR,RR,RR,RR,Flat", 24, "at most 8"),
        // what cannot be at this dimension, or together
        Mistake("PQ7", 0, "7 equal parts", "dimension 128", "4 or 8 would do"),
        Mistake("IVF4096,PQ7", 8, "4 or 8"), Mistake("IVF4096,PQ7x4fs", 8, "even number", "7"),
        Mistake("PQ6x4fs", 0, "dimension 128", "4 or 8"), Mistake("PQ256", 0, "256 equal parts", "128 would do"),
        Mistake("PQ8192", 0, "1...4096"),
        Mistake("PQ2048x4fs", 0, "2...1024"), Mistake("PQ0x4fs", 0, "2...1024"),
        Mistake("OPQ12,PQ16", 0, "12 equal parts", "8 or 16"), Mistake("OPQ16_40,PQ8", 0, "dimension 40", "10 or 20"),
        Mistake("PCA100,IVF16,PQ16", 13, "dimension 100", "10 or 20"), Mistake("PQ32x4fsr", 0, "residuals", "IVFn"),
        Mistake("SQ8,Refine(PQ7)", 11, "dimension 128", "4 or 8"), Mistake("Flat,RFlat", 5, "nothing to refine"),
        Mistake("IVF16,Flat,Refine(SQ8)", 18, "nothing to refine"),
        Mistake("HNSW32,PQ16x4fs", 7, "graph", "PQ16x4fs"), Mistake("HNSW32,RaBitQ", 7, "graph"),
        // trees and hashes
        Mistake("KDTree0", 0, "trees", "1...256"), Mistake("KDTree8,RFlat", 8, "nothing to refine", "KDTree8"),
        Mistake("KDTreeX", 6, "after KDTree", "\"X\""), Mistake("kdtree", 0, "capitals", "KDTree"),
        Mistake("LSH", 3, "hyperplanes", "the end"), Mistake("LSH0", 0, "1...16384"), Mistake("LSH8x", 5, "hashes"),
        Mistake("LSH8x33", 0, "1...32"), Mistake("LSH0x8", 0, "tables"), Mistake("E2LSH8", 6, "E2LSH8x16"),
        Mistake("E2LSH8x16,RFlat", 10, "nothing to refine"), Mistake("BMIH", 4, "parts"),
        Mistake("BMIH3", 0, "128 bits", "4...128"), Mistake("ITQ64,BMIH65", 6, "64 bits", "2...64"),
        Mistake("ITQ129,BFlat", 0, "ITQ129", "1...128"), Mistake("IVF16,BFlat", 6, "codes", "does not belong"),
        Mistake("BFlat,Refine(BFlat)", 13, "Refine(...)"), Mistake("ITQ,BFlat", 3, "number of dimensions"),
        Mistake("SQ4,Refine(PQ32x4fs)", 11, "refinement"), Mistake("SQ4,Refine(RaBitQ)", 11, "refinement"),
    ]

    @Test("a mistake is pointed at and explained", arguments: mistakes)
    func pointsAtMistake(mistake: Mistake) throws {
        let error = #expect(throws: IndexSpecError.self) { try IndexSpec(parsing: mistake.text, dimension: 128) }
        let found = try #require(error)
        #expect(found.text == mistake.text)
        #expect(found.offset == mistake.offset, "\(found)")
        for word in mistake.words { #expect(found.message.contains(word), "\(found)") }
    }

    @Test("the description shows the caret under the mistake")
    func caret() throws {
        let error = try #require(throws: IndexSpecError.self) {
            try IndexSpec(parsing: "IVF4096,PQ7", dimension: 128)
        }
        let lines = error.description.split(separator: "\n").map(String.init)
        #expect(lines.count == 3)
        #expect(lines[1] == "  IVF4096,PQ7")
        #expect(lines[2] == "          ^")
    }

    @Test("a spec made of values is checked as its text is, and pointed at as it prints")
    func values() throws {
        let spec = IndexSpec(
            transforms: [.center, .pca(64, whitening: false, rotation: false)],
            core: .partitioned(.init(nlist: 16), .product(m: 48, bits: 8)))
        let error = try #require(throws: IndexSpecError.self) { try spec.validate(dimension: 96) }
        #expect(error.text == "Center,PCA64,IVF16,PQ48")
        #expect(error.offset == 19)
        #expect(error.message.contains("dimension 64"))
        for dimension in [0, -1, Int.max] {
            #expect(throws: IndexSpecError.self) { try IndexSpec.flat.validate(dimension: dimension) }
        }
        for m in [0, -1, Int.min, Int.max] {
            let wrong = IndexSpec(
                transforms: [.opq(m: m, output: m)], core: .partitioned(.init(nlist: m), .product(m: m, bits: m)),
                refinement: .codec(.rabit(bits: m)))
            #expect(throws: IndexSpecError.self) { try wrong.validate(dimension: 96) }
        }
    }

    @Test("without a dimension only what depends on it stays unchecked")
    func withoutDimension() throws {
        #expect(try IndexSpec(parsing: "IVF16,PQ7").codec == .product(m: 7, bits: 8))
        #expect(throws: IndexSpecError.self) { try IndexSpec(parsing: "PCA64,IVF16,PQ7") }
        #expect(throws: IndexSpecError.self) { try IndexSpec(parsing: "IVF16,PQ7x3") }
    }

    @Test("a text from outside is cut and cleaned before it is shown", arguments: ["x", "(", "RR,", "\u{1b}[2J", "é"])
    func hostileText(unit: String) throws {
        for count in [10, 100, 900, 5_000, 200_000] {
            let text = String(repeating: unit, count: count)
            let error = try #require(throws: IndexSpecError.self) { try IndexSpec(parsing: text, dimension: 128) }
            let lines = error.pointer.split(separator: "\n")
            #expect(lines.count == 2)
            #expect(error.description.count < 600)
            #expect(!error.description.contains("\u{1b}"))
        }
    }

    @Test("random texts are refused or print a spec that parses back")
    func randomTexts() throws {
        let pieces = [
            "Flat", "IVF", "PQ", "x4fs", "fsr", "16", "0", "999999999999", ",", "(", ")", "HNSW", "_", "Refine(",
            "RFlat",
            "SQ8", "SQfp16", "RaBitQ", "OPQ", "PCA", "W", "R", "RR", "L2norm", "Center", "IDMap", " ", "\n", "ü", "\0",
            "k", "M", "x", "8", "np", "-", "+",
        ]
        var random = SeededRandom(seed: 1)
        var accepted = 0
        for round in 0..<20_000 {
            var text = ""
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                text += pieces[Int.random(in: 0..<pieces.count, using: &random)]
            }
            let dimension = [nil, 1, 16, 128, 1 << 20][round % 5]
            guard let spec = try? IndexSpec(parsing: text, dimension: dimension) else { continue }
            accepted += 1
            let again = try IndexSpec(parsing: spec.description, dimension: dimension)
            let same = again == spec && again.description == spec.description
            #expect(same, "\(text)")
        }
        #expect(accepted > 100)
    }
}
