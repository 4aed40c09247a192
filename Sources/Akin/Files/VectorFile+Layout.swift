/// Where the rows of each format are, taken from its header and checked against the file's size.
extension VectorFile {
    typealias Layout = (elementType: ElementType, count: Int, dimension: Int, dataOffset: Int)

    static func npyLayout(
        _ bytes: UnsafeRawBufferPointer, path: String, flattening: Bool
    ) throws(FileError) -> Layout {
        let header: NPYHeader
        do throws(NPYHeader.Problem) {
            header = try NPYHeader(bytes)
        } catch {
            throw FileError(error.code, path: path, error.message, offset: error.offset)
        }
        let shape = header.shape
        let described = "(\(shape.map(String.init).joined(separator: ", ")))"
        let count: Int
        var dimension = 1
        switch shape.count {
        case 1:
            (count, dimension) = (1, shape[0])
        case 2:
            (count, dimension) = (shape[0], shape[1])
        case 3... where flattening:
            count = shape[0]
            for extent in shape.dropFirst() {
                let (product, overflow) = dimension.multipliedReportingOverflow(by: extent)
                dimension = overflow ? .max : product
            }
        default:
            throw FileError(
                .unsupported, path: path, "expected an array of 2 axes (vectors, components), its shape is \(described)"
            )
        }
        try checkSize(
            bytes, path: path, count: count, dimension: dimension,
            elementType: header.elementType, dataOffset: header.dataOffset, announced: "shape \(described)")
        return (header.elementType, count, dimension, header.dataOffset)
    }

    static func vecsLayout(
        _ bytes: UnsafeRawBufferPointer, path: String, format: VectorFormat
    ) throws(FileError) -> Layout {
        let elementType = format.elementType ?? .float32
        guard bytes.count >= 4 else {
            throw FileError(
                .truncated, path: path, "expected the dimension of the first row, the file has \(bytes.count) bytes",
                offset: 0)
        }
        let dimension = Int(Int32(littleEndian: bytes.loadUnaligned(as: Int32.self)))
        try checkDimension(dimension, path: path, offset: 0)
        let stride = 4 + dimension * elementType.byteCount
        let count = bytes.count / stride
        guard bytes.count % stride == 0 else {
            throw FileError(
                .truncated, path: path,
                "expected rows of \(stride) bytes (dimension \(dimension)), "
                    + "the file's \(bytes.count) bytes are no multiple of that",
                offset: count * stride)
        }
        return (elementType, count, dimension, 0)
    }

    static func binLayout(
        _ bytes: UnsafeRawBufferPointer, path: String, format: VectorFormat
    ) throws(FileError) -> Layout {
        let elementType = format.elementType ?? .float32
        guard bytes.count >= 8 else {
            throw FileError(
                .truncated, path: path, "expected a header of 8 bytes, the file has \(bytes.count)", offset: 0)
        }
        let count = Int(UInt32(littleEndian: bytes.loadUnaligned(as: UInt32.self)))
        let dimension = Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self)))
        try checkSize(
            bytes, path: path, count: count, dimension: dimension, elementType: elementType,
            dataOffset: 8, announced: "\(count) vectors of dimension \(dimension)")
        return (elementType, count, dimension, 8)
    }

    private static func checkSize(
        _ bytes: UnsafeRawBufferPointer, path: String, count: Int, dimension: Int,
        elementType: ElementType, dataOffset: Int, announced: String
    ) throws(FileError) {
        try checkDimension(dimension, path: path, offset: nil)
        let (needed, overflow) = count.multipliedReportingOverflow(by: dimension * elementType.byteCount)
        let present = bytes.count - dataOffset
        guard !overflow && needed <= present else {
            throw FileError(
                .truncated, path: path,
                "\(announced) of \(elementType.rawValue) needs \(overflow ? "more than 2^63" : String(needed)) bytes, "
                    + "the file has \(present) after its header",
                offset: bytes.count)
        }
        guard needed == present else {
            throw FileError(
                .malformed, path: path,
                "\(announced) of \(elementType.rawValue) needs \(needed) bytes, the file has \(present) after its header",
                offset: dataOffset + needed)
        }
    }

    private static func checkDimension(_ dimension: Int, path: String, offset: Int?) throws(FileError) {
        guard (1...maximumDimension).contains(dimension) else {
            throw FileError(
                .malformed, path: path, "expected a dimension in 1...\(maximumDimension), found \(dimension)",
                offset: offset)
        }
    }
}
