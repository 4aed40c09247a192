internal import CAkinKernels

/// Walks a range of stored rows for one block of queries, and watches that the way of nominating pays.
///
/// Where intervals are too wide for the data (tight clusters far from the mean, outliers that stretch the codes),
/// candidates pile up and each costs more than the arithmetic it saved. Then the rest of the rows is scanned by the
/// next way: 8 bits, 32-bit products, 32-bit differences. What was found so far stays valid.
struct BlockScan {
    let rows: StoredRows
    let block: QueryBlock
    let monitor: ProgressMonitor

    /// Panels between two looks at the watch.
    private static let stripe = 32
    /// Rough costs in nanoseconds on a core of today; only their proportions matter.
    private static let candidateCost = 10.0
    private static func exactCost(_ dimension: Int) -> Double { 30 + 0.15 * Double(dimension) }
    private static func pairCost(_ dimension: Int) -> Double { 0.008 * Double(dimension) }

    /// Nominates from some panels.
    func run(_ panels: Range<Int>) throws {
        let scratch = Buffer<Float>(repeating: 0, count: block.nomination == .rows32 ? 0 : panelRows * rows.dimension)
        var first = panels.lowerBound
        while first < panels.upperBound {
            let stripe = first..<min(first + Self.stripe, panels.upperBound)
            let appended = block.shared.pointee.appended, resolved = block.resolved
            scan(stripe, scratch: scratch)
            first = stripe.upperBound
            let seen = (first - panels.lowerBound) * panelRows
            if let next = betterNomination(
                seen: seen, stripeRows: stripe.count * panelRows,
                appended: Int(block.shared.pointee.appended - appended),
                resolved: block.resolved - resolved)
            {
                block.prepare(next)
            }
            try monitor.update("searching", done: first, total: nil)
        }
    }

    private func scan(_ range: Range<Int>, scratch: Buffer<Float>) {
        let kernels = rows.kernels.pointee, dimension = rows.dimension
        rows.vectors.withUnsafeElements { elements in
            guard let base = elements.baseAddress else { return }
            switch block.nomination {
            case .exact8, .dot8:
                guard let codes = rows.codes else { return }
                let exact = block.nomination == .exact8
                var panels = codes.panels(rows: rows.count, exact: exact)
                let nominate = exact ? kernels.nominate_exact8 : kernels.nominate_dot8
                nominate?(&panels, range.lowerBound, range.upperBound, block.shared, codes.padded)
            case .tiles32:
                var panels = rows.terms.panels(rows: rows.count)
                panels.source = base
                panels.sigma = UnsafePointer(rows.sigma.pointer)
                panels.center = UnsafePointer(rows.center.pointer)
                panels.scratch = scratch.pointer
                kernels.nominate_f32(&panels, range.lowerBound, range.upperBound, block.shared, dimension)
            case .exact64:
                block.addExactly(range.lowerBound * panelRows..<min(rows.count, range.upperBound * panelRows))
            case .rows32:
                let first = range.lowerBound * panelRows
                var view = akin_rows(
                    data: base + first * dimension, sigma: rows.sigma.pointer + first, norm: rows.norm.pointer + first,
                    first_row: UInt32(first),
                    rows: UInt32(min(rows.count, range.upperBound * panelRows) - first))
                if rows.metric == .l2 {
                    kernels.nominate_difference(&view, block.shared, dimension, roundedUp(sumError(dimension + 8)))
                } else {
                    kernels.nominate_product(&view, block.shared, dimension)
                }
            }
        }
    }

    /// Another way to nominate, if the last stripe cost more than that way would.
    private func betterNomination(seen: Int, stripeRows: Int, appended: Int, resolved: Int) -> Nomination? {
        // Any way has to hold about k / seen of the rows it meets; only what goes beyond speaks against this one.
        let pairs = Double(stripeRows * block.count)
        let excess = max(0, Double(appended) - 3 * pairs * Double(block.k) / Double(seen))
        let extra = excess * Self.candidateCost + Double(resolved) * Self.exactCost(rows.dimension)
        let tiles = pairs * Self.pairCost(rows.dimension)
        guard seen > 8 * block.k, seen > 4 * stripeRows else { return nil }
        switch block.nomination {
        case .dot8 where extra > 0.7 * tiles: return .tiles32
        case .tiles32 where rows.metric == .l2 && extra > 1.3 * tiles: return .rows32
        default: return nil
        }
    }
}
