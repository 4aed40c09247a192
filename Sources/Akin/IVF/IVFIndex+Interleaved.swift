internal import CAkinKernels

/// Inverted lists as a device reads them: in blocks of 32 vectors, so that neighbouring lanes read neighbouring words.
///
/// The last block of each list is filled up with zeros. Nothing is lost either way: codes are the same numbers, and the
/// floats beside them are computed again from these.
package struct InterleavedLists: Sendable, Equatable {
    /// Vectors of a block.
    package static let blockVectors = 32

    /// `[blocks][rows][32]` words of codes, lowest bits first: four numbers of up to 8 bits a word, or eight of 4; of
    /// floats `[blocks][rows][32][4]` bit patterns, four components a row.
    package var codes: [UInt32]
    /// `[blocks][32]`: |r|² + 2 <c, r> of product codes under L2, else empty.
    package var terms: [Float]
    /// `[nlist + 1]`: number of each list's first vector when all are counted through, and how many there are.
    package var starts: [UInt32]
    /// `[nlist + 1]`: each list's first block, and how many there are.
    package var blocks: [UInt32]
    /// Words, or vectors of four floats, of one code.
    package var rows: Int
    /// `[count]`, the caller's.
    package var ids: [Int64]

    /// Puts lists together.
    package init(
        codes: [UInt32], terms: [Float], starts: [UInt32], blocks: [UInt32], rows: Int, ids: [Int64]
    ) {
        self.codes = codes
        self.terms = terms
        self.starts = starts
        self.blocks = blocks
        self.rows = rows
        self.ids = ids
    }
}

/// What the lists of an index are compared with.
package struct ListTables: Sendable {
    /// `[nlist, dimension]`, where residuals are coded.
    package var centroids: Matrix<Float>?
    /// `[m * ksub, dsub]`, of product codes.
    package var codebooks: Matrix<Float>?
    /// Parts and codewords of each; 0 for floats.
    package var m, ksub: Int
    /// Sums of floats are off by at most `growth` times (|query| · `radius` + the offset + `fixed` + the sum).
    package var growth, radius, fixed: Float
}

extension IVFIndex {
    /// The quantizer of product codes of 4 to 8 bits, where these are what the lists hold.
    package var listQuantizer: ProductQuantizer? {
        let quantizer = (codec as? PQCodec)?.quantizer ?? (codec as? FastScanCodec)?.quantizer
        return quantizer.flatMap { $0.nbits <= 8 ? $0 : nil }
    }

    private var bitsPerNumber: Int { listQuantizer.map { $0.nbits == 4 ? 4 : 8 } ?? 32 }

    /// Words of a product code.
    private func wordsPerCode(m: Int) -> Int {
        let perRow = 32 / bitsPerNumber, words = (m + perRow - 1) / perRow
        // Kernels for 4 bits come for 1, 2, 4, ... words.
        return bitsPerNumber == 4 ? (0...).lazy.map { 1 << $0 }.first { $0 >= words } ?? words : words
    }

    /// Whether devices hold lists like these: of floats, or of product codes of 4 to 8 bits; second codes, which stay on the
    /// host, may come with the latter.
    package var isSearchableOnDevices: Bool { listQuantizer != nil || (codec is FlatCodec && refinement == nil) }

