import Akin
import AkinTestSupport
import Foundation
import Testing

@Suite("Faiss files of Faiss's making")
struct FaissGoldenTests {
    @Test("a tree has the numbers that Faiss gave it", arguments: FaissGolden.all)
    func numbers(_ golden: FaissGolden) throws {
        let header = try faissIndex(golden.bytes).header
        #expect(header.count == golden.count)
        #expect(header.dimension == golden.dimension)
        #expect(header.isTrained)
        #expect(header.metric == (golden.metric == "l2" ? .l2 : .innerProduct))
    }

    @Test("a tree written again has the same bytes", arguments: FaissGolden.all)
    func roundTrip(_ golden: FaissGolden) throws {
        let index = try faissIndex(golden.bytes)
        #expect(try written(index) == golden.bytes)
        try withTemporaryDirectory { folder in
            let path = "\(folder)/index.faiss"
            try index.write(to: path)
            #expect(try contents(path) == golden.bytes)
            #expect(try FaissIndex(path: path) == index)
        }
    }

    @Test("lists give the vectors that went into them, at any form of their sizes")
    func lists() throws {
        for name in ["sparse", "array map", "hash map"] {
            let golden = try FaissGolden.named(name)
            guard case .ivf(let ivf) = try faissIndex(golden.bytes).content, let lists = ivf.lists else {
                Issue.record("\(name) is no index with lists")
                continue
            }
            #expect(lists.count == golden.count)
            #expect(lists.codeSize == 32)
            let ids = lists.entries.indices.flatMap { lists.ids($0).elements }
            let expected: [Int64] = name == "sparse" ? [0, 5, 7, 12, 1 << 40] : Array(0..<10)
            #expect(ids.sorted() == expected)
            for (i, entry) in lists.entries.enumerated() { #expect(lists.codes(i).count == 32 * entry.count) }
        }
    }

    @Test("codes of fast scan come in whole blocks")
    func blocks() throws {
        let golden = try FaissGolden.named("IVF4,PQ4x4fs")
        guard case .ivf(let ivf) = try faissIndex(golden.bytes).content, let lists = ivf.lists else {
            Issue.record("no index with lists")
            return
        }
        #expect(lists.layout == .blocks(count: 32, byteCount: 64))
        #expect(lists.entries.indices.allSatisfy { lists.codes($0).count % 64 == 0 })
    }
}
