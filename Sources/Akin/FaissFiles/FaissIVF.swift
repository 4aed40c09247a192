/// Inverted lists and what chooses among them, as a Faiss file stores them.
package struct FaissIVF: Sendable, Equatable {
    /// What the lists hold.
    package enum Codec: Sendable, Equatable {
        case flat
        case scalar(FaissScalarQuantizer, byResidual: Bool)
        case product(FaissProductQuantizer, byResidual: Bool)
        case fastScan(FaissProductQuantizer, FaissFastScan, byResidual: Bool)
    }

    package var nlist: Int
    package var nprobe: Int
    /// Finds the lists nearest to a vector; it holds one vector per list once it is trained.
    package var quantizer: FaissIndex
    package var directMap: FaissDirectMap
    package var codec: Codec
    /// The lists; `nil` where they are not stored with the index.
    package var lists: FaissLists?

    /// Bytes of one vector's code.
    package func codeSize(dimension: Int) -> Int {
        switch codec {
        case .flat: dimension * 4
        case .scalar(let quantizer, _): quantizer.codeSize
        case .product(let quantizer, _), .fastScan(let quantizer, _, _): quantizer.codeSize
        }
    }
}

/// Where each vector lies among the lists, which Faiss keeps on demand.
package enum FaissDirectMap: Sendable, Equatable {
    case none
    /// By row number: list and place within it in the two halves of a number.
    case array(FaissArray<Int64>)
    /// By id: pairs of id and place, two numbers each.
    case hashTable(array: FaissArray<Int64>, pairs: FaissArray<Int64>)
}

/// Inverted lists: numbers of vectors at once, codes and ids when they are asked for.
package struct FaissLists: Sendable, Equatable {
    /// A list that is not empty.
    package struct Entry: Sendable, Equatable {
        package var list: Int
        package var count: Int

        package init(list: Int, count: Int) {
            self.list = list
            self.count = count
        }
    }

    /// How the codes of a list lie one after another.
    package enum Layout: Sendable, Equatable {
        /// One code per vector.
        case plain
        /// Blocks of `count` vectors and `byteCount` bytes; the last one may hold fewer vectors.
        case blocks(count: Int, byteCount: Int)
    }

    package let nlist: Int
    /// Bytes of one vector's code.
    package let codeSize: Int
    package let layout: Layout
    /// Lists that are not empty, in ascending order.
    package let entries: [Entry]
    private let source: any FaissListSource

    package init(
        nlist: Int, codeSize: Int, layout: Layout, entries: [Entry], source: any FaissListSource
    ) {
        self.nlist = nlist
        self.codeSize = codeSize
        self.layout = layout
        self.entries = entries
        self.source = source
    }

    /// Vectors of all lists.
    package var count: Int { entries.reduce(0) { $0 + $1.count } }

    /// The codes of `entries[i]`.
    package func codes(_ i: Int) -> FaissArray<UInt8> { source.codes(i) }

    /// The ids of `entries[i]`.
    package func ids(_ i: Int) -> FaissArray<Int64> { source.ids(i) }

    /// Bytes that the codes of `count` vectors take; `nil` where that is beyond counting.
    package func codeByteCount(_ count: Int) -> Int? {
        Self.codeByteCount(count, codeSize: codeSize, layout: layout)
    }

    static func codeByteCount(_ count: Int, codeSize: Int, layout: Layout) -> Int? {
        let (units, size) =
            switch layout {
            case .plain: (count, codeSize)
            case .blocks(let perBlock, let byteCount): (count / perBlock + (count % perBlock == 0 ? 0 : 1), byteCount)
            }
        let (bytes, overflow) = units.multipliedReportingOverflow(by: size)
        return overflow ? nil : bytes
    }

    /// Whether both hold the same codes and ids.
    package static func == (a: FaissLists, b: FaissLists) -> Bool {
        a.nlist == b.nlist && a.codeSize == b.codeSize && a.layout == b.layout && a.entries == b.entries
            && a.entries.indices.allSatisfy { a.codes($0) == b.codes($0) && a.ids($0) == b.ids($0) }
    }
}

/// Where the codes and ids of lists come from: a file, or an index that packs one list at a time.
package protocol FaissListSource: AnyObject, Sendable {
    /// The codes of the `i`-th list that is not empty.
    func codes(_ i: Int) -> FaissArray<UInt8>
    /// Its ids.
    func ids(_ i: Int) -> FaissArray<Int64>
}

/// Codes and ids that lie in a file.
final class FaissMappedLists: FaissListSource {
    struct Place {
        var codes: Int, codeByteCount: Int, ids: Int, count: Int
    }
    private let storage: any MatrixStorage
    private let places: [Place]

    init(_ storage: any MatrixStorage, _ places: [Place]) {
        self.storage = storage
        self.places = places
    }

    func codes(_ i: Int) -> FaissArray<UInt8> {
        FaissArray(storage: storage, byteOffset: places[i].codes, count: places[i].codeByteCount)
    }

    func ids(_ i: Int) -> FaissArray<Int64> {
        FaissArray(storage: storage, byteOffset: places[i].ids, count: places[i].count)
    }
}