    /// The lists in blocks of 32, without second codes; `nil` where devices do not hold such lists.
    ///
    /// - Complexity: O(count · code bytes), one thread.
    package func interleavedLists() -> InterleavedLists? {
        let quantizer = listQuantizer
        guard isSearchableOnDevices else { return nil }
        let lanes = InterleavedLists.blockVectors, perRow = quantizer == nil ? 4 : 32 / bitsPerNumber
        let units = quantizer?.m ?? codec.dimension
        let rows = quantizer == nil ? (units + perRow - 1) / perRow : wordsPerCode(m: units)
        let wordsPerRow = quantizer == nil ? 4 : 1
        var starts: [UInt32] = [0], blocks: [UInt32] = [0]
        for list in 0..<nlist {
            let size = lists.size(of: list)
            starts.append(starts[list] + UInt32(size))
            blocks.append(blocks[list] + UInt32((size + lanes - 1) / lanes))
        }
        let blockCount = Int(blocks[nlist]), hasTerms = quantizer != nil && codedMetric == .l2
        var result = InterleavedLists(
            codes: Array(repeating: 0, count: blockCount * rows * lanes * wordsPerRow),
            terms: Array(repeating: 0, count: hasTerms ? blockCount * lanes : 0), starts: starts, blocks: blocks,
            rows: rows, ids: [])
        result.ids.reserveCapacity(count)
        let code = Buffer<UInt8>(repeating: 0, count: codec.codeByteCount)
        let vector = Buffer<Float>(repeating: 0, count: codec.dimension)
        let numbers = Buffer<UInt16>(repeating: 0, count: units)
        for list in 0..<nlist {
            let view = lists.view(list)
            for position in 0..<view.count {
                let block = Int(blocks[list]) + position / lanes, lane = position % lanes
                codec.load(position, in: view.blocks, into: code.pointer)
                result.ids.append(view.ids[position])
                guard let quantizer else {
                    codec.decode(code.pointer, count: 1, into: vector.pointer)
                    for c in 0..<units {
                        result.codes[((block * rows + c / 4) * lanes + lane) * 4 + c % 4] = vector[c].bitPattern
                    }
                    continue
                }
                akin_pq_unpack(code.pointer, units, UInt32(quantizer.nbits), numbers.pointer)
                for s in 0..<units {
                    let word = UInt32(numbers[s]) << UInt32(s % perRow * bitsPerNumber)
                    result.codes[(block * rows + s / perRow) * lanes + lane] |= word
                }
                guard hasTerms else { continue }
                codec.decode(code.pointer, count: 1, into: vector.pointer)
                result.terms[block * lanes + lane] = withCentroid(of: list) {
                    akin_code_term(vector.pointer, $0, codec.dimension)
                }
            }
        }
        return result
    }

    /// The same index with other lists, which a device made or changed; second codes are not kept there, so the index
    /// must have none.
    ///
    /// - Parameters:
    ///   - new: as many lists as there are.
    ///   - idsAreRows: whether ids are the numbers in which vectors were added, which files then need not hold.
    /// - Returns: the index with them.
    /// - Throws: ``IndexError/unsupported(_:)`` for an index whose codes a device does not hold.
    /// - Complexity: O(count · code bytes), one thread.
    package func replacingLists(_ new: InterleavedLists, idsAreRows: Bool = false) throws(IndexError) -> IVFIndex {
        guard isSearchableOnDevices, refinement == nil else { throw .unsupported(spec) }
        precondition(new.starts.count == nlist + 1 && new.ids.count == Int(new.starts[nlist]))
        let lanes = InterleavedLists.blockVectors, perRow = listQuantizer == nil ? 4 : 32 / bitsPerNumber
        var index = self
        index.lists = InvertedLists(shape: lists.shape, nlist: nlist)
        let code = Buffer<UInt8>(repeating: 0, count: codec.codeByteCount)
        let vector = Buffer<Float>(repeating: 0, count: codec.dimension)
        let units = listQuantizer?.m ?? codec.dimension
        let numbers = Buffer<UInt16>(repeating: 0, count: units)
        let mask: UInt32 = bitsPerNumber == 4 ? 15 : 255
        for list in 0..<nlist where new.starts[list + 1] > new.starts[list] {
            let size = Int(new.starts[list + 1] - new.starts[list])
            let target = index.lists.unique(list, capacity: size)
            for position in 0..<size {
                let block = Int(new.blocks[list]) + position / lanes, lane = position % lanes
                if let quantizer = listQuantizer {
                    for s in 0..<units {
                        let word = new.codes[(block * new.rows + s / perRow) * lanes + lane]
                        numbers[s] = UInt16(word >> UInt32(s % perRow * bitsPerNumber) & mask)
                    }
                    akin_pq_pack(numbers.pointer, units, UInt32(quantizer.nbits), code.pointer)
                } else {
                    for c in 0..<units {
                        let bits = new.codes[((block * new.rows + c / 4) * lanes + lane) * 4 + c % 4]
                        vector[c] = Float(bitPattern: bits)
                    }
                    codec.encode(vector.pointer, count: 1, into: code.pointer)
                }
                withCentroid(of: list) {
                    codec.store(
                        code.pointer, count: 1, at: position, in: target.blocks, centroid: $0, metric: codedMetric)
                }
                target.ids[position] = new.ids[Int(new.starts[list]) + position]
            }
            target.grow(by: size)
        }
        index.lists.recount()
        index.nextID = max(nextID, (new.ids.max() ?? -1) + 1)
        index.idsAreRows = idsAreRows
        return index
    }

