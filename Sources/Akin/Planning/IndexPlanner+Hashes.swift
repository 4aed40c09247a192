/// What trees and hashes take.
extension IndexPlanner {
    /// Bytes of an index of trees or hashes in memory; `nil` for the other kinds.
    var hashParts: [IndexPlan.Part]? {
        var parts: [IndexPlan.Part]
        switch spec.core {
        case .partitioned, .hnsw: return nil
        case .kdTrees(let trees):
            parts = [part("vectors", 4 * codedDimension * count), part("trees", trees * treeBytes)]
        case .signs(let search):
            parts = [part("codes", codeBytes(codedDimension) * count), part("panels", panelBytes(codedDimension))]
            if case .multiIndex(let tables) = search {
                parts.append(part("tables of codes", multiIndexBytes(tables: tables, bits: codedDimension)))
            }
        case .hyperplanes(let bits):
            parts = [
                part("codes", codeBytes(bits) * count), part("panels", panelBytes(bits)),
                part("hyperplanes", 8 * codedDimension * bits),
            ]
        case .hashTables(_, let tables, let hashes):
            let starts = 4 * ((1 << MultiIndex.bucketBits(32, count: count)) + 1)
            parts = [
                part("vectors", 4 * codedDimension * count), part("keys", 4 * tables * count),
                part("hash tables", tables * (8 * count + starts)),
                part("hyperplanes", 8 * (codedDimension + 1) * tables * hashes),
            ]
        }
        parts.append(part("ids", 8 * count))
        if let refinement {
            parts.append(part("refinement", refinement.codeByteCount * count))
            parts.append(part("tables", refinement.tableByteCount))
        }
        parts.append(part("transforms", transformBytes))
        return parts.filter { $0.byteCount > 0 }
    }

    /// Bytes of its file: tables are made again when it is opened.
    var hashFileParts: [IndexPlan.Part]? {
        let derived: Set<String> = ["panels", "tables of codes", "hash tables"]
        return hashParts?.filter { !derived.contains($0.name) }
    }

    /// What building holds beside the index: vectors as they were read, and as they are coded.
    var hashWork: Int {
        let transformed = spec.transforms.isEmpty && metric != .cosine ? 0 : 4 * codedDimension * count
        return 4 * dimension * count + transformed
    }

    /// Bytes of a code, in words of 64 bits.
    private func codeBytes(_ bits: Int) -> Int { (bits + 63) / 64 * 8 }

    /// The codes again, in the order in which they are compared.
    private func panelBytes(_ bits: Int) -> Int { (bits + 15) / 16 * 2 * ((count + 31) / 32 * 32) }

    /// A tree: the number of each vector, and a node for every half leaf.
    private var treeBytes: Int { 4 * count + 16 * (2 * count / KDTree.leafSize + 1) }

    /// Tables of parts of codes: the number of each vector, and where buckets begin.
    private func multiIndexBytes(tables: Int, bits: Int) -> Int {
        (0..<tables).reduce(0) { sum, table in
            let part = bits * (table + 1) / tables - bits * table / tables
            return sum + 4 * count + 4 * ((1 << MultiIndex.bucketBits(part, count: count)) + 1)
        }
    }
}
