internal import CAkinKernels

/// The keys that decide: computed by difference, in doubles, in one order of summation at every SIMD level, and
/// rounded once to the float that is returned.
struct ExactKeys {
    let rows: StoredRows
    let query: UnsafePointer<Float>
    private let queryLength: Double
    private var keys: [Double]

    init(rows: StoredRows, query: UnsafePointer<Float>) {
        self.rows = rows
        self.query = query
        queryLength =
            rows.metric == .cosine
            ? rows.kernels.pointee.product(query, query, rows.dimension).squareRoot() : 1
        keys = []
    }

    /// Writes the ordered key of each of `count` rows.
    mutating func compute(_ numbers: UnsafePointer<UInt32>, count: Int, into ordered: UnsafeMutablePointer<Int32>) {
        if keys.count < count { keys = [Double](repeating: 0, count: count) }
        let (metric, dimension, kernels) = (rows.metric, rows.dimension, rows.kernels)
        rows.vectors.withUnsafeElements { elements in
            guard let y = elements.baseAddress else { return }
            akin_exact_many(kernels, metric != .l2, query, y, dimension, numbers, count, &keys)
            for i in 0..<count {
                switch metric {
                case .l2: break
                case .innerProduct: keys[i] = 0 - keys[i]
                case .cosine:
                    let row = y + Int(numbers[i]) * dimension
                    let length = queryLength * kernels.pointee.product(row, row, dimension).squareRoot()
                    keys[i] = length > 0 ? 0 - keys[i] / length : 0
                }
                ordered[i] = akin_ordered(Float(keys[i]))
            }
        }
    }
}

/// One row that competes for a place among the nearest, with its key made exact.
struct Contender: Comparable {
    /// Ordered key, as the float that is returned.
    var key: Int32
    var id: Int64
    var row: UInt32

    static func < (a: Contender, b: Contender) -> Bool { a.key != b.key ? a.key < b.key : a.id < b.id }
}
