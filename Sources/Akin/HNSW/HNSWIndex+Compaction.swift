extension HNSWIndex {
    /// Gives the places of members that are gone to the last ones, in every level, and drops levels that are empty.
    ///
    /// - Parameter gone: for each level, whether each member is; no other member links to it any more. Not all of level
    ///   0 are.
    mutating func compact(without gone: [[Bool]]) {
        var before = Moves(gone: [])
        for level in layers.indices {
            let moves = Moves(gone: gone[level])
            if level == 0 {
                moves.apply(to: &codes)
                moves.apply(to: &refined)
                moves.apply(to: &ids)
            }
            if level == layers.count - 1 {
                entry = gone[level][Int(entry)] ? 0 : moves.number(entry)
            }
            moves.apply(to: &layers[level].links)
            let links = layers[level].links.mutableBase().assumingMemoryBound(to: UInt32.self)
            for i in 0..<moves.count * layers[level].degree where links[i] >= moves.bound {
                if links[i] != GraphLayer.none { links[i] = moves.number(links[i]) }
            }
            if level > 0 {
                let rows = Moves(gone: gone[0])
                moves.apply(to: &layers[level].places)
                let places = layers[level].places.mutableBase().assumingMemoryBound(to: UInt32.self)
                for i in 0..<moves.count {
                    places[2 * i] = rows.number(places[2 * i])
                    places[2 * i + 1] = before.number(places[2 * i + 1])
                }
            }
            before = moves
        }
        while layers.count > 1, layers[layers.count - 1].count == 0 {
            layers.removeLast()
            entry = 0
        }
    }

    /// Which members take the places of those that are gone.
    private struct Moves {
        /// Members that are left.
        let count: Int
        private let holes: [UInt32]
        private let movers: [UInt32]
        /// The new number of a member from `count` on.
        private let numbers: [UInt32]

        /// The least number that changes.
        var bound: UInt32 { UInt32(count) }

        init(gone: [Bool]) {
            let left = gone.count { !$0 }
            holes = (0..<left).filter { gone[$0] }.map(UInt32.init)
            movers = (left..<gone.count).filter { !gone[$0] }.map(UInt32.init)
            var numbers = [UInt32](repeating: GraphLayer.none, count: gone.count - left)
            for (hole, mover) in zip(holes, movers) { numbers[Int(mover) - left] = hole }
            self.numbers = numbers
            count = left
        }

        func number(_ member: UInt32) -> UInt32 {
            Int(member) < count ? member : numbers[Int(member) - count]
        }

        func apply(to rows: inout RowStore) {
            let base = rows.mutableBase(), size = rows.rowByteCount
            for (hole, mover) in zip(holes, movers) {
                (base + Int(hole) * size).copyMemory(from: base + Int(mover) * size, byteCount: size)
            }
            rows.truncate(to: count)
        }
    }
}
