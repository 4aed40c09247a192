internal import CAkinKernels

/// Points in 8-bit codes of one scale, as the join kernels read them; see `akin_points`.
///
/// With one scale for all points a pair's worth is a whole number that both sides agree on, and a tile serves its rows
/// and its columns at once.
final class JoinCodes: Sendable {
    /// What turns vectors into codes and worths into keys.
    struct Frame: Sendable {
        var metric: Metric
        /// `[dimension]`: what is subtracted from a vector.
        var center: Buffer<Float>
        var centerNorm2: Double
        var scale: Double
        /// Every component lies on the grid of codes: worths have no error.
        var isWhole: Bool

        /// key = - unit * worth - offset.
        var unit: Double { (metric == .l2 ? 2 : 1) * scale * scale }
        var offset: Double { metric == .l2 ? 0 : centerNorm2 }
        /// Keys of unit vectors as floats make them, and of sums in doubles.
        var slack: Double { metric == .cosine ? 0x1p-20 : centerNorm2 * 0x1p-40 }
    }

    let frame: Frame
    let count: Int
    let padded: Int
    /// `[count, padded]`, code + 128.
    let codes: Buffer<UInt8>
    let half: Buffer<Int32>
    /// Upper bounds of (|r| + |e|) / scale and of |e| / scale.
    let length, error: Buffer<Float>
    /// The number that the caller knows each point by.
    let number: Buffer<UInt32>
    /// Whether all points lie within what worths can express; if not they serve as estimates only.
    let fits: Bool

    /// Codes all rows, in their order.
    init(
        _ vectors: Matrix<Float>, frame: Frame, kernels: Kernels, threads: Int, in place: WorkPlace = .memory
    ) throws(FileError) {
        let (count, dimension) = (vectors.rows, vectors.columns)
        let padded = Self.padded(dimension)
        let codes = try place.buffer(of: UInt8.self, count: count * padded)
        let half = try place.buffer(of: Int32.self, count: count)
        let length = try place.buffer(of: Float.self, count: count)
        let error = try place.buffer(of: Float.self, count: count)
        let number = try place.buffer(of: UInt32.self, count: count)
        let limit = Double(AKIN_HALF_LIMIT)
        let chunk = 4096, chunks = (count + chunk - 1) / chunk
        let unfit = Buffer<Bool>(repeating: false, count: chunks)
        nonisolated(unsafe) let table = kernels.table
        forEachChunk(of: count, size: chunk, threads: threads) { range in
            vectors.withUnsafeElements { elements in
                guard let y = elements.baseAddress else { return }
                for i in range {
                    number[i] = UInt32(i)
                    let row = y + i * dimension
                    let sigma =
                        frame.metric == .cosine
                        ? StoredRows.sigma(square: table.pointee.product(row, row, dimension)) : 1
                    let stats = akin_point_encode(
                        row, dimension, Double(sigma), frame.center.pointer, frame.scale, codes.pointer + i * padded)
                    let exact = (frame.metric == .l2 ? stats.norm2 : -stats.center_dot) / frame.unit
                    half[i] = Int32(min(max(exact.isNaN ? 0 : exact, -limit), limit).rounded())
                    let left = stats.error2.squareRoot() / frame.scale
                    length[i] = roundedUp(stats.norm2.squareRoot() / frame.scale + left)
                    error[i] = roundedUp(left)
                    if abs(exact) > limit || !StoredRows.isOrdinary(sigma: sigma) || stats.norm2 > 0x1p90 {
                        unfit[range.lowerBound / chunk] = true
                    }
                }
            }
        }
        self.frame = frame
        self.count = count
        self.padded = padded
        self.codes = codes
        self.half = half
        self.length = length
        self.error = error
        self.number = number
        fits = (0..<chunks).allSatisfy { !unfit[$0] }
    }

    /// Components of a code, those that fill it up included.
    static func padded(_ dimension: Int) -> Int { (dimension + 3) / 4 * 4 }

    /// Some of the points: point i is `chosen[i]` of the others.
    convenience init(_ other: JoinCodes, choosing chosen: Buffer<UInt32>) {
        let count = chosen.count
        self.init(
            like: other, count: count, codes: Buffer(uninitialized: count * other.padded),
            half: Buffer(uninitialized: count), length: Buffer(uninitialized: count),
            error: Buffer(uninitialized: count), number: Buffer(uninitialized: count))
        for i in 0..<count { copy(other, Int(chosen[i]), to: i) }
    }

