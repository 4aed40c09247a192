extension FaissPlan {
    /// The graph that the plan describes, over vectors as they are.
    func graphIndex(_ graph: FaissGraph, _ storage: FaissIndex?) throws -> HNSWIndex {
        guard let storage else { throw unsupported("the file holds a graph without its vectors") }
        guard case .flat(let stored) = storage.content else {
            throw unsupported("a graph over codes is not supported, only one over vectors as they are")
        }
        guard storage.header.metric == header.metric else {
            throw unsupported("a graph with metric \(header.metric) over vectors with \(storage.header.metric)")
        }
        guard refinement == nil else { throw unsupported("a refinement around a graph is not supported") }
        let count = header.count
        guard count <= HNSWIndex.maximumCount else {
            throw unsupported("\(count) vectors are more than the \(HNSWIndex.maximumCount) that a graph holds")
        }
        var ids: [Int64] = []
        ids.reserveCapacity(count)
        for row in 0..<count { ids.append(try id(of: Int64(row)).id) }
        let (chain, specs) = try graphTransforms()
        guard let plain = graph.plain else {
            throw unsupported("a graph whose lowest level has other than twice the links of those above")
        }
        var index = try HNSWIndex(
            plain, vectors: stored.matrix(columns: storage.header.dimension), ids: ids, metric: metric,
            transforms: chain, transformSpecs: specs, efConstruction: Int(graph.efConstruction), path: path)
        index.defaults.efSearch = max(1, Int(graph.efSearch))
        return index
    }

    private func graphTransforms() throws -> (TransformChain, [IndexSpec.Transform]) {
        let chain = try transformChain()
        return (chain, zip(transforms, chain.transforms).map { $0.specification(before: .flat, $1) })
    }
}

extension FaissGraph {
    /// The graph by the numbers of its vectors; `nil` where its lowest level has other than twice the links of those
    /// above.
    var plain: PlainGraph? {
        let below = linksBelow
        guard below.count >= 3, below[2] - below[1] >= 1, below[1] == 2 * (below[2] - below[1]),
            (1..<below.count).allSatisfy({ $0 == 1 || below[$0] - below[$0 - 1] == below[2] - below[1] })
        else { return nil }
        let (offsets, links) = (offsets, links)
        return PlainGraph(
            m: Int(below[2] - below[1]), tops: (0..<levels.count).map { Int(levels[$0]) - 1 },
            entry: max(0, Int(entryPoint))
        ) { row, level, body in
            let first = Int(offsets[row]) + Int(below[level])
            for i in first..<first + Int(below[level + 1] - below[level]) {
                let link = links[i]
                if link < 0 { break }
                body(Int(link))
            }
        }
    }
}
