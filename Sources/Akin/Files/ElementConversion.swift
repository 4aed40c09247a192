/// Conversion of stored components to floats and whole numbers and back.
///
/// A value that the target cannot hold exactly
/// is refused; the one exception is storing floats in half precision, which rounds to the nearest.
enum ElementConversion {
    /// A component that the target type cannot hold.
    struct Misfit: Error {
        /// Its index among the converted components.
        var index: Int
        /// The value, for the message.
        var value: String
    }

    // MARK: - Stored bytes to memory

    /// Reads `target.count` stored components, from any alignment, as floats.
    static func decode(
        _ source: UnsafeRawPointer, as type: ElementType, into target: UnsafeMutableBufferPointer<Float>
    ) throws(Misfit) {
        guard let out = target.baseAddress else { return }
        switch type {
        case .float32:
            UnsafeMutableRawPointer(out).copyMemory(from: source, byteCount: target.count * 4)
        case .float16:
            for i in 0..<target.count {
                out[i] = float(half: source.loadUnaligned(fromByteOffset: i * 2, as: UInt16.self))
            }
        case .uint8:
            for i in 0..<target.count { out[i] = Float(source.load(fromByteOffset: i, as: UInt8.self)) }
        case .int8:
            for i in 0..<target.count { out[i] = Float(source.load(fromByteOffset: i, as: Int8.self)) }
        case .int32: try decodeIntegers(source, as: Int32.self, into: target)
        case .int64: try decodeIntegers(source, as: Int64.self, into: target)
        }
    }

    /// Reads `target.count` stored components, from any alignment, as 32-bit whole numbers.
    static func decode(
        _ source: UnsafeRawPointer, as type: ElementType, into target: UnsafeMutableBufferPointer<Int32>
    ) throws(Misfit) {
        guard let out = target.baseAddress else { return }
        switch type {
        case .int32:
            UnsafeMutableRawPointer(out).copyMemory(from: source, byteCount: target.count * 4)
        case .uint8:
            for i in 0..<target.count { out[i] = Int32(source.load(fromByteOffset: i, as: UInt8.self)) }
        case .int8:
            for i in 0..<target.count { out[i] = Int32(source.load(fromByteOffset: i, as: Int8.self)) }
        case .int64:
            for i in 0..<target.count {
                let value = source.loadUnaligned(fromByteOffset: i * 8, as: Int64.self)
                guard let exact = Int32(exactly: value) else { throw Misfit(index: i, value: "\(value)") }
                out[i] = exact
            }
        case .float32, .float16:
            preconditionFailure("floats are not read as whole numbers")
        }
    }

    private static func decodeIntegers<T: FixedWidthInteger & BitwiseCopyable>(
        _ source: UnsafeRawPointer, as type: T.Type, into target: UnsafeMutableBufferPointer<Float>
    ) throws(Misfit) {
        for i in 0..<target.count {
            let value = source.loadUnaligned(fromByteOffset: i * MemoryLayout<T>.size, as: T.self)
            guard let exact = Float(exactly: value) else { throw Misfit(index: i, value: "\(value)") }
            target[i] = exact
        }
    }

    /// The float of 16 stored bits, exactly, with subnormals, infinities and NaN.
    ///
    /// The fields are moved to their places in a float and the exponent's bias is corrected by one multiplication,
    /// which also normalises subnormals. Free of branches, so that a loop of it becomes vector instructions.
    @inline(__always)
    static func float(half bits: UInt16) -> Float {
        let magnitude = UInt32(bits & 0x7FFF) << 13
        let scaled = Float(bitPattern: magnitude) * 0x1p112
        let special: UInt32 = magnitude >= 0x0F80_0000 ? 0x7F80_0000 : 0
        return Float(bitPattern: scaled.bitPattern | special | UInt32(bits & 0x8000) << 16)
    }

    // MARK: - Memory to stored bytes

    /// Writes floats as stored components, to any alignment.
    static func encode(
        _ source: UnsafeBufferPointer<Float>, as type: ElementType, into target: UnsafeMutableRawPointer
    ) throws(Misfit) {
        guard let values = source.baseAddress else { return }
        switch type {
        case .float32:
            target.copyMemory(from: values, byteCount: source.count * 4)
        case .float16:
            for i in 0..<source.count {
                let half = Float16(values[i])
                guard half.isFinite || !values[i].isFinite else { throw Misfit(index: i, value: "\(values[i])") }
                target.storeBytes(of: half.bitPattern, toByteOffset: i * 2, as: UInt16.self)
            }
        case .uint8: try encodeIntegers(source, as: UInt8.self, into: target)
        case .int8: try encodeIntegers(source, as: Int8.self, into: target)
        case .int32: try encodeIntegers(source, as: Int32.self, into: target)
        case .int64: try encodeIntegers(source, as: Int64.self, into: target)
        }
    }

    /// Writes 32-bit whole numbers as stored components, to any alignment.
    static func encode(
        _ source: UnsafeBufferPointer<Int32>, as type: ElementType, into target: UnsafeMutableRawPointer
    ) throws(Misfit) {
        for i in 0..<source.count {
            let value = source[i]
            switch type {
            case .int32: target.storeBytes(of: value, toByteOffset: i * 4, as: Int32.self)
            case .int64: target.storeBytes(of: Int64(value), toByteOffset: i * 8, as: Int64.self)
            case .uint8:
                guard let exact = UInt8(exactly: value) else { throw Misfit(index: i, value: "\(value)") }
                target.storeBytes(of: exact, toByteOffset: i, as: UInt8.self)
            case .int8:
                guard let exact = Int8(exactly: value) else { throw Misfit(index: i, value: "\(value)") }
                target.storeBytes(of: exact, toByteOffset: i, as: Int8.self)
            case .float32:
                guard let exact = Float(exactly: value) else { throw Misfit(index: i, value: "\(value)") }
                target.storeBytes(of: exact, toByteOffset: i * 4, as: Float.self)
            case .float16:
                guard let exact = Float16(exactly: value) else { throw Misfit(index: i, value: "\(value)") }
                target.storeBytes(of: exact, toByteOffset: i * 2, as: Float16.self)
            }
        }
    }

    private static func encodeIntegers<T: FixedWidthInteger & BitwiseCopyable>(
        _ source: UnsafeBufferPointer<Float>, as type: T.Type, into target: UnsafeMutableRawPointer
    ) throws(Misfit) {
        for i in 0..<source.count {
            guard let exact = T(exactly: source[i]) else { throw Misfit(index: i, value: "\(source[i])") }
            target.storeBytes(of: exact, toByteOffset: i * MemoryLayout<T>.size, as: T.self)
        }
    }
}
