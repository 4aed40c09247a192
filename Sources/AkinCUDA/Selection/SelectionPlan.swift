/// How the k best of each row are found: which kernel, in how many passes, with how much memory.
///
/// Three kernels give the same answer, in one order: best first, NaN after every number, equal values by smaller column.
///
/// - *Warp*: k best in the registers of a warp. Cheapest to begin, so for short rows.
/// - *Nominate*: a block streams a row and keeps what comes before its bound in shared memory. At the speed of memory on
///   long rows.
/// - *Radix*: four passes over the row and a sort, for any k.
///
/// Few long rows are cut into chunks, so that every multiprocessor has work, and the k best of each chunk are selected
/// from once more.
package struct SelectionPlan: Sendable, Equatable {
    /// A kernel of `selection.cu`.
    package enum Method: Sendable, Equatable {
        /// `akin_warp_select_<capacity>`; that many warps share a row.
        case warp(capacity: Int, warpsPerRow: Int)
        /// `akin_nominate_select_<capacity>`.
        case nominate(capacity: Int)
        /// `akin_radix_select`.
        case radix
    }

    /// One launch: rows of `count` elements in `chunks` parts of `chunk`, k of each.
    package struct Pass: Sendable, Equatable {
        package var method: Method
        package var rows, count, chunk, chunks, k: Int
        package var blocks, threads, sharedBytes: Int
        /// 64-bit entries that a radix selection works in.
        package var scratchEntries: Int

        /// What `selection.cu` is compiled with, so that only the kernel wanted is.
        package var definitions: [String: String] {
            let capacity =
                switch method {
                case .warp(let capacity, _), .nominate(let capacity): capacity
                case .radix: 0
                }
            return SelectionPlan.definitions(capacity: capacity)
        }

        /// The entry point.
        package func kernel(largest: Bool) -> String {
            let end = largest ? "largest" : "smallest"
            return switch method {
            case .warp(let capacity, _): "akin_warp_select_\(capacity)_\(end)"
            case .nominate(let capacity): "akin_nominate_select_\(capacity)_\(end)"
            case .radix: "akin_radix_select_\(end)"
            }
        }
    }

    /// What `selection.cu` is compiled with for each kernel that a plan may name.
    package static var definitions: [[String: String]] {
        [0, 32, 64, 128, 256, 512, 1_024, 2_048, 4_096].map(definitions(capacity:))
    }

    private static func definitions(capacity: Int) -> [String: String] { ["AKIN_CAPACITY": "\(capacity)"] }

    /// The launches, in order; the second selects from what the first found.
    package let passes: [Pass]

    /// Largest k that a block can hold.
    package static let largestNominated = 2_048
    /// Rows up to this long are left to a warp, where its registers hold k.
    static let shortRow = 4_096
    /// Blocks for each multiprocessor that keep the memory busy, with some to spare for the last ones.
    static let blocksPerMultiprocessor = 6

    /// Plans a selection.
    ///
    /// - Parameters:
    ///   - rows: 1 or more.
    ///   - count: elements of a row, 1 to 2^31.
    ///   - k: wanted of each row, 1 to `count`.
    ///   - multiprocessors: of the device.
    /// - Throws: ``CUDAError/outOfRange(name:value:allowed:)``.
    package init(rows: Int, count: Int, k: Int, multiprocessors: Int) throws(CUDAError) {
        let most = 1 << 31
        guard (1...most).contains(count) else { throw .outOfRange(name: "count", value: count, allowed: 1...most) }
        guard (1...count).contains(k) else { throw .outOfRange(name: "k", value: k, allowed: 1...count) }
        guard (1...most - 1).contains(rows) else { throw .outOfRange(name: "rows", value: rows, allowed: 1...most - 1) }
        var passes = [Self.pass(rows: rows, count: count, k: k, multiprocessors: multiprocessors)]
        while let last = passes.last, last.chunks > 1 {
            passes.append(Self.pass(rows: rows, count: last.chunks * k, k: k, multiprocessors: multiprocessors))
        }
        self.passes = passes
    }

    private static func pass(rows: Int, count: Int, k: Int, multiprocessors: Int) -> Pass {
        if k > largestNominated {
            let blocks = min(rows, 2 * multiprocessors)
            return radix(rows: rows, count: count, k: k, blocks: blocks)
        }
        let wanted = blocksPerMultiprocessor * multiprocessors
        if count <= shortRow, k <= 1_024 {
            return warp(rows: rows, count: count, k: k, warpsPerRow: rows < wanted ? 4 : 1)
        }
        // A part must be long beside k, or the second pass would have as much to read as the first.
        let least = max(32_768, 32 * k)
        let chunks = rows >= wanted ? 1 : max(1, min((wanted + rows - 1) / rows, count / least))
        let chunk = ((count + chunks - 1) / chunks + 3) / 4 * 4
        return nominate(rows: rows, count: count, chunk: chunk, k: k)
    }

    /// A selection in registers.
    package static func warp(rows: Int, count: Int, k: Int, warpsPerRow: Int) -> Pass {
        let capacity = [32, 64, 128, 256, 512].first { k <= $0 } ?? 1_024
        return Pass(
            method: .warp(capacity: capacity, warpsPerRow: warpsPerRow), rows: rows, count: count, chunk: count,
            chunks: 1, k: k, blocks: (rows * warpsPerRow + 3) / 4, threads: 128,
            sharedBytes: warpsPerRow > 1 ? 4 * capacity * 8 : 0, scratchEntries: 0)
    }

    /// A selection in shared memory, a block for each chunk.
    package static func nominate(rows: Int, count: Int, chunk: Int, k: Int) -> Pass {
        let capacity = k <= 512 ? 2_048 : 4_096
        let chunks = (count + chunk - 1) / chunk
        return Pass(
            method: .nominate(capacity: capacity), rows: rows, count: count, chunk: chunk, chunks: chunks, k: k,
            blocks: rows * chunks, threads: 256, sharedBytes: (2 * capacity + 8) * 4, scratchEntries: 0)
    }

    /// A selection of any k.
    package static func radix(rows: Int, count: Int, k: Int, blocks: Int) -> Pass {
        Pass(
            method: .radix, rows: rows, count: count, chunk: count, chunks: 1, k: k, blocks: blocks, threads: 512,
            sharedBytes: (16 * 256 + 256 + 16 + 1 + 4) * 4, scratchEntries: blocks * 2 * k)
    }
}
