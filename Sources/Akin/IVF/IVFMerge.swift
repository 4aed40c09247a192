/// Merges indexes that were trained alike into one file, list by list, without holding any of them in memory.
struct IVFMerge {
    private let shards: [IVFIndex]

    /// - Parameter shards: one or more, with ids that differ, none below 0.
    init(_ shards: [IVFIndex]) {
        precondition(!shards.isEmpty)
        self.shards = shards
    }

    /// Writes the merged index to an `.akin` file, which appears complete or not at all.
    func write(to path: String, monitor: ProgressMonitor) throws {
        var first = shards[0]
        first.nextID = shards.map(\.nextID).max() ?? 0
        // Ids differ and none is negative, so as many as the greatest says are all of them.
        first.idsAreRows = first.nextID == Int64(shards.reduce(0) { $0 + $1.count })
        let nlist = first.nlist
        let sizes = (0..<nlist).map { list in shards.reduce(0) { $0 + $1.lists.size(of: list) } }
        let writer = try ContainerWriter(path: path)
        try first.write(to: writer, sizes: sizes) { part in
            for list in 0..<nlist {
                if list % 256 == 0 { try monitor.update("merging \(part)", done: list, total: nlist) }
                try write(list, part, to: writer)
            }
        }
    }

    private func write(_ list: Int, _ part: IVFIndex.ListPart, to writer: ContainerWriter) throws(FileError) {
        let shape = shards[0].lists.shape
        if part == .codes, shape.blockVectors > 1 {
            // Codes move within their blocks.
            let whole = InvertedList(shape: shape, capacity: shards.reduce(0) { $0 + $1.lists.size(of: list) })
            for shard in shards {
                let view = shard.lists.view(list)
                shard.put(view, 0..<view.count, of: list, into: whole, idOffset: 0)
            }
            try part.pad(part.write(whole.view, shape: shape, to: writer), to: writer)
            return
        }
        var bytes = 0
        for shard in shards { bytes += try part.write(shard.lists.view(list), shape: shape, to: writer) }
        try part.pad(bytes, to: writer)
    }
}
