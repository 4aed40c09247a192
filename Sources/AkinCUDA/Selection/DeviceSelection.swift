/// The k best of each of some rows of floats that lie on a device.
///
/// The order is that of ``SelectionPlan``: best first, NaN after every number, equal values by smaller column. A zero comes
/// without its sign.
package struct DeviceSelection: Sendable {
    /// The launches.
    package let plan: SelectionPlan
    /// Whether the largest values are best.
    package let largest: Bool
    private let pool: DevicePool
    /// One for each pass.
    private let kernels: [Kernel]

    /// Plans a selection and gets its kernels.
    ///
    /// - Parameters:
    ///   - rows: 1 or more.
    ///   - count: elements of a row, 1 to 2^31.
    ///   - k: wanted of each row, 1 to `count`.
    ///   - largest: whether the largest values are best rather than the smallest.
    ///   - library: the device's kernels.
    ///   - pool: where memory for what passes hand on comes from.
    /// - Throws: ``CUDAError/outOfRange(name:value:allowed:)``; what finding and compiling kernels throws.
    package init(
        rows: Int, count: Int, k: Int, largest: Bool = false, library: KernelLibrary, pool: DevicePool
    ) throws(CUDAError) {
        let multiprocessors = library.context.device.multiprocessors
        try self.init(
            plan: SelectionPlan(rows: rows, count: count, k: k, multiprocessors: multiprocessors), largest: largest,
            library: library, pool: pool)
    }

    /// A selection that is planned already.
    package init(
        plan: SelectionPlan, largest: Bool = false, library: KernelLibrary, pool: DevicePool
    ) throws(CUDAError) {
        self.plan = plan
        self.largest = largest
        self.pool = pool
        var kernels: [Kernel] = []
        for pass in plan.passes {
            kernels.append(
                try library.kernel(
                    pass.kernel(largest: largest), in: "selection.cu", definitions: pass.definitions))
        }
        self.kernels = kernels
    }

    /// Puts the selection into a stream.
    ///
    /// - Parameters:
    ///   - values: the rows, `[rows][stride]`, the last of them up to its last element.
    ///   - stride: elements from row to row, `count` or more; rows may begin anywhere.
    ///   - outValues: `[rows][k]`, becomes the values, best first.
    ///   - outColumns: `[rows][k]`, becomes their columns.
    ///   - stream: whose work this becomes.
    /// - Throws: ``CUDAError/outOfBounds(what:range:count:)``, ``CUDAError/outOfRange(name:value:allowed:)``; what the
    ///   pool and launches throw.
    package func run(
        _ values: DeviceSlice<Float>, stride: Int, values outValues: DeviceSlice<Float>,
        columns outColumns: DeviceSlice<UInt32>, on stream: CUDAStream
    ) throws(CUDAError) {
        guard let first = plan.passes.first else { return }
        let (rows, most) = (first.rows, Int.max / first.rows)
        guard (first.count...most).contains(stride) else {
            throw .outOfRange(name: "stride", value: stride, allowed: first.count...most)
        }
        try Self.check(values.count, holds: (rows - 1) * stride + first.count, "values to select from")
        try Self.check(outValues.count, holds: rows * first.k, "selected values")
        try Self.check(outColumns.count, holds: rows * first.k, "selected columns")
        // What a pass leaves to the next is held until that is launched; the pool knows the stream.
        var between: (values: DeviceBuffer<Float>, columns: DeviceBuffer<UInt32>)?
        for (i, (pass, kernel)) in zip(plan.passes, kernels).enumerated() {
            let input = Input(
                values: between?.values.whole ?? values, columns: between?.columns,
                stride: i == 0 ? stride : pass.count)
            if i == plan.passes.count - 1 {
                try launch(pass, kernel, input, outValues, outColumns, stream)
            } else {
                let places = pass.rows * pass.chunks * pass.k
                let next = (
                    values: try pool.allocate(Float.self, count: places, on: stream),
                    columns: try pool.allocate(UInt32.self, count: places, on: stream)
                )
                try launch(pass, kernel, input, next.values.whole, next.columns.whole, stream)
                between = next
            }
        }
    }

    private struct Input {
        let values: DeviceSlice<Float>
        let columns: DeviceBuffer<UInt32>?
        let stride: Int
    }

    private func launch(
        _ pass: SelectionPlan.Pass, _ kernel: Kernel, _ input: Input, _ outValues: DeviceSlice<Float>,
        _ outColumns: DeviceSlice<UInt32>, _ stream: CUDAStream
    ) throws(CUDAError) {
        let (grid, block) = (LaunchSize(pass.blocks), LaunchSize(pass.threads))
        let (count, chunk, chunks) = (UInt32(pass.count), UInt32(pass.chunk), UInt32(pass.chunks))
        let (stride, rows, k) = (UInt64(input.stride), UInt32(pass.rows), UInt32(pass.k))
        switch pass.method {
        case .warp(_, let warpsPerRow):
            try stream.launch(
                kernel, grid: grid, block: block, sharedBytes: pass.sharedBytes, input.values, input.columns, stride,
                rows, count, chunk, chunks, k, UInt32(warpsPerRow), outValues, outColumns)
        case .nominate:
            try stream.launch(
                kernel, grid: grid, block: block, sharedBytes: pass.sharedBytes, input.values, input.columns, stride,
                count, chunk, chunks, k, outValues, outColumns)
        case .radix:
            precondition(input.columns == nil, "radix selection is never a second pass")
            let scratch = try pool.allocate(UInt64.self, count: pass.scratchEntries, on: stream)
            try stream.launch(
                kernel, grid: grid, block: block, sharedBytes: pass.sharedBytes, input.values, stride, rows, count, k,
                scratch, outValues, outColumns)
        }
    }

    private static func check(_ count: Int, holds wanted: Int, _ what: String) throws(CUDAError) {
        guard count >= wanted else { throw .outOfBounds(what: what, range: 0..<wanted, count: count) }
    }
}
