internal import CAkinKernels

/// A second, finer code of every vector, by which the best candidates of a walk are compared again.
struct GraphRefinement: Sendable {
    /// The refinement as a spec names it.
    let specification: IndexSpec.Refinement
    /// Codes vectors as the caller gave them.
    let codec: any GraphCodec

    /// Learns it from vectors, `[n, dimension]`, as the caller gives them.
    ///
    /// - Throws: ``IndexError``; `CancellationError`.
    static func train(
        _ specification: IndexSpec.Refinement, on vectors: Matrix<Float>, seed: UInt64, threads: Int,
        monitor: ProgressMonitor
    ) throws -> GraphRefinement {
        let codec = try GraphCodecs.train(
            specification.kind, on: vectors, seed: seed, threads: threads, isPrecise: true, monitor: monitor)
        return GraphRefinement(specification: specification, codec: codec)
    }

    /// Makes it again from what training found.
    ///
    /// - Throws: ``IndexError`` for tables that do not fit.
    static func restore(
        _ specification: IndexSpec.Refinement, dimension: Int, tables: [Matrix<Float>]
    ) throws(IndexError) -> GraphRefinement {
        GraphRefinement(
            specification: specification,
            codec: try GraphCodecs.restore(
                specification.kind, dimension: dimension, tables: tables, isPrecise: true))
    }
}

extension IndexSpec.Refinement {
    fileprivate var kind: IndexSpec.Codec { if case .codec(let codec) = self { codec } else { .flat } }
}
