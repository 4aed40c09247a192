internal import Foundation

extension HNSWIndex {
    /// The tree that Faiss would have for this index; `path` is for messages.
    ///
    /// - Throws: ``FileError`` for codes other than vectors as they are, a refinement, and negative ids.
    package func faissIndex(path: String) throws(FileError) -> FaissIndex {
        guard codec is FlatGraphCodec, refinement == nil else {
            throw FileError(
                .unsupported, path: path, "Faiss has no counterpart of \(spec): only graphs over vectors as they are")
        }
        var chain: [FaissTransform] = metric == .cosine ? [.unitNormalization(dimension)] : []
        for transform in points.transforms.transforms { chain.append(try FaissTransform(transform, path: path)) }
        let columns = points.transforms.outputDimension
        let vectors = Matrix<Float>(rows: count, columns: columns) { target in
            guard let target = target.baseAddress else { return }
            // The component that makes products comparable by distance is the last.
            for row in 0..<count {
                let from = codes.base + row * codec.rowByteCount
                (target + row * columns).update(from: from.assumingMemoryBound(to: Float.self), count: columns)
            }
        }
        let header = FaissHeader(dimension: columns, count: count, metric: metric == .l2 ? .l2 : .innerProduct)
        let storage = FaissIndex(header, .flat(FaissArray(vectors)))
        let index = FaissIndex(header, .hnsw(faissGraph, storage: storage)).behind(chain)
        let stored = ids.base.assumingMemoryBound(to: Int64.self)
        // Rows may be in another order than their ids.
        guard !(0..<count).allSatisfy({ stored[$0] == Int64($0) }) else { return index }
        return try index.behind((0..<count).map { stored[$0] }, path: path)
    }

    /// Links by rows, level after level of each row, as Faiss has them.
    var faissGraph: FaissGraph {
        let views = layerViews
        // How Faiss draws levels; what it would draw for rows that are added there.
        let scale = 1 / log(Double(max(m, 2)))
        var shares: [Double] = []
        while true {
            let share = exp(-Double(shares.count) / scale) * (1 - exp(-1 / scale))
            if share < 1e-9, shares.count >= views.count { break }
            shares.append(share)
        }
        let below = (0...shares.count).map { $0 == 0 ? 0 : Int32(($0 + 1) * m) }
        var levels = [Int32](repeating: 1, count: count)
        var members: [[UInt32]] = []
        for view in views.dropFirst() {
            var numbers = [UInt32](repeating: GraphLayer.none, count: count)
            for member in 0..<UInt32(view.count) {
                let row = Int(view.row(of: member))
                numbers[row] = member
                levels[row] += 1
            }
            members.append(numbers)
        }
        var offsets: [UInt64] = [0]
        var links: [Int32] = []
        for row in 0..<count {
            for level in 0..<Int(levels[row]) {
                let view = views[level]
                let own = view.links + Int(level == 0 ? UInt32(row) : members[level - 1][row]) * view.degree
                for i in 0..<view.degree {
                    links.append(own[i] == GraphLayer.none ? -1 : Int32(view.row(of: own[i])))
                }
            }
            offsets.append(UInt64(links.count))
        }
        return FaissGraph(
            storageKind: .flat, levelShares: FaissArray(shares), linksBelow: FaissArray(below),
            levels: FaissArray(levels), offsets: FaissArray(offsets), links: FaissArray(links),
            entryPoint: count == 0 ? -1 : Int32(baseEntry), maximumLevel: count == 0 ? -1 : Int32(views.count - 1),
            efConstruction: Int32(clamping: construction.efConstruction), efSearch: Int32(clamping: defaults.efSearch))
    }
}
