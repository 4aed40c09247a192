import Akin
import AkinTestSupport
import Testing

@Suite("Index specs")
struct IndexSpecTests {
    static let codecs = [
        "Flat", "SQ8", "SQ6", "SQ4", "SQfp16", "SQbf16", "PQ16", "PQ1", "PQ16x4", "PQ16x12", "PQ32x4fs", "RaBitQ",
        "RaBitQ2", "RaBitQ9",
    ]
    static let transforms = [
        "", "PCA64,", "PCAW64,", "PCAR64,", "PCAWR64,", "OPQ16,", "OPQ16_64,", "RR,", "RR64,", "Center,", "L2norm,",
        "Center,PCA96,OPQ32_64,L2norm,",
    ]
    static let partitions = ["", "IVF1,", "IVF4096,", "IVF262144_HNSW32,"]

    @Test("a canonical spec parses and prints as itself", arguments: transforms, partitions)
    func roundTrip(transforms: String, partition: String) throws {
        let refinements = ["", ",RFlat", ",Refine(SQ8)", ",Refine(SQfp16)", ",Refine(PQ64x10)"]
        let codecs = Self.codecs + (partition.isEmpty ? ["HNSW32", "HNSW16,SQ8", "HNSW64,PQ16"] : ["PQ32x4fsr"])
        for codec in codecs {
            for refinement in refinements {
                if transforms.isEmpty, codec == "Flat" || codec == "HNSW32", !refinement.isEmpty { continue }
                let text = transforms + partition + codec + refinement
                let spec = try IndexSpec(parsing: text, dimension: 128)
                #expect(spec.description == text)
                #expect(try IndexSpec(parsing: spec.description) == spec)
                try spec.validate(dimension: 128)
            }
        }
    }

    @Test("trees and hashes parse and print as themselves, and can be planned", arguments: transforms)
    func hashes(transforms: String) throws {
        for core in ["KDTree", "KDTree8", "LSH256", "BFlat", "BMIH4", "BMIH8", "LSH8x16", "E2LSH4x12"] {
            for refinement in ["", ",RFlat", ",Refine(SQ8)"] {
                let keepsVectors = core.hasPrefix("KD") || core.contains("x")
                if transforms.isEmpty, keepsVectors, !refinement.isEmpty { continue }
                let text = transforms + core + refinement
                let spec = try IndexSpec(parsing: text, dimension: 128)
                #expect(spec.description == text)
                #expect(try IndexSpec(parsing: spec.description) == spec)
                let plan = try spec.plan(count: 1000, dimension: 128)
                #expect(plan.byteCount(.file) > 0 && plan.byteCount(.build) > plan.byteCount(.search))
            }
        }
        let spec = try IndexSpec(parsing: "ITQ64,BMIH4,Refine(SQ8)", dimension: 128)
        #expect(
            spec
                == IndexSpec(
                    transforms: [.itq(64)], core: .signs(.multiIndex(4)), refinement: .codec(.scalar(.bits8))))
    }

    @Test(
        "other ways of writing it give the canonical form",
        arguments: [
            ("IDMap,Flat", "Flat"), ("Flat,IDMap2", "Flat"), ("IDMap2,IVF16,SQ8,RFlat", "IVF16,SQ8,RFlat"),
            ("IVF16,SQ8,IDMap,RFlat", "IVF16,SQ8,RFlat"), ("IVF4k,PQ16x8", "IVF4096,PQ16"),
            ("IVF1M_HNSW,PQ16np", "IVF1048576_HNSW32,PQ16"), ("IVF64(HNSW16),Flat", "IVF64_HNSW16,Flat"),
            ("IVF64(HNSW16,Flat),Flat", "IVF64_HNSW16,Flat"), ("IVF64(Flat),Flat", "IVF64,Flat"),
            ("PQ32x4fs_64", "PQ32x4fs"), ("IVF9,PQ32x4fsr_32", "IVF9,PQ32x4fsr"), ("HNSW", "HNSW32"),
            ("HNSW8_SQ8", "HNSW8,SQ8"), ("HNSW8,Flat", "HNSW8"), ("HNSW8,SQ8,RFlat", "HNSW8,SQ8,RFlat"),
            ("L2Norm,Flat", "L2norm,Flat"), ("SQ8,Refine(Flat)", "SQ8,RFlat"), ("PQ016x08", "PQ16"),
            ("RaBitQ1", "RaBitQ"), ("KDTree1", "KDTree"), ("PQ16x6np", "PQ16x6"),
        ])
    func canonicalForm(text: String, canonical: String) throws {
        let spec = try IndexSpec(parsing: text, dimension: 128)
        #expect(spec.description == canonical)
        #expect(try IndexSpec(parsing: canonical) == spec)
    }

    @Test("the parts of a spec are values")
    func parts() throws {
        let spec = try IndexSpec(parsing: "OPQ16_64,IVF262144_HNSW32,PQ16x4fs,Refine(SQ6)", dimension: 96)
        #expect(spec.transforms == [.opq(m: 16, output: 64)])
        #expect(spec.partition == .init(nlist: 262_144, coarse: .hnsw(32)))
        #expect(spec.codec == .fastScan(m: 16, residual: false))
        #expect(spec.refinement == .codec(.scalar(.bits6)))
        #expect(spec.codedDimension(96) == 64)
        #expect(
            spec
                == IndexSpec(
                    transforms: [.opq(m: 16, output: 64)],
                    core: .partitioned(.init(nlist: 262_144, coarse: .hnsw(32)), .fastScan(m: 16, residual: false)),
                    refinement: .codec(.scalar(.bits6))))
        #expect(try IndexSpec(parsing: "Flat") == .flat)
    }

    @Test(
        "a code has the bytes that its bits need",
        arguments: [
            ("Flat", 400), ("SQ8", 100), ("SQ6", 75), ("SQ4", 50), ("SQfp16", 200), ("SQbf16", 200), ("PQ20", 20),
            ("PQ20x4", 10), ("PQ25x5", 16), ("PQ20x12", 30), ("PQ20x4fs", 10), ("RaBitQ", 13), ("RaBitQ3", 38),
        ])
    func codeSize(text: String, bytes: Int) throws {
        #expect(try IndexSpec(parsing: text, dimension: 100).codec.codeSize(dimension: 100) == bytes)
    }
}
