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
        guard let kernel = akin_graph_keys_of(kernels.graph, kind) else {
            fatalError("every level compares all kinds of rows")
        }
        kernel(query, &rows, which, count, keys)
    }

    /// What walks a layer of such rows.
    func beam(_ kernels: Kernels) -> akin_graph_beam? { akin_graph_beam_of(kernels.graph, kind) }
    /// What goes down a layer of such rows.
    func descent(_ kernels: Kernels) -> akin_graph_descend? { akin_graph_descend_of(kernels.graph, kind) }
}

/// The least multiple of `step` that is not below `count`.
func roundedUp(_ count: Int, to step: Int) -> Int { (count + step - 1) / step * step }

/// A codec whose rows the kernels of graphs compare, so that they can walk a graph by themselves.
protocol GraphRowCodec: GraphCodec {
    var rowKind: GraphRowKind { get }
}
