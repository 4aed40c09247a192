internal import CAkinKernels

extension Kernels {
    /// The kernels of the quantizers at this level.
    var codes: akin_code_table {
        guard let codes = akin_code_kernels_at(table.pointee.level) else {
            fatalError("every level has kernels of the quantizers")
        }
        return codes.pointee
    }
}

/// The uncertainty that a codec allows for each unit of a part of a key: what a few float operations may add.
let partUncertainty: Float = 0x1p-20

/// The factor of <x, r> in keys.
func productFactor(_ metric: Metric) -> Float { metric == .l2 ? -2 : -1 }
