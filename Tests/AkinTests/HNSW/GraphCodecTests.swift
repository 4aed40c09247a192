import Akin
import AkinTestSupport
import Testing

@Suite("Codecs of graphs")
struct GraphCodecTests {
    static let dimensions = [1, 3, 17, 64, 65, 127, 784]
    static let kinds: [IndexSpec.Codec] = [
        .flat, .scalar(.bits8), .scalar(.bits4), .scalar(.float16), .scalar(.bfloat16),
    ]

    private func train(_ kind: IndexSpec.Codec, _ vectors: Matrix<Float>) throws -> any GraphCodec {
        let codec = try GraphCodecs.train(kind, on: vectors, seed: 1, threads: 1)
        return try GraphCodecs.restore(kind, dimension: vectors.columns, tables: codec.tables)
    }

    private func rows(_ codec: any GraphCodec, _ vectors: Matrix<Float>) -> Buffer<UInt8> {
        let rows = Buffer<UInt8>(repeating: 0xa5, count: vectors.rows * codec.rowByteCount)
        vectors.withUnsafeElements { x in
            guard let x = x.baseAddress else { return }
            codec.encode(x, count: vectors.rows, into: rows.pointer)
        }
        return rows
    }

    private func decoded(_ codec: any GraphCodec, _ rows: Buffer<UInt8>, count: Int) -> Matrix<Float> {
        Matrix(rows: count, columns: codec.dimension) { x in
            guard let x = x.baseAddress else { return }
            codec.decode(rows.pointer, count: count, into: x)
        }
    }

    private func query(_ codec: any GraphCodec, _ vectors: Matrix<Float>, _ i: Int) -> Buffer<UInt8> {
        let query = Buffer<UInt8>(repeating: 0xa5, count: codec.queryByteCount)
        vectors.withUnsafeElements { x in
            guard let x = x.baseAddress else { return }
            codec.prepare(x + i * vectors.columns, into: query.pointer)
        }
        return query
    }

    private func keys(
        _ codec: any GraphCodec, _ query: Buffer<UInt8>, _ rows: Buffer<UInt8>, _ which: [UInt32], _ kernels: Kernels
    ) -> [Float] {
        var keys = [Float](repeating: .nan, count: which.count)
        codec.keys(query.pointer, rows.pointer, which, count: which.count, kernels: kernels, into: &keys)
        return keys
    }

    private func squaredDistance(_ a: Matrix<Float>, _ i: Int, _ b: Matrix<Float>, _ j: Int) -> Double {
        (0..<a.columns).reduce(0) { sum, d in
            let difference = Double(a[i, d]) - Double(b[j, d])
            return sum + difference * difference
        }
    }

    @Test("keys are the squared distances to what rows stand for, at every level", arguments: kinds, dimensions)
    func keysAreDistances(kind: IndexSpec.Codec, dimension: Int) throws {
        let vectors = Matrix<Float>.random(rows: 40, columns: dimension, seed: 1)
        let codec = try train(kind, vectors)
        let rows = rows(codec, vectors), values = decoded(codec, rows, count: 40)
        let which = (0..<40).map { UInt32($0 * 7 % 40) }
        // Within the range of the grid, however much of the tails it cuts off.
        let queries = Matrix<Float>(rows: 5, columns: dimension) { x in
            for i in 0..<x.count { x[i] = max(-1, min(1, vectors[i / dimension, i % dimension])) }
        }
        for i in 0..<5 {
            let query = query(codec, queries, i)
            let expected = keys(codec, query, rows, which, Kernels.available[0])
            for (row, key) in zip(which, expected) {
                let exact = squaredDistance(queries, i, values, Int(row)), found = Double(key) * Double(codec.unit)
                // The query is rounded too, to half a unit in each component.
                let rounding = kind.isFloat ? 0 : 0.5 * (Double(codec.unit) * Double(dimension)).squareRoot() * 1.001
                #expect(abs(found.squareRoot() - exact.squareRoot()) <= rounding + 1e-5 * exact.squareRoot() + 1e-6)
            }
            for kernels in Kernels.available {
                #expect(keys(codec, query, rows, which, kernels) == expected, "\(kernels.name)")
            }
        }
    }

    @Test("a precise codec of bytes does not round queries", arguments: dimensions)
    func precise(dimension: Int) throws {
        let vectors = Matrix<Float>.random(rows: 20, columns: dimension, seed: 8)
        let trained = try GraphCodecs.train(.scalar(.bits8), on: vectors, seed: 1, threads: 1)
        let codec = try GraphCodecs.restore(
            .scalar(.bits8), dimension: dimension, tables: trained.tables, isPrecise: true)
        let rows = rows(codec, vectors), values = decoded(codec, rows, count: 20)
        for i in 0..<20 {
            let query = query(codec, vectors, i), which = (0..<20).map { UInt32($0) }
            let found = keys(codec, query, rows, which, .best)
            for j in 0..<20 {
                let exact = squaredDistance(vectors, i, values, j)
                #expect(abs(Double(found[j] * codec.unit) - exact) <= 1e-3 * exact + 1e-6)
            }
            codec.prepare(row: rows.pointer + i * codec.rowByteCount, into: query.pointer)
            #expect(keys(codec, query, rows, which, .best)[i] == 0)
        }
    }

