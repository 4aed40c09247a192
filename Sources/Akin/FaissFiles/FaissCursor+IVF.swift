extension FaissCursor {
    /// What follows the header of an index with inverted lists.
    mutating func ivf(_ code: FaissCode, _ header: FaissHeader) throws(FileError) -> FaissIVF {
        let nlist = try size("the number of lists", in: 1...1 << 40)
        let nprobe = try size("the number of lists to visit")
        let start = offset
        guard let quantizer = try index("the coarse quantizer") else {
            throw failure("expected a coarse quantizer, found 'null'", at: start)
        }
        try check(
            quantizer.header.dimension == header.dimension,
            "expected a coarse quantizer of dimension \(header.dimension), found \(quantizer.header.dimension)")
        try check(
            quantizer.header.count == nlist || (!header.isTrained && header.count == 0),
            "expected a coarse quantizer of \(nlist) vectors, found \(quantizer.header.count)")
        let map = try directMap()
        let codec = try codec(code, header)
        var ivf = FaissIVF(
            nlist: nlist, nprobe: nprobe, quantizer: quantizer, directMap: map, codec: codec, lists: nil)
        ivf.lists = try lists(ivf, header)
        return ivf
    }

    private mutating func directMap() throws(FileError) -> FaissDirectMap {
        let start = offset
        let type = try number(UInt8.self, "the kind of direct map")
        let array = try array(of: Int64.self, "the direct map")
        switch type {
        case 0: return .none
        case 1: return .array(array)
        case 2:
            let first = offset
            let count = try size("the number of pairs in the direct map", in: 0...Int.max / 16)
            guard count <= remaining / 16 else {
                throw failure(
                    "\(count) pairs are announced in the direct map, \(remaining) bytes are left", .truncated,
                    at: first)
            }
            let pairs = try self.array(of: Int64.self, count: 2 * count, "the direct map")
            return .hashTable(array: array, pairs: pairs)
        default: throw failure("expected 0, 1 or 2 as the kind of direct map, found \(type)", at: start)
        }
    }

    private mutating func codec(_ code: FaissCode, _ header: FaissHeader) throws(FileError) -> FaissIVF.Codec {
        switch code {
        case "IwSQ", "IwSq":
            let quantizer = try scalarQuantizer(header)
            try codeSize(quantizer.codeSize)
            let byResidual = code == "IwSQ" ? true : try flag("whether residuals are coded")
            return .scalar(quantizer, byResidual: byResidual)
        case "IwPQ":
            let byResidual = try flag("whether residuals are coded")
            let stored = try size("the code size")
            let quantizer = try productQuantizer(header)
            try check(stored == quantizer.codeSize, "expected codes of \(quantizer.codeSize) bytes, found \(stored)")
            return .product(quantizer, byResidual: byResidual)
        case "IwPf":
            let byResidual = try flag("whether residuals are coded")
            let stored = try size("the code size")
            var scan = FaissFastScan()
            scan.blockCount = try blockCount()
            let subquantizers = try size("the padded number of subquantizers")
            scan.implementation = try int32("the implementation")
            scan.queryBatch = try size("the query batch")
            let quantizer = try productQuantizer(header)
            try check(quantizer.nbits == 4, "expected 4 bits per code for fast scan, found \(quantizer.nbits)")
            try check(stored == quantizer.codeSize, "expected codes of \(quantizer.codeSize) bytes, found \(stored)")
            try check(
                subquantizers == quantizer.m + quantizer.m % 2,
                "expected \(quantizer.m) subquantizers in pairs, found \(subquantizers)")
            return .fastScan(quantizer, scan, byResidual: byResidual)
        default: return .flat
        }
    }

    private mutating func codeSize(_ expected: Int) throws(FileError) {
        let stored = try size("the code size")
        try check(stored == expected, "expected codes of \(expected) bytes, found \(stored)")
    }

    // MARK: - Lists

    private mutating func lists(_ ivf: FaissIVF, _ header: FaissHeader) throws(FileError) -> FaissLists? {
        let start = offset
        let code = try code("the kind of inverted lists")
        if code == "il00" { return nil }
        if let name = FaissCode.unsupportedLists[code] {
            throw failure("inverted lists of kind \(code) (\(name)) are not supported", .unsupported, at: start)
        }
        guard code == "ilar" || code == "ilbl" else {
            throw failure("expected inverted lists, found \(code)", at: start)
        }
        try enter(code)
        let nlist = try size("the number of lists")
        try check(nlist == ivf.nlist, "expected \(ivf.nlist) lists, found \(nlist)")
        let lists: FaissLists
        if case .fastScan(let quantizer, let scan, _) = ivf.codec {
            try check(code == "ilbl", "fast scan needs lists of blocks, found \(code)")
            lists = try blockLists(nlist, quantizer, scan, header)
        } else {
            try check(code == "ilar", "expected lists of single codes, found \(code)")
            lists = try plainLists(nlist, ivf.codeSize(dimension: header.dimension), header)
        }
        try check(
            lists.count == header.count, "expected \(header.count) vectors in the lists, found \(lists.count)")
        leave()
        return lists
    }

    private mutating func plainLists(
        _ nlist: Int, _ codeSize: Int, _ header: FaissHeader
    ) throws(FileError) -> FaissLists {
        try self.codeSize(codeSize)
        let entries = try listSizes(nlist, header)
        var places: [FaissMappedLists.Place] = []
        places.reserveCapacity(entries.count)
        for entry in entries {
            let what = "the codes of list \(entry.list)"
            guard let byteCount = checkedProduct(entry.count, codeSize) else {
                throw failure("\(what) are more than can be counted")
            }
            let codes = offset
            try skip(byteCount, what)
            places.append(.init(codes: codes, codeByteCount: byteCount, ids: offset, count: entry.count))
            _ = try array(of: Int64.self, count: entry.count, "the ids of list \(entry.list)")
        }
        return FaissLists(
            nlist: nlist, codeSize: codeSize, layout: .plain, entries: entries,
            source: FaissMappedLists(storage, places))
    }

    /// The lists that are not empty: from a size for each, or from pairs of list and size.
    private mutating func listSizes(_ nlist: Int, _ header: FaissHeader) throws(FileError) -> [FaissLists.Entry] {
        let start = offset
        let form = try code("the form of the list sizes")
        let isFull = form == "full"
        guard isFull || form == "sprs" else {
            throw failure("expected list sizes in full or sparse form, found \(form)", at: start)
        }
        let numbers =
            try isFull
            ? array(of: UInt64.self, expecting: nlist, "the list sizes") : array(of: UInt64.self, "the list sizes")
        try check(isFull || numbers.count % 2 == 0, "expected pairs of list and size, found \(numbers.count) numbers")
        var entries: [FaissLists.Entry] = []
        var left = header.count
        for i in stride(from: 0, to: numbers.count, by: isFull ? 1 : 2) {
            let size = numbers[isFull ? i : i + 1]
            guard isFull || (entries.last.map { $0.list < numbers[i] } ?? true) && numbers[i] < nlist else {
                throw failure(
                    "expected lists of \(nlist) in ascending order, found list \(numbers[i])",
                    at: start + 12 + 8 * i)
            }
            guard size <= left else {
                throw failure(
                    "the lists hold more than the index's \(header.count) vectors", at: start + 12 + 8 * i)
            }
            left -= Int(size)
            if size > 0 { entries.append(.init(list: isFull ? i : Int(numbers[i]), count: Int(size))) }
        }
        return entries
    }

    private mutating func blockLists(
        _ nlist: Int, _ quantizer: FaissProductQuantizer, _ scan: FaissFastScan, _ header: FaissHeader
    ) throws(FileError) -> FaissLists {
        // Faiss writes -1 here, since the codes of a block have no size of their own.
        let start = offset
        let stored = try number(Int64.self, "the code size")
        guard stored == -1 || stored == quantizer.codeSize else {
            throw failure("expected codes of \(quantizer.codeSize) bytes, found \(stored)", at: start)
        }
        let perBlock = try size("the number of vectors in a block")
        try check(perBlock == scan.blockCount, "expected blocks of \(scan.blockCount) vectors, found \(perBlock)")
        let blockByteCount = perBlock * (quantizer.m + quantizer.m % 2) / 2
        let storedByteCount = try size("the size of a block")
        try check(
            storedByteCount == blockByteCount, "expected blocks of \(blockByteCount) bytes, found \(storedByteCount)")
        let layout = FaissLists.Layout.blocks(count: perBlock, byteCount: blockByteCount)
        var entries: [FaissLists.Entry] = [], places: [FaissMappedLists.Place] = []
        for list in 0..<nlist {
            let ids = try array(of: Int64.self, "the ids of list \(list)")
            let idsStart = offset - 8 * ids.count
            let codes = try array(
                of: UInt8.self,
                expecting: FaissLists.codeByteCount(ids.count, codeSize: quantizer.codeSize, layout: layout),
                "the codes of list \(list)")
            guard ids.count > 0 else { continue }
            entries.append(.init(list: list, count: ids.count))
            places.append(
                .init(codes: offset - codes.count, codeByteCount: codes.count, ids: idsStart, count: ids.count))
        }
        return FaissLists(
            nlist: nlist, codeSize: quantizer.codeSize, layout: layout, entries: entries,
            source: FaissMappedLists(storage, places))
    }
}
