internal import CAkinKernels

/// Checks of vectors that a caller gives.
enum VectorCheck {
    /// The greatest magnitude of a component whose squares and their sums stay within the range of floats.
    static let largestMagnitude: Float = 0x1p45

    /// Throws for NaN, infinity, and values whose squares floats cannot hold.
    static func finite(_ vectors: Matrix<Float>) throws(IndexError) {
        try vectors.withUnsafeElements { (elements) throws(IndexError) in
            guard let x = elements.baseAddress, vectors.columns > 0 else { return }
            let bad = akin_first_not_finite(x, elements.count)
            guard bad == elements.count else {
                throw .notFinite(row: bad / vectors.columns, column: bad % vectors.columns)
            }
            guard akin_largest_magnitude(x, elements.count) <= largestMagnitude else {
                let place = elements.firstIndex { abs($0) > largestMagnitude } ?? 0
                throw .tooLarge(row: place / vectors.columns, column: place % vectors.columns)
            }
        }
    }

    /// Sees that an index can take vectors, or be asked for their neighbours.
    ///
    /// - Parameters:
    ///   - vectors: what is given.
    ///   - dimension: components the index wants.
    ///   - threads: as the caller said; `nil` means one per core.
    /// - Returns: the threads to use.
    /// - Throws: ``IndexError`` for another dimension, no thread, and what is not finite.
    static func usable(_ vectors: Matrix<Float>, dimension: Int, threads: Int?) throws(IndexError) -> Int {
        guard vectors.columns == dimension || vectors.rows == 0 else {
            throw .dimensionMismatch(expected: dimension, actual: vectors.columns)
        }
        let threads = threads ?? availableCores()
        guard threads >= 1 else { throw .outOfRange(name: "threads", value: threads, allowed: 1...4096) }
        try finite(vectors)
        return threads
    }

    /// Sees that an index has room for more vectors.
    static func room(for added: Int, beside count: Int, of limit: Int) throws(IndexError) {
        guard count + added <= limit else {
            throw .outOfRange(name: "number of vectors", value: count + added, allowed: 0...limit)
        }
    }
}
