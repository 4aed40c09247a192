import CAkinKernels

/// The checksum of container files, CRC-32C, fed piece by piece.
package struct CRC32C: Sendable {
    /// The checksum of all bytes so far; 0 for none.
    package private(set) var value: UInt32 = 0

    /// Starts with no bytes.
    package init() {}

    /// Adds bytes.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        value = akin_crc32c(value, bytes.baseAddress, bytes.count)
    }

    /// The checksum of some bytes.
    package static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        akin_crc32c(0, bytes.baseAddress, bytes.count)
    }
}
