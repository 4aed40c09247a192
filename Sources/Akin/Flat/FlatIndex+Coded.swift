internal import CAkinKernels
internal import Synchronization

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
    /// Some of the stored vectors in 8 bits.
    ///
    /// - Parameters:
    ///   - range: rows of ``vectors``.
    ///   - tile: the number of rows becomes a multiple of it.
    ///   - stage: the bytes of a row become a multiple of it.
    /// - Returns: codes and terms, from the first row of the range on; `nil` when the index keeps no such copy.
    package func codedRows(_ range: Range<Int>, tile: Int, stage: Int) -> CodedRows? {
        guard let stored = stored.codes else { return nil }
        let padded = (dimension + stage - 1) / stage * stage, rows = (range.count + tile - 1) / tile * tile
        var coded = CodedRows(
            codes: Array(repeating: 0, count: rows * padded), b: Array(repeating: .infinity, count: rows),
            w: Array(repeating: 0, count: rows), e0: Array(repeating: 0, count: rows),
            e1: Array(repeating: 0, count: rows), e2: Array(repeating: 0, count: rows),
            largest: Array(repeating: 0, count: rows / tile * 3), padded: padded)
        let dimension = dimension
        coded.codes.withUnsafeMutableBufferPointer { codes in
            for (i, row) in range.enumerated() {
                let panel = stored.panels.pointer + row / panelRows * panelRows * stored.padded
                for c in 0..<dimension {
                    codes[i * padded + c] = panel[c / 4 * 4 * panelRows + row % panelRows * 4 + c % 4]
                }
            }
        }
        for (i, row) in range.enumerated() {
            (coded.b[i], coded.w[i]) = (stored.terms.b[row], stored.terms.w[row])
            let errors = [stored.terms.e0[row], stored.terms.e1[row], stored.terms.e2[row]]
            (coded.e0[i], coded.e1[i], coded.e2[i]) = (errors[0], errors[1], errors[2])
            for (j, e) in errors.enumerated() {
                coded.largest[i / tile * 3 + j] = max(coded.largest[i / tile * 3 + j], e)
            }
        }
        return withExtendedLifetime(stored) { coded }
    }

    /// Queries in 8 bits.
    ///
    /// - Parameters:
    ///   - queries: `[q, dimension]`, finite.
    ///   - k: neighbours wanted.
    ///   - tile: the number of rows of codes becomes a multiple of it.
    ///   - stage: the bytes of a row become a multiple of it.
    ///   - threads: how many share the work.
    /// - Returns: codes and terms; `nil` when bounds would not hold for the queries or would not help, so that they must
    ///   be compared exactly.
    package func codedQueries(_ queries: Matrix<Float>, k: Int, tile: Int, stage: Int, threads: Int = 1)
        -> CodedQueries?
    {
        let share = max(256, (queries.rows + threads - 1) / threads)
        let starts = Array(stride(from: 0, to: queries.rows, by: share))
        let parts = Mutex([CodedQueries?](repeating: nil, count: starts.count))
        let isCoded = queries.withUnsafeElements { elements in
            guard let x = elements.baseAddress, let codes = stored.codes,
                !mustCompareExactly(x, count: queries.rows, k: k)
            else { return false }
            nonisolated(unsafe) let start = x
            do {
                try parallelFor(threads: threads, count: starts.count) { i in
                    let count = min(share, queries.rows - starts[i])
                    let part = coded(start + starts[i] * dimension, count: count, codes, stage: stage)
                    parts.withLock { $0[i] = part }
                }
            } catch {
                fatalError("coding cannot fail: \(error)")
            }
            return true
        }
        guard isCoded else { return nil }
        var all = CodedQueries(codes: [], scale: [], offset: [], slack: [], x1: [], x2: [])
        for case let part? in parts.withLock({ $0 }) {
            all.codes += part.codes
            all.scale += part.scale
            all.offset += part.offset
            all.slack += part.slack
            all.x1 += part.x1
            all.x2 += part.x2
        }
        let padded = (dimension + stage - 1) / stage * stage, rows = (queries.rows + tile - 1) / tile * tile
        all.codes += [Int8](repeating: 0, count: (rows - queries.rows) * padded)
        return all
    }

    /// Codes and terms of some queries, nothing added but to each row.
    private func coded(_ x: UnsafePointer<Float>, count: Int, _ stored: EightBitCodes, stage: Int) -> CodedQueries {
        let padded = (dimension + stage - 1) / stage * stage, dimension = dimension
        let block = QueryBlock(
            rows: self.stored, ids: nil, idsAscend: true, queries: x, count: count, k: 1, nomination: .dot8)
        return withExtendedLifetime(block) {
            let shared = block.shared.pointee
            func terms(_ pointer: UnsafePointer<Float>?) -> [Float] {
                Array(UnsafeBufferPointer(start: pointer, count: count))
            }
            let packed = shared.packed?.assumingMemoryBound(to: UInt8.self)
            let codes = [Int8](unsafeUninitializedCapacity: count * padded) { codes, initialized in
                codes.initialize(repeating: 0)
                initialized = count * padded
                guard let packed else { return }
                for q in 0..<count {
                    let group = packed + q / groupQueries * groupQueries * stored.padded + q % groupQueries * 4
                    for c in 0..<dimension {
                        codes[q * padded + c] = Int8(
                            truncatingIfNeeded: Int(group[c / 4 * 4 * groupQueries + c % 4]) - 128)
                    }
                }
            }
            return CodedQueries(
                codes: codes, scale: terms(shared.scale), offset: terms(shared.offset), slack: terms(shared.slack),
                x1: terms(shared.x1), x2: terms(shared.x2))
        }
    }
}
