internal import CAkinKernels

/// A second, finer code of every vector, by which the best candidates are compared again.
struct Refinement: Sendable {
    /// Codes vectors as the caller gave them.
    let codec: any ListCodec

    /// The refinement as a spec names it.
    var specification: IndexSpec.Refinement {
        codec is FlatCodec ? .flat : .codec(codec.specification)
    }

    /// Writes the exact key of each candidate, given where its second code is.
    ///
    /// The query is `[dimension]`, as the caller gave it; `keys` receives squared distances, or similarities with their
    /// sign changed.
    func keys(
        of query: UnsafePointer<Float>, _ codes: UnsafePointer<UnsafePointer<UInt8>>, count: Int, metric: Metric,
        kernels: Kernels, into keys: UnsafeMutablePointer<Double>
    ) {
        if codec is FlatCodec {
            codes.withMemoryRebound(to: UnsafePointer<Float>?.self, capacity: count) { rows in
                Self.keys(of: query, rows, count: count, codec.dimension, metric, kernels, into: keys)
            }
            return
        }
        let dimension = codec.dimension
        withUnsafeTemporaryAllocation(of: Float.self, capacity: dimension) { row in
            guard let row = row.baseAddress else { return }
            var rows: [UnsafePointer<Float>?] = [UnsafePointer(row)]
            for i in 0..<count {
                codec.decode(codes[i], count: 1, into: row)
                Self.keys(of: query, &rows, count: 1, dimension, metric, kernels, into: keys + i)
            }
        }
    }

    private static func keys(
        of query: UnsafePointer<Float>, _ rows: UnsafePointer<UnsafePointer<Float>?>, count: Int, _ dimension: Int,
        _ metric: Metric, _ kernels: Kernels, into keys: UnsafeMutablePointer<Double>
    ) {
        let table = kernels.table
        akin_exact_scattered(table, metric != .l2, query, rows, dimension, count, keys)
        guard metric != .l2 else { return }
        let length = metric == .cosine ? table.pointee.product(query, query, dimension).squareRoot() : 1
        for i in 0..<count {
            var similarity = keys[i]
            if metric == .cosine, let row = rows[i] {
                let product = length * table.pointee.product(row, row, dimension).squareRoot()
                similarity = product > 0 ? similarity / product : 0
            }
            keys[i] = 0 - similarity
        }
    }
}
