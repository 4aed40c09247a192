extension IVFIndex {
    /// The same index with some of its lists, the others empty: a part of a sharded index.
    ///
    /// - Parameter isKept: whether a list stays, by its number.
    /// - Returns: an index that finds what this one finds in the lists kept.
    /// - Complexity: O(nlist); lists are shared.
    package func keepingLists(where isKept: (Int) -> Bool) -> IVFIndex {
        var part = self
        for list in 0..<nlist where !isKept(list) && lists.size(of: list) > 0 {
            part.lists.replace(list, with: InvertedList(.empty, shape: lists.shape, capacity: 0))
        }
        part.lists.recount()
        return part
    }

    /// Vectors of each list.
    package var listSizes: [Int] { (0..<nlist).map(lists.size) }
}
