import AkinCUDA
import AkinCUDACases
import AkinHostModel
import Testing

/// The kernels on the host model against a sort.
@Suite("k-selection")
struct SelectionTests {
    static let ks = [1, 2, 10, 31, 32, 33, 100, 128, 1_000, 1_024, 1_025, 5_000]

    @Test("a warp selects from rows of any kind", arguments: SelectionRows.allCases)
    func warps(kind: SelectionRows) throws {
        for (count, k) in Self.shapes(most: 1_024) {
            for warpsPerRow in [1, 2, 4] where warpsPerRow != 2 || count == 513 {
                try check(kind, count: count) { rows in
                    SelectionPlan.warp(rows: rows, count: count, k: k, warpsPerRow: warpsPerRow)
                }
            }
        }
    }

    @Test("a block selects from rows of any kind", arguments: SelectionRows.allCases)
    func blocks(kind: SelectionRows) throws {
        for (count, k) in Self.shapes(most: 2_048) + [(9_001, 100), (9_001, 2_048)] {
            try check(kind, count: count) { rows in
                SelectionPlan.nominate(rows: rows, count: count, chunk: count, k: k)
            }
        }
    }

    @Test("chunks of a row are selected from each by itself", arguments: [(4_099, 10), (9_001, 700)])
    func chunks(count: Int, k: Int) throws {
        for chunk in [count / 4 / 4 * 4, count / 3 / 4 * 4 + 4] {
            try check(.infinite, count: count) { rows in
                SelectionPlan.nominate(rows: rows, count: count, chunk: chunk, k: k)
            }
        }
    }

    @Test("any k is selected by radix", arguments: SelectionRows.allCases)
    func radix(kind: SelectionRows) throws {
        for (count, k) in Self.shapes(most: .max) + [(6_000, 5_000)] {
            try check(kind, count: count) { rows in
                SelectionPlan.radix(rows: rows, count: count, k: k, blocks: rows - 1)
            }
        }
    }

    @Test(
        "what is planned finds the k best, however long the rows",
        arguments: [(1, 128_000, 100), (3, 128_001, 1_000), (2, 70_000, 10), (1, 5_000, 5_000), (9, 4_096, 1_024)])
    func plans(rows: Int, count: Int, k: Int) throws {
        let plan = try SelectionPlan(rows: rows, count: count, k: k, multiprocessors: 1)
        for kind in [SelectionRows.random, .ties, .descending] {
            let values = kind.values(rows: rows, count: count, stride: count, largest: false)
            var found = (values: values, ids: [UInt32]?.none)
            for pass in plan.passes {
                found = try Self.run(pass, found.values, ids: found.ids, stride: pass.count, largest: false)
            }
            for row in 0..<rows {
                let best = SelectionRows.best(
                    values[row * count..<(row + 1) * count], columns: 0..<count, k: k, largest: false)
                #expect(found.ids.map { Array($0[row * k..<(row + 1) * k]) } == best.map { UInt32($0) })
                #expect(Array(found.values[row * k..<(row + 1) * k]) == best.map { values[row * count + $0] })
            }
        }
    }

    @Test("the kernels of every plan are among those that are compiled ahead")
    func compiledAhead() throws {
        for (count, k) in Self.shapes(most: .max) + [(1 << 20, 3), (1 << 20, 2_000), (1 << 20, 9_000)] where k <= count
        {
            for pass in try SelectionPlan(rows: 2, count: count, k: k, multiprocessors: 132).passes {
                #expect(SelectionPlan.definitions.contains(pass.definitions), "\(pass)")
            }
        }
    }

    @Test("few long rows are cut, many are not")
    func cuts() throws {
        let few = try SelectionPlan(rows: 2, count: 100_000_000, k: 100, multiprocessors: 132)
        #expect(few.passes.count == 2 && few.passes[0].blocks >= 132 && few.passes[1].count < 1_000_000)
        let many = try SelectionPlan(rows: 10_000, count: 128_000, k: 100, multiprocessors: 132)
        #expect(many.passes.count == 1 && many.passes[0].method == .nominate(capacity: 2_048))
        let short = try SelectionPlan(rows: 1_000_000, count: 1_024, k: 10, multiprocessors: 132)
        #expect(short.passes[0].method == .warp(capacity: 32, warpsPerRow: 1))
    }

