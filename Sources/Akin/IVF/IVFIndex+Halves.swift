extension IVFIndex {
    /// The kind of 16-bit floats that the index compares, where it has one list of these and no second codes: `SQfp16` and
    /// `SQbf16`, with or without transforms.
    package var halfFloats: IndexSpec.ScalarType? {
        guard coarse == nil, refinement == nil, let codec = codec as? ScalarCodec else { return nil }
        return codec.quantizer.kind.isFloat ? codec.quantizer.kind : nil
    }

    /// A part of the vectors that codes of 16-bit floats stand for, as an index that gives queries prepared by
    /// ``halfQueries(_:threads:)`` the scores that this one gives: its keys are the same sums of the same doubles.
    ///
    /// - Parameters:
    ///   - part: `0..<parts`; parts ascend with ids and have about as many vectors each.
    ///   - parts: 1 or more.
    ///   - threads: threads that decode.
    /// - Returns: vectors in the order of their ids.
    /// - Throws: ``IndexError/unsupported(_:)`` for other codes, ``IndexError/notFinite(row:column:)`` for codes that stand
    ///   for infinity or no number.
    package func decodedHalves(part: Int = 0, of parts: Int = 1, threads: Int) throws -> FlatIndex {
        guard halfFloats != nil else { throw IndexError.unsupported(spec) }
        precondition(parts >= 1 && (0..<parts).contains(part), "part \(part) of \(parts)")
        let view = lists.view(0), all = view.count
        var order = Array(0..<all)
        if !order.dropFirst().allSatisfy({ view.ids[$0 - 1] < view.ids[$0] }) {
            order.sort { view.ids[$0] < view.ids[$1] }
        }
        let rows = order[all * part / parts..<all * (part + 1) / parts]
        let dimension = codec.dimension, codec = codec
        let vectors = Matrix<Float>(rows: rows.count, columns: dimension) { target in
            nonisolated(unsafe) let target = target
            forEachChunk(of: rows.count, threads: threads) { range in
                let code = Buffer<UInt8>(repeating: 0, count: codec.codeByteCount)
                for i in range {
                    guard let to = target.baseAddress else { return }
                    codec.load(rows[rows.startIndex + i], in: view.blocks, into: code.pointer)
                    codec.decode(code.pointer, count: 1, into: to + i * dimension)
                }
            }
        }
        let ids = rows.map { view.ids[$0] }
        let areRows = ids.indices.allSatisfy { ids[$0] == Int64($0) }
        return try withExtendedLifetime(lists) {
            try FlatIndex(vectors, ids: areRows ? nil : ids, metric: codedMetric, threads: threads)
        }
    }

    /// Queries as the codes see them: `[q, dimension of codes]`.
    package func halfQueries(_ queries: Matrix<Float>, threads: Int) throws -> Matrix<Float> {
        try prepared(queries, threads: threads)
    }
}
