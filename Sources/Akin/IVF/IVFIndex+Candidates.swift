internal import CAkinKernels

/// What the first pass of an index with second codes adds up to estimate a vector: tables of each query, as a scan makes
/// them.
package struct ListEstimates: Sendable {
    /// `[q][m][ksub]`, added up in this order behind the base; empty where tables are of bytes.
    package var floats: [Float] = []
    /// `[q][stride]`: tables of 16 bytes, whose entries are added up as integers, times the query's step, to the base.
    package var bytes: [UInt8] = []
    /// Bytes of a query's tables.
    package var stride = 0
    /// `[q]`: steps of tables of bytes.
    package var steps: [Float] = []
    /// `[q][nprobe]`: where sums begin, or NaN where they say nothing; a vector's term comes last.
    package var bases: [Float] = []
}

extension IVFIndex {
    /// Whether candidates are compared again by second codes.
    package var hasSecondCodes: Bool { refinement != nil }

    /// Bytes that searching needs on a device: codes and centroids, wherever they are here.
    package var deviceByteCount: Int {
        lists.totalByteCount - count * (8 + lists.shape.refinedByteCount) + (coarse?.byteCount ?? 0)
    }

    /// What candidates are nominated by.
    ///
    /// - Parameters:
    ///   - queries: `[q, dimension of codes]`, as ``listQueries(_:nprobe:options:nearest:)`` gives them.
    ///   - offsets: `[q, nprobe]`, likewise.
    ///   - kernels: the instruction set.
    /// - Returns: tables and bases; `nil` where lists hold other codes than a device does.
    package func listEstimates(
        _ queries: Matrix<Float>, offsets: [Float], kernels: Kernels = .best
    ) -> ListEstimates? {
        guard listQuantizer != nil, queries.rows > 0 else { return nil }
        return queries.withUnsafeElements { elements in
            guard let x = elements.baseAddress,
                let scanner = codec.scanner(
                    x, count: queries.rows, metric: codedMetric, isBounded: false, kernels: kernels) as? CodeScanner
            else { return nil }
            var found = ListEstimates()
            let count = queries.rows, probes = offsets.count / count
            if codec is FastScanCodec {
                found.stride = scanner.bytes.count / count
                found.bytes = Array(UnsafeBufferPointer(start: scanner.bytes.pointer, count: scanner.bytes.count))
                found.steps = (0..<count).map { scanner.prepared[$0].scale }
            } else {
                found.floats = Array(UnsafeBufferPointer(start: scanner.floats.pointer, count: scanner.floats.count))
            }
            found.bases = offsets.indices.map { i in
                let query = scanner.prepared[i / probes]
                return abs(offsets[i]) + query.reach < Float(1e37) ? offsets[i] + query.bias : .nan
            }
            return found
        }
    }

    /// How many candidates a search compares again by second codes; k without them.
    ///
    /// - Throws: ``IndexError/belowOne(name:value:)``.
    package func candidateCount(k: Int, _ options: SearchOptions) throws(IndexError) -> Int {
        guard refinement != nil else { return k }
        let factor = options.refineFactor ?? defaults.refineFactor
        guard factor >= 1 else { throw .belowOne(name: "refine factor", value: factor) }
        return max(k, Int(min((Double(k) * factor).rounded(.up), Double(max(count, 1)))))
    }

    /// The number of a vector when all lists are counted through, given its place in one.
    package func number(of position: Int, in list: Int) -> UInt32 { UInt32(lists.starts[list] + position) }

    /// The k nearest of some candidates by their second codes, as a search decides.
    ///
    /// - Parameters:
    ///   - queries: `[q, dimension]`, as the caller gave them.
    ///   - row: the query.
    ///   - candidates: numbers of vectors when all lists are counted through.
    ///   - k: 1 or more.
    ///   - kernels: the instruction set.
    /// - Returns: nearest first, ties by smaller id.
    package func refined(
        _ queries: Matrix<Float>, row: Int, candidates: [UInt32], k: Int, kernels: Kernels = .best
    ) -> [Neighbor] {
        guard let refinement, !candidates.isEmpty else { return [] }
        let size = lists.shape.refinedByteCount
        let places = candidates.map { lists.place(of: Int($0)) }
        let codes = places.map { UnsafePointer(lists.views[$0.list].refined + $0.position * size) }
        var keys = [Double](repeating: 0, count: candidates.count)
        queries.withUnsafeElements { elements in
            codes.withUnsafeBufferPointer { codes in
                keys.withUnsafeMutableBufferPointer { keys in
                    guard let x = elements.baseAddress, let from = codes.baseAddress, let to = keys.baseAddress
                    else { return }
                    refinement.keys(
                        of: x + row * dimension, from, count: codes.count, metric: metric, kernels: kernels, into: to)
                }
            }
        }
        let contenders = candidates.indices.map { i in
            Contender(
                key: akin_ordered(Float(keys[i])), id: lists.views[places[i].list].ids[places[i].position],
                row: candidates[i])
        }
        return contenders.sorted().prefix(k).map(neighbor)
    }
}