    /// The same points in another order: point i of the others comes to `places[i]`.
    ///
    /// It is read once from beginning to end.
    convenience init(
        _ other: JoinCodes, places: Buffer<UInt32>, in place: WorkPlace, threads: Int
    ) throws(FileError) {
        let count = other.count
        self.init(
            like: other, count: count, codes: try place.buffer(count: count * other.padded),
            half: try place.buffer(count: count), length: try place.buffer(count: count),
            error: try place.buffer(count: count), number: try place.buffer(count: count))
        forEachChunk(of: count, size: 4096, threads: threads) { range in
            for i in range { self.copy(other, i, to: Int(places[i])) }
        }
    }

    private func copy(_ other: JoinCodes, _ from: Int, to i: Int) {
        (codes.pointer + i * padded).update(from: other.codes.pointer + from * padded, count: padded)
        half[i] = other.half[from]
        length[i] = other.length[from]
        error[i] = other.error[from]
        number[i] = other.number[from]
    }

    /// Room for points of the same frame.
    private init(
        like other: JoinCodes, count: Int, codes: Buffer<UInt8>, half: Buffer<Int32>, length: Buffer<Float>,
        error: Buffer<Float>, number: Buffer<UInt32>
    ) {
        frame = other.frame
        padded = other.padded
        fits = other.fits
        self.count = count
        self.codes = codes
        self.half = half
        self.length = length
        self.error = error
        self.number = number
    }

    /// What the kernels see; `certified` asks for bounds on the error of worths.
    func view(certified: Bool) -> akin_points {
        let hasErrors = certified && !frame.isWhole
        return akin_points(
            padded: padded, codes: UnsafePointer(codes.pointer), half: UnsafePointer(half.pointer),
            length: hasErrors ? UnsafePointer(length.pointer) : nil,
            error: hasErrors ? UnsafePointer(error.pointer) : nil)
    }
}

extension JoinCodes.Frame {
    /// Rows that the scale is chosen from.
    private static let sampled = 4_096

    /// Chooses center and scale for vectors: codes are whole numbers where the vectors are, otherwise they cover the
    /// components of all but a few rows that stick out.
    init(_ vectors: Matrix<Float>, metric: Metric, kernels: Kernels, threads: Int) {
        let (rows, dimension) = (vectors.rows, vectors.columns)
        let product = kernels.table.pointee.product
        let center = Buffer<Float>(repeating: 0, count: dimension)
        var isWhole = false, scale = 1.0
        vectors.withUnsafeElements { elements in
            guard let y = elements.baseAddress, rows > 0 else { return }
            var least: Float = 0, greatest: Float = 0
            if metric == .l2, akin_whole_numbers(y, elements.count, &least, &greatest), greatest - least <= 255 {
                isWhole = true
                for c in 0..<dimension { center[c] = least + 128 }
                return
            }
            func sigma(_ i: Int) -> Float {
                guard metric == .cosine, let product else { return 1 }
                return StoredRows.sigma(square: product(y + i * dimension, y + i * dimension, dimension))
            }
            // Enough rows for a center; it need not be the mean, only near it.
            let step = max(1, rows / (8 * Self.sampled))
            let sums = Buffer<Double>(repeating: 0, count: dimension)
            var taken = 0
            for i in stride(from: 0, to: rows, by: step) {
                var factor = sigma(i)
                akin_add_rows(y + i * dimension, 1, dimension, &factor, sums.pointer)
                taken += 1
            }
            for c in 0..<dimension { center[c] = Float(sums[c] / Double(taken)) }
            var sizes: [Double] = []
            for i in stride(from: 0, to: rows, by: max(1, rows / Self.sampled)) {
                let stats = akin_row_measure(y + i * dimension, dimension, Double(sigma(i)), center.pointer)
                if stats.largest > 0 { sizes.append(stats.largest) }
            }
            sizes.sort()
            if let covered = sizes.isEmpty ? nil : sizes[sizes.count * 19 / 20] { scale = covered / 127 }
        }
        self.metric = metric
        self.center = center
        centerNorm2 = (0..<dimension).reduce(0) { $0 + Double(center[$1]) * Double(center[$1]) }
        self.scale = scale
        self.isWhole = isWhole
    }
}

/// Runs `body` over ranges of `size` that cover `0..<count`.
func forEachChunk(of count: Int, size: Int, threads: Int, _ body: @Sendable (Range<Int>) -> Void) {
    let chunks = (count + size - 1) / size
    do {
        try parallelFor(threads: threads, count: chunks) { i in body(i * size..<min(count, (i + 1) * size)) }
    } catch {
        fatalError("chunks cannot fail: \(error)")
    }
}