    @Test("a row as a query is what it stands for", arguments: kinds, dimensions)
    func rowsAsQueries(kind: IndexSpec.Codec, dimension: Int) throws {
        let vectors = Matrix<Float>.random(rows: 20, columns: dimension, seed: 2)
        let codec = try train(kind, vectors)
        let rows = rows(codec, vectors), values = decoded(codec, rows, count: 20)
        let again = self.rows(codec, values)
        #expect((0..<rows.count).allSatisfy { rows[$0] == again[$0] })
        let which = (0..<20).map { UInt32($0) }
        for i in 0..<20 {
            let query = Buffer<UInt8>(repeating: 0xa5, count: codec.queryByteCount)
            codec.prepare(row: rows.pointer + i * codec.rowByteCount, into: query.pointer)
            let found = keys(codec, query, rows, which, .best)
            #expect(found[i] == 0)
            #expect(found == keys(codec, self.query(codec, values, i), rows, which, .best))
        }
    }

    @Test("components lose at most half a step", arguments: [1, 17, 127])
    func losesLittle(dimension: Int) throws {
        let vectors = Matrix<Float>.random(rows: 300, columns: dimension, seed: 3)
        let codec = try train(.scalar(.bits8), vectors)
        let values = decoded(codec, rows(codec, vectors), count: 300), step = codec.tables[1][0, 0]
        for i in 0..<300 {
            for d in 0..<dimension { #expect(abs(values[i, d] - vectors[i, d]) <= 0.501 * step) }
        }
        // 16 steps lose about 1.2 % of the variance of a normal variable.
        let coarse = try train(.scalar(.bits4), vectors)
        let near = decoded(coarse, rows(coarse, vectors), count: 300)
        let lost = (0..<300).reduce(0) { $0 + squaredDistance(near, $1, vectors, $1) }
        #expect(lost / Double(300 * dimension) < 0.02)
    }

    @Test("whole numbers of 8 bits stay what they are")
    func wholeNumbers() throws {
        var vectors = Matrix<Float>.randomIntegers(rows: 50, columns: 9, in: 0...255, seed: 4)
        vectors = Matrix(rows: 52, columns: 9) { elements in
            for i in 0..<50 {
                for d in 0..<9 { elements[i * 9 + d] = d == 3 ? 7 : vectors[i, d] }
            }
            for d in 0..<9 {
                elements[50 * 9 + d] = d == 3 ? 7 : 0
                elements[51 * 9 + d] = d == 3 ? 7 : 255
            }
        }
        let codec = try train(.scalar(.bits8), vectors)
        #expect(decoded(codec, rows(codec, vectors), count: 52) == vectors)
    }

    @Test("constant and extreme vectors are coded without a trap", arguments: kinds)
    func extremes(kind: IndexSpec.Codec) throws {
        for value: Float in [0, 1, -3e9, 1e-40, .greatestFiniteMagnitude / 8] {
            let vectors = Matrix<Float>([[value, value, 0], [value, value, 0]])
            let codec = try train(kind, vectors)
            let rows = rows(codec, vectors)
            #expect(keys(codec, query(codec, vectors, 0), rows, [0, 1], .best).allSatisfy { !$0.isNaN })
            // What lies far outside the sample goes to its edge.
            let far = Matrix<Float>([[1e30, -1e30, 1]])
            let values = decoded(codec, self.rows(codec, far), count: 1)
            #expect((0..<3).allSatisfy { values[0, $0].isFinite })
            _ = keys(codec, query(codec, far, 0), rows, [1], .best)
        }
    }

    @Test("product codes give the distance to what rows stand for", arguments: [8, 4])
    func product(bits: Int) throws {
        let vectors = Matrix<Float>.random(rows: 300, columns: 24, seed: 6)
        let codec = try train(.product(m: 12, bits: bits), vectors)
        let rows = rows(codec, vectors), values = decoded(codec, rows, count: 300)
        for i in 0..<10 {
            let found = keys(codec, query(codec, vectors, i), rows, [UInt32(i), 299, 17], .best)
            for (row, key) in zip([i, 299, 17], found) {
                let exact = squaredDistance(vectors, i, values, row)
                #expect(abs(Double(key) - exact) <= 1e-4 * (1 + exact))
            }
        }
    }

    @Test("refuses codes that graphs do not hold, and tables that do not fit")
    func refuses() throws {
        let vectors = Matrix<Float>.random(rows: 300, columns: 24, seed: 7)
        for kind: IndexSpec.Codec in [
            .scalar(.bits6), .product(m: 12, bits: 6), .fastScan(m: 12, residual: false), .rabit(bits: 1),
        ] {
            #expect(throws: IndexError.self) { try train(kind, vectors) }
        }
        #expect(throws: IndexError.empty) {
            try train(.scalar(.bits8), Matrix<Float>(rows: 0, columns: 3) { _ in })
        }
        let good = try train(.scalar(.bits4), vectors).tables
        let bad: [[Matrix<Float>]] = [
            [], [good[0]], [good[0], Matrix([[0]])], [good[0], Matrix([[.nan]])], [good[0], Matrix([[1, 2]])],
            [Matrix([[1, 2]]), good[1]], [Matrix(rows: 1, columns: 24) { $0[3] = .infinity }, good[1]],
        ]
        for tables in bad {
            #expect(throws: IndexError.self) {
                try GraphCodecs.restore(.scalar(.bits4), dimension: 24, tables: tables)
            }
        }
    }
}

extension IndexSpec.Codec {
    fileprivate var isFloat: Bool {
        switch self {
        case .flat, .scalar(.float16), .scalar(.bfloat16): true
        default: false
        }
    }
}