    /// What queries are compared with beside the lists.
    package func listTables(_ lists: InterleavedLists) -> ListTables {
        guard listQuantizer != nil else {
            var longest = 0.0
            for list in 0..<nlist where codedMetric != .l2 {
                let view = self.lists.view(list)
                for position in 0..<view.count {
                    let row = UnsafeRawPointer(view.blocks + position * codec.blockByteCount)
                    longest = max(longest, akin_code_length(row.assumingMemoryBound(to: Float.self), codec.dimension))
                }
            }
            return ListTables(
                centroids: nil, codebooks: nil, m: 0, ksub: 0, growth: Float(codec.dimension + 12) * 0x1p-23,
                radius: roundedUp(longest), fixed: 0)
        }
        return productTables(greatestTerm: lists.terms.reduce(0) { max($0, $1.isNaN ? .infinity : abs($1)) })
    }

    /// The same for product codes of up to 8 bits; the greatest magnitude of a term is that of all lists.
    package func productTables(greatestTerm greatest: Float) -> ListTables {
        guard let quantizer = listQuantizer else {
            preconditionFailure("\(spec) has no product codes of up to 8 bits")
        }
        return ListTables(
            centroids: isResidual ? coarse?.centroids : nil, codebooks: quantizer.codebooks, m: quantizer.m,
            ksub: quantizer.ksub,
            growth: Float(quantizer.m + quantizer.dsub + 12) * 0x1p-23,
            radius: roundedUp(Double(abs(productFactor(codedMetric))) * quantizer.table.radius), fixed: greatest)
    }

    /// The shape of product codes of up to 8 bits on a device; `nil` where the lists hold others.
    package var productShape: (m: Int, ksub: Int, dsub: Int, rows: Int)? {
        guard let quantizer = listQuantizer, refinement == nil else { return nil }
        return (quantizer.m, quantizer.ksub, quantizer.dsub, wordsPerCode(m: quantizer.m))
    }

    /// Components of what is coded.
    package var codedDimension: Int { codec.dimension }

    /// Whether codes are of vectors less their centroid.
    package var codesResiduals: Bool { isResidual }

    /// The centroids as an index, where all of them are compared with each query.
    package var comparedCentroids: FlatIndex? { coarse?.graph == nil ? coarse?.index : nil }

    /// Checks what a search is given; k becomes at most ``count``, the lists at most ``nlist``.
    ///
    /// - Throws: the same as searching.
    package func checkedSearch(
        _ queries: Matrix<Float>, k: Int, _ options: SearchOptions
    ) throws -> (k: Int, nprobe: Int, threads: Int) {
        let k = try checked(k: k)
        let threads = try VectorCheck.usable(queries, dimension: dimension, threads: options.threads)
        return (k, min(try checkedProbes(options), nlist), threads)
    }

    /// Queries as the codes see them, the lists that each looks at, `[q, nprobe]`, and what these add to its keys.
    ///
    /// - Parameters:
    ///   - queries: `[q, dimension]`, finite.
    ///   - nprobe: 1 to ``nlist``.
    ///   - options: threads, and the breadth of a graph that finds lists.
    ///   - nearest: finds the nearest of ``comparedCentroids``; they are found here where it is `nil`.
    /// - Returns: queries `[q, dimension of codes]`, lists and offsets.
    /// - Throws: the same as searching.
    package func listQueries(
        _ queries: Matrix<Float>, nprobe: Int, options: SearchOptions = .init(threads: 1),
        nearest: ((Matrix<Float>, _ k: Int) throws -> Neighbors)? = nil
    ) throws -> (queries: Matrix<Float>, lists: [UInt32], offsets: [Float]) {
        let prepared = try prepared(queries, threads: options.threads ?? availableCores())
        let table: ProbeTable
        if let nearest, comparedCentroids != nil {
            let found = CoarseNeighbors(rows: queries.rows, k: nprobe)
            let rows = try nearest(prepared, nprobe), isProduct = codedMetric == .innerProduct
            for row in 0..<queries.rows {
                for (rank, list) in rows[row].enumerated() {
                    found.set(row, rank, number: UInt32(list.id), key: isProduct ? 0 - list.score : list.score)
                }
            }
            table = probes(prepared, nprobe: nprobe, found, options)
        } else {
            table = try probes(prepared, nprobe: nprobe, options)
        }
        return withExtendedLifetime(table) {
            let count = queries.rows * nprobe
            return (
                prepared, Array(UnsafeBufferPointer(start: table.lists.pointer, count: count)),
                Array(UnsafeBufferPointer(start: table.offsets.pointer, count: count))
            )
        }
    }
}
