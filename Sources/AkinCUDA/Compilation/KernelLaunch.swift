import CAkinCUDA

/// What a kernel can be given: numbers whose width the type says (so neither `Int` nor `Bool`), and addresses.
package protocol KernelParameter {
    /// What lies in the parameter's place.
    associatedtype Value: BitwiseCopyable
    /// The parameter's bits.
    var parameterValue: Value { get }
}

extension Float: KernelParameter { package var parameterValue: Float { self } }
extension Int32: KernelParameter { package var parameterValue: Int32 { self } }
extension UInt32: KernelParameter { package var parameterValue: UInt32 { self } }
extension Int64: KernelParameter { package var parameterValue: Int64 { self } }
extension UInt64: KernelParameter { package var parameterValue: UInt64 { self } }
extension DeviceBuffer: KernelParameter { package var parameterValue: UInt64 { address } }
extension DeviceSlice: KernelParameter { package var parameterValue: UInt64 { address } }
extension Optional: KernelParameter where Wrapped: KernelParameter, Wrapped.Value == UInt64 {
    /// A missing buffer is a null pointer.
    package var parameterValue: UInt64 { self?.parameterValue ?? 0 }
}

/// Blocks of a grid, or threads of a block.
package struct LaunchSize: Sendable, Equatable, ExpressibleByIntegerLiteral {
    package let x, y, z: Int

    /// `x` of them, or `x` by `y` by `z`.
    package init(_ x: Int, _ y: Int = 1, _ z: Int = 1) { (self.x, self.y, self.z) = (x, y, z) }
    package init(integerLiteral x: Int) { self.init(x) }
}

extension CUDAStream {
    /// Puts a kernel into the queue.
    ///
    /// Parameters are checked against what the kernel takes where the driver tells it: number and width of each.
    /// Buffers may be let go when this returns, under the rule of ``DevicePool``.
    ///
    /// - Parameters:
    ///   - kernel: of the same device.
    ///   - grid: blocks, 1 to 2^31 - 1 by 65,535 by 65,535.
    ///   - block: threads of a block, 1 to 1,024 in all.
    ///   - sharedBytes: shared memory beside what the source declares.
    ///   - parameters: in the kernel's order.
    /// - Throws: ``CUDAError/badLaunch(kernel:reason:)``, ``CUDAError/driver(call:code:name:text:device:)``.
    package func launch<each Parameter: KernelParameter>(
        _ kernel: Kernel, grid: LaunchSize, block: LaunchSize, sharedBytes: Int = 0,
        _ parameters: repeat each Parameter
    ) throws(CUDAError) {
        try check(kernel, grid, block)
        if sharedBytes != 0 { try kernel.allowShared(sharedBytes) }
        // Each parameter has a place of 8 bytes, which is enough for all and keeps every one aligned.
        var places: [UInt64] = []
        var sizes: [Int] = []
        func add<Value: BitwiseCopyable>(_ value: Value) {
            var place: UInt64 = 0
            withUnsafeMutableBytes(of: &place) { $0.storeBytes(of: value, as: Value.self) }
            places.append(place)
            sizes.append(MemoryLayout<Value>.size)
        }
        repeat add((each parameters).parameterValue)
        if let expected = kernel.parameterBytes, expected != sizes {
            throw .badLaunch(
                kernel: kernel.name,
                reason: "it takes parameters of \(expected) bytes, but was given parameters of \(sizes) bytes")
        }
        try context.call("cuLaunchKernel(\(kernel.name))") { calls in
            places.withUnsafeMutableBufferPointer { places in
                var pointers = places.indices.map {
                    places.baseAddress.map { UnsafeMutableRawPointer($0) }?.advanced(by: $0 * 8)
                }
                return pointers.withUnsafeMutableBufferPointer { pointers in
                    calls.cuLaunchKernel(
                        kernel.handle, UInt32(grid.x), UInt32(grid.y), UInt32(grid.z), UInt32(block.x),
                        UInt32(block.y), UInt32(block.z), UInt32(sharedBytes), handle, pointers.baseAddress, nil)
                }
            }
        }
    }

    /// Refuses what no device can do.
    private func check(_ kernel: Kernel, _ grid: LaunchSize, _ block: LaunchSize) throws(CUDAError) {
        func refuse(_ reason: String) -> CUDAError { .badLaunch(kernel: kernel.name, reason: reason) }
        guard kernel.context === context else { throw refuse("it was loaded for \(kernel.context.device.name)") }
        guard (1...Int(Int32.max)).contains(grid.x), (1...65_535).contains(grid.y), (1...65_535).contains(grid.z) else {
            throw refuse(
                "a grid of \(grid.x) x \(grid.y) x \(grid.z) blocks; it must be 1...2147483647 by 1...65535 by 1...65535"
            )
        }
        let most = context.device.maxThreadsPerBlock
        guard block.x > 0, block.y > 0, block.z > 0, block.x <= most, block.y <= most, block.z <= 64,
            block.x * block.y * block.z <= most
        else { throw refuse("a block of \(block.x) x \(block.y) x \(block.z) threads; it must have 1...\(most)") }
    }
}