    @Test("what cannot be selected is refused")
    func refuses() {
        #expect(throws: CUDAError.outOfRange(name: "k", value: 11, allowed: 1...10)) {
            try SelectionPlan(rows: 1, count: 10, k: 11, multiprocessors: 1)
        }
        #expect(throws: CUDAError.outOfRange(name: "k", value: 0, allowed: 1...10)) {
            try SelectionPlan(rows: 1, count: 10, k: 0, multiprocessors: 1)
        }
        #expect(throws: CUDAError.outOfRange(name: "count", value: 0, allowed: 1...1 << 31)) {
            try SelectionPlan(rows: 1, count: 0, k: 1, multiprocessors: 1)
        }
        #expect(throws: CUDAError.outOfRange(name: "rows", value: 0, allowed: 1...(1 << 31) - 1)) {
            try SelectionPlan(rows: 0, count: 1, k: 1, multiprocessors: 1)
        }
    }

    /// Lengths below, at and above k, odd and even, and the row as a whole.
    private static func shapes(most: Int) -> [(count: Int, k: Int)] {
        [1, 37, 513, 4_098].flatMap { count in
            (ks.filter { $0 <= count + 40 } + [count]).filter { $0 <= most }.map { (count, $0) }
        }
    }

    /// Runs one pass over three rows that lie apart and compares with a sort, for the smallest and the largest.
    private func check(_ kind: SelectionRows, count: Int, _ pass: (Int) -> SelectionPlan.Pass) throws {
        let rows = 3, stride = count + 3
        let largest = (count + pass(rows).k) % 2 == 0
        let values = kind.values(rows: rows, count: count, stride: stride, largest: largest)
        let pass = pass(rows)
        let found = try Self.run(pass, values, ids: nil, stride: stride, largest: largest)
        for part in 0..<rows * pass.chunks {
            let row = part / pass.chunks, from = part % pass.chunks * pass.chunk
            let columns = from..<min(from + pass.chunk, count)
            let best = SelectionRows.best(
                values[row * stride..<row * stride + count], columns: columns, k: pass.k, largest: largest)
            let ids = found.ids?[part * pass.k..<(part + 1) * pass.k] ?? []
            let scores = found.values[part * pass.k..<(part + 1) * pass.k]
            let what: Comment = "\(kind), \(pass), row \(row), largest: \(largest)"
            #expect(ids.prefix(best.count).elementsEqual(best.map { UInt32($0) }), what)
            #expect(ids.dropFirst(best.count).allSatisfy { $0 == .max }, what)
            #expect(
                zip(scores, best).allSatisfy { score, column in
                    let x = values[row * stride + column]
                    // A zero comes without its sign.
                    return x.isNaN ? score.isNaN : score.bitPattern == (x + 0).bitPattern
                }, what)
            #expect(scores.dropFirst(best.count).allSatisfy { $0.isNaN }, what)
        }
    }

    private struct Problem: Error { var text: String }

    static func run(
        _ pass: SelectionPlan.Pass, _ values: [Float], ids: [UInt32]?, stride: Int, largest: Bool
    ) throws -> (values: [Float], ids: [UInt32]?) {
        let places = pass.rows * pass.chunks * pass.k
        var outValues = [Float](repeating: 0, count: places), outIds = [UInt32](repeating: 0, count: places)
        let launch = akin_host_launch(
            blocks: UInt32(pass.blocks), threads: UInt32(pass.threads), sharedBytes: pass.sharedBytes,
            order: UInt32((pass.count + pass.k) % 5))
        let problem = values.withUnsafeBufferPointer { values in
            (ids ?? []).withUnsafeBufferPointer { given in
                var selection = akin_host_selection(
                    values: values.baseAddress, ids: ids == nil ? nil : given.baseAddress, stride: UInt64(stride),
                    rows: UInt32(pass.rows), count: UInt32(pass.count), chunk: UInt32(pass.chunk),
                    chunks: UInt32(pass.chunks), k: UInt32(pass.k), warpsPerRow: 1, largest: largest)
                return HostModel.problem { error, bytes in
                    switch pass.method {
                    case .warp(let capacity, let warpsPerRow):
                        selection.warpsPerRow = UInt32(warpsPerRow)
                        return akin_host_warp_select(
                            launch, selection, UInt32(capacity), &outValues, &outIds, error, bytes)
                    case .nominate(let capacity):
                        return akin_host_nominate_select(
                            launch, selection, UInt32(capacity), &outValues, &outIds, error, bytes)
                    case .radix:
                        return akin_host_radix_select(launch, selection, &outValues, &outIds, error, bytes)
                    }
                }
            }
        }
        if let problem { throw Problem(text: "\(pass): \(problem)") }
        return (outValues, outIds)
    }
}
