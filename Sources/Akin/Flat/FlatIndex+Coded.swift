internal import CAkinKernels

/// Vectors in 8 bits with what is known of each, row after row, as a device reads them.
///
/// `docs/exact-search.md` says what the terms mean.
package struct CodedRows: Sendable {
    /// `[rows, bytes]`, rows and bytes rounded up as asked; what is added is zero.
    package var codes: [Int8]
    /// `[rows]`: the key is `offset + b + w * scale * dot`, within `slack + x1 * e1 + x2 * e2 + e0`; b of rows that were
    /// added is infinite.
    package var b, w, e0, e1, e2: [Float]
    /// `[rows / tile, 3]`: greatest e0, e1 and e2 of each tile.
    package var largest: [Float]
    /// Bytes of each row.
    package var padded: Int
}

/// Queries in 8 bits, likewise.
package struct CodedQueries: Sendable {
    /// `[queries, bytes]`, rounded up as asked; what is added is zero.
    package var codes: [Int8]
    /// `[queries]`.
    package var scale, offset, slack, x1, x2: [Float]
}

extension FlatIndex {
    /// The stored vectors in 8 bits.
    ///
    /// - Parameters:
    ///   - tile: the number of rows becomes a multiple of it.
    ///   - stage: the bytes of a row become a multiple of it.
    /// - Returns: codes and terms; `nil` when the index keeps no such copy.
    package func codedRows(tile: Int, stage: Int) -> CodedRows? {
        guard let stored = stored.codes else { return nil }
        let padded = (dimension + stage - 1) / stage * stage, rows = (count + tile - 1) / tile * tile
        var coded = CodedRows(
            codes: Array(repeating: 0, count: rows * padded), b: Array(repeating: .infinity, count: rows),
            w: Array(repeating: 0, count: rows), e0: Array(repeating: 0, count: rows),
            e1: Array(repeating: 0, count: rows), e2: Array(repeating: 0, count: rows),
            largest: Array(repeating: 0, count: rows / tile * 3), padded: padded)
        for i in 0..<count {
            let panel = stored.panels.pointer + i / panelRows * panelRows * stored.padded
            for c in 0..<dimension {
                coded.codes[i * padded + c] = panel[c / 4 * 4 * panelRows + i % panelRows * 4 + c % 4]
            }
            (coded.b[i], coded.w[i]) = (stored.terms.b[i], stored.terms.w[i])
            (coded.e0[i], coded.e1[i], coded.e2[i]) = (stored.terms.e0[i], stored.terms.e1[i], stored.terms.e2[i])
            for (j, e) in [coded.e0[i], coded.e1[i], coded.e2[i]].enumerated() {
                coded.largest[i / tile * 3 + j] = max(coded.largest[i / tile * 3 + j], e)
            }
        }
        return coded
    }

    /// Queries in 8 bits.
    ///
    /// - Parameters:
    ///   - queries: `[q, dimension]`, finite.
    ///   - k: neighbours wanted.
    ///   - tile: the number of rows of codes becomes a multiple of it.
    ///   - stage: the bytes of a row become a multiple of it.
    /// - Returns: codes and terms; `nil` when bounds would not hold for the queries or would not help, so that they must
    ///   be compared exactly.
    package func codedQueries(_ queries: Matrix<Float>, k: Int, tile: Int, stage: Int) -> CodedQueries? {
        let padded = (dimension + stage - 1) / stage * stage, rows = (queries.rows + tile - 1) / tile * tile
        return queries.withUnsafeElements { elements in
            guard let x = elements.baseAddress, let stored = stored.codes,
                !mustCompareExactly(x, count: queries.rows, k: k)
            else { return nil }
            let block = QueryBlock(
                rows: self.stored, ids: nil, idsAscend: true, queries: x, count: queries.rows, k: 1, nomination: .dot8)
            return withExtendedLifetime(block) {
                let shared = block.shared.pointee
                func terms(_ pointer: UnsafePointer<Float>?) -> [Float] {
                    Array(UnsafeBufferPointer(start: pointer, count: queries.rows))
                }
                var codes = [Int8](repeating: 0, count: rows * padded)
                let packed = shared.packed?.assumingMemoryBound(to: UInt8.self)
                for q in 0..<queries.rows {
                    for c in 0..<dimension {
                        let at =
                            q / groupQueries * groupQueries * stored.padded
                            + c / 4 * 4 * groupQueries + q % groupQueries * 4 + c % 4
                        codes[q * padded + c] = Int8(truncatingIfNeeded: Int(packed?[at] ?? 128) - 128)
                    }
                }
                return CodedQueries(
                    codes: codes, scale: terms(shared.scale), offset: terms(shared.offset), slack: terms(shared.slack),
                    x1: terms(shared.x1), x2: terms(shared.x2))
            }
        }
    }
}
