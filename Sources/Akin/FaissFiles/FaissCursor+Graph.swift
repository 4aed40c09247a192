extension FaissCursor {
    /// The graph of an HNSW index, whose links all lead to vectors that there are.
    mutating func graph(_ code: FaissCode, _ header: FaissHeader) throws(FileError) -> FaissGraph {
        let kind = FaissGraph.Storage.allCases.first { "'\($0.rawValue)'" == code.description } ?? .other
        let shares = try array(of: Double.self, "the shares of levels")
        let below = try array(of: Int32.self, "the links below each level")
        let levels = try array(of: Int32.self, expecting: header.count, "the levels")
        let offsets = try array(of: UInt64.self, expecting: header.count + 1, "the offsets of links")
        let links = try array(of: Int32.self, "the links")
        try check(header.count <= Int(Int32.max), "a graph of \(header.count) vectors is larger than its numbers hold")
        try checkLinks(below, levels, offsets, links)
        let last = Int32(header.count) - 1
        let entry = try int32("the entry point", in: -1...last)
        let highest = try int32("the highest level", in: -1...Int32(clamping: below.count - 1))
        try check(header.count == 0 || (entry >= 0 && highest >= 0), "a graph with vectors has no entry point")
        let efConstruction = try int32("efConstruction"), efSearch = try int32("efSearch")
        // A number that means nothing any more.
        try skip(4, "the end of the graph")
        return FaissGraph(
            storageKind: kind, levelShares: shares, linksBelow: below, levels: levels, offsets: offsets, links: links,
            entryPoint: entry, maximumLevel: highest, efConstruction: efConstruction, efSearch: efSearch)
    }

    private func checkLinks(
        _ below: FaissArray<Int32>, _ levels: FaissArray<Int32>, _ offsets: FaissArray<UInt64>,
        _ links: FaissArray<Int32>
    ) throws(FileError) {
        for level in 0..<below.count {
            try check(
                level == 0 ? below[0] == 0 : below[level] >= below[level - 1],
                "the links below level \(level) are fewer than those below the level before")
        }
        try check(offsets[0] == 0, "the links of the first vector begin at \(offsets[0])")
        for i in 0..<levels.count {
            let level = levels[i]
            try check(
                level >= 1 && level < below.count, "vector \(i) is on \(level) levels, the graph has \(below.count - 1)"
            )
            let (end, overflow) = offsets[i].addingReportingOverflow(UInt64(below[Int(level)]))
            try check(
                !overflow && offsets[i + 1] == end,
                "the links of vector \(i) should end at \(end), they end at \(offsets[i + 1])")
        }
        try check(
            offsets[levels.count] == links.count,
            "expected \(offsets[levels.count]) links, found \(links.count)")
        let count = levels.count
        let bad = links.withBytes { bytes in
            (0..<links.count).first { i in
                let link = bytes.loadUnaligned(fromByteOffset: 4 * i, as: Int32.self)
                return link < -1 || link >= count
            }
        }
        if let bad { throw failure("link \(bad) leads to vector \(links[bad]) of \(count)") }
    }
}
