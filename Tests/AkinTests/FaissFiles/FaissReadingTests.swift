import Akin
import Testing

@Suite("Reading Faiss files")
struct FaissReadingTests {
    private let start = FaissBytes()

    @Test("a flat index is its header and its vectors")
    func flat() throws {
        let index = try faissIndex(start.flat(2, [1, 2, 3, 4]).bytes)
        #expect(index.header == FaissHeader(dimension: 2, count: 2, metric: .l2))
        #expect(index.content == .flat(FaissArray([1, 2, 3, 4])))
        guard case .flat(let vectors) = index.content else { return }
        #expect(vectors.matrix(columns: 2) == Matrix([[1, 2], [3, 4]]))
        #expect(vectors[1..<3].elements == [2, 3])
    }

    @Test("metrics beyond the first two carry an argument")
    func metricArgument() throws {
        let bytes = start.code("IxFl").header(1, 1, metric: 4).float(3).array([5 as Float]).bytes
        let index = try faissIndex(bytes)
        #expect(index.header.metric == .lp && index.header.metricArgument == 3)
        #expect(try written(index) == bytes)
    }

    @Test("older codes are read, and written as their successors")
    func olderCodes() throws {
        let codes: [UInt8] = [0, 1, 2]
        let product = start.header(2, 3).product().array(codes)
        let end = start.number(Int32(0)).number(UInt8(0)).number(Int32(0)).bytes
        let new = (start.code("IxPq") + product.bytes + end).bytes
        #expect(try written(faissIndex((start.code("IxPQ") + product.bytes).bytes)) == new)
        #expect(try written(faissIndex((start.code("IxPo") + product.bytes + end).bytes)) == new)

        let linear = start.number(UInt8(0)).array([1 as Float, 0, 0, 1]).array([Float]())
        let dimensions = start.number(Int32(2)).number(Int32(2)).number(UInt8(1)).bytes
        let head = start.code("IxPT").header(2, 1).number(Int32(1))
        func file(_ fields: FaissBytes) -> [UInt8] {
            let arrays = start.array([0 as Float, 0]).array([2 as Float, 1]).array([1 as Float, 0, 0, 1])
            return (head + fields.bytes + arrays.bytes + linear.bytes + dimensions + start.flat(2, [1, 2]).bytes).bytes
        }
        let newest = file(start.code("Pcam").float(0).float(0).number(UInt8(0)).number(Int32(0)))
        #expect(try written(faissIndex(newest)) == newest)
        #expect(
            try written(faissIndex(file(start.code("PcAm").float(0).number(UInt8(0)).number(Int32(0))))) == newest)
        #expect(try written(faissIndex(file(start.code("PCAm").float(0).number(UInt8(0))))) == newest)
    }

    @Test(
        "kinds that are not supported are named",
        arguments: [
            ("IxRq", "residual quantizer"), ("IwIQ", "IVF with an independent quantizer"), ("Ixrr", "RaBitQ"),
            ("IBxF", "binary flat"),
        ])
    func unsupported(_ code: String, _ name: String) throws {
        let error = #expect(throws: FileError.self) { try faissIndex(start.code(code).header(2, 0).bytes) }
        #expect(error?.code == .unsupported)
        #expect(error?.message == "a Faiss index of kind '\(code)' (\(name)) is not supported")
        #expect(error?.offset == 0)
    }

    @Test("what is no Faiss file is said to be none")
    func unknown() throws {
        let error = #expect(throws: FileError.self) { try faissIndex(Array("\u{93}NUMPY".utf8)) }
        #expect(error?.code == .unknownFormat)
        #expect(throws: FileError.self) { try faissIndex([]) }
        #expect(throws: FileError.self) { try faissIndex(start.code("null").bytes) }
    }

    @Test("an error names the place within nested indexes")
    func place() throws {
        let inner = start.flat(2, [1, 2, 3, 4]).bytes
        let map = (start.code("IxMp").header(2, 3) + inner).array([1 as Int64, 2, 3]).bytes
        let error = #expect(throws: FileError.self) { try faissIndex(map) }
        #expect(error?.code == .malformed)
        #expect(error?.section == "IxMp")
        #expect(error?.offset == 37 + inner.count)
        let cut = #expect(throws: FileError.self) { try faissIndex(Array(map[..<(37 + 40)])) }
        #expect(cut?.code == .truncated && cut?.section == "IxMp/IxF2")
    }

    @Test("nesting without end is an error")
    func nesting() throws {
        func nested(_ depth: Int) -> [UInt8] {
            let head = start.code("IxPT").header(1, 1).number(Int32(0)).bytes
            return (0..<depth).reduce([]) { bytes, _ in bytes + head } + start.flat(1, [1]).bytes
        }
        #expect(try written(faissIndex(nested(15))) == nested(15))
        for depth in [16, 17, 10_000] {
            let error = #expect(throws: FileError.self) { try faissIndex(nested(depth)) }
            #expect(error?.message == "indexes are nested deeper than 16")
        }
    }
}
