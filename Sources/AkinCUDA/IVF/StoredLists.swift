package import Akin

/// Inverted lists in a device's memory, in blocks of 32 vectors: ``InterleavedLists`` there.
package struct StoredLists: Sendable {
    let codes, starts, blocks: DeviceBuffer<UInt32>
    let terms: DeviceBuffer<Float>?
    /// `[nlist + 1]`: number of each list's first vector, and how many there are.
    let firsts: [UInt32]
    /// Words, or vectors of four floats, of one code.
    let rows: Int
    private let names: Names

    /// How vectors are called, by number.
    enum Names: Sendable {
        /// `[count]`.
        case ids([Int64])
        /// `[count]`: rows, counted from an id on.
        case rows([UInt32], first: Int64)
    }

    /// Vectors.
    package var count: Int { Int(firsts[firsts.count - 1]) }

    /// Bytes of the device's memory.
    package var byteCount: Int { codes.byteCount + starts.byteCount + blocks.byteCount + (terms?.byteCount ?? 0) }

    /// Copies lists to a device, and waits for that.
    ///
    /// - Throws: ``CUDAError``: what the pool and copies throw.
    init(_ lists: InterleavedLists, pool: DevicePool, stream: CUDAStream) throws(CUDAError) {
        codes = try pool.upload(lists.codes, on: stream)
        starts = try pool.upload(lists.starts, on: stream)
        blocks = try pool.upload(lists.blocks, on: stream)
        terms = lists.terms.isEmpty ? nil : try pool.upload(lists.terms, on: stream)
        firsts = lists.starts
        rows = lists.rows
        names = .ids(lists.ids)
        // Other streams read them.
        try stream.synchronize()
    }

    /// Lists that were made on the device, by work that is done.
    init(
        codes: DeviceBuffer<UInt32>, starts: DeviceBuffer<UInt32>, blocks: DeviceBuffer<UInt32>,
        terms: DeviceBuffer<Float>?, firsts: [UInt32], rows: Int, names: Names
    ) {
        self.codes = codes
        self.starts = starts
        self.blocks = blocks
        self.terms = terms
        self.firsts = firsts
        self.rows = rows
        self.names = names
    }

    /// The id of a vector.
    func id(_ number: UInt32) -> Int64 {
        switch names {
        case .ids(let ids): ids[Int(number)]
        case .rows(let rows, let first): first + Int64(rows[Int(number)])
        }
    }

    /// The list that holds a vector, and its place there.
    func place(of number: UInt32) -> (list: Int, position: Int) {
        var low = 0, high = firsts.count - 1
        while high - low > 1 {
            let middle = (low + high) / 2
            if firsts[middle] <= number { low = middle } else { high = middle }
        }
        return (low, Int(number - firsts[low]))
    }

    private func downloadTerms(_ stream: CUDAStream) throws(CUDAError) -> [Float] {
        guard let terms else { return [] }
        return try stream.download(terms)
    }

    /// Copies the lists to the host.
    ///
    /// - Throws: ``CUDAError``: what copies throw.
    package func download(_ stream: CUDAStream) throws(CUDAError) -> InterleavedLists {
        InterleavedLists(
            codes: try stream.download(codes), terms: try downloadTerms(stream), starts: firsts,
            blocks: try stream.download(blocks), rows: rows, ids: (0..<UInt32(count)).map(id))
    }
}
