internal import CAkinKernels

extension Kernels {
    /// The kernels of graphs at this level.
    var graph: UnsafePointer<akin_graph_table> {
        guard let table = akin_graph_at(table.pointee.level) else {
            fatalError("every level has kernels of graphs")
        }
        return table
    }
}

/// Rows that the kernels of graphs compare: how they are coded, and how long they are.
struct GraphRowKind: Sendable {
    let kind: akin_row_kind
    /// Bytes of a row that count, a multiple of 32; also those from one row to the next.
    let width: Int

    /// Rows of `count` components of `bits` bits each.
    init(_ kind: akin_row_kind, count: Int, bits: Int) {
        self.kind = kind
        width = roundedUp((count * bits + 7) / 8, to: 32)
    }

    /// The rows that begin at an address.
    func rows(at address: UnsafeRawPointer) -> akin_graph_rows {
        akin_graph_rows(rows: address.assumingMemoryBound(to: UInt8.self), stride: width, width: width)
    }

    /// Writes the key of each of some rows; see ``GraphCodec``.
    func keys(
        _ query: UnsafeRawPointer, _ rows: UnsafeRawPointer, _ which: UnsafePointer<UInt32>, count: Int,
        kernels: Kernels, into keys: UnsafeMutablePointer<Float>
    ) {
        var rows = self.rows(at: rows)
        let table = kernels.graph
        let kernel =
            switch kind {
            case AKIN_ROWS_F32: table.pointee.keys.0
            case AKIN_ROWS_FP16: table.pointee.keys.1
            case AKIN_ROWS_BF16: table.pointee.keys.2
            case AKIN_ROWS_U8: table.pointee.keys.3
            default: table.pointee.keys.4
            }
        guard let kernel else { fatalError("every level compares all kinds of rows") }
        kernel(query, &rows, which, count, keys)
    }
}

/// The least multiple of `step` that is not below `count`.
func roundedUp(_ count: Int, to step: Int) -> Int { (count + step - 1) / step * step }
