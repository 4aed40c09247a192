internal import CAkinKernels

/// The numeric kernels of one SIMD level.
public struct Kernels: Sendable {
    nonisolated(unsafe) let table: UnsafePointer<akin_kernel_table>

    /// The fastest that this CPU runs, or what `AKIN_SIMD` (`scalar`, `avx2`, `avx512`, `neon`) chose of them.
    public static let best: Kernels = {
        guard let table = akin_kernels() else { fatalError("the scalar kernels are always there") }
        return Kernels(table: table)
    }()

    /// Every level that this CPU runs, the plain one first.
    public static let available: [Kernels] = [
        AKIN_SIMD_SCALAR, AKIN_SIMD_AVX2, AKIN_SIMD_AVX512, AKIN_SIMD_NEON,
    ].compactMap { akin_kernels_at($0).map(Kernels.init(table:)) }

    /// `scalar`, `avx2`, `avx512` or `neon`.
    public var name: String { String(cString: table.pointee.name) }

    /// Whether integer dot products of bytes run faster than those of floats, so that exact search uses them.
    public var hasFastBytes: Bool { table.pointee.has_dot8 }
}
