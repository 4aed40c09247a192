internal import CAkinKernels

/// A kernel that compares lists with prepared queries.
typealias ListKernel = @convention(c) (UnsafePointer<akin_code_scan>?, UnsafeMutablePointer<akin_list_scan>?) -> Void

/// Queries prepared by one of the codecs, and the kernel that uses them.
class CodeScanner: ListScanner {
    /// What the kernel sees; memory of its own, because kernels call back into the caller.
    let shape: UnsafeMutablePointer<akin_code_scan>
    /// One for each query.
    let prepared: Buffer<akin_code_query>
    /// Tables or queries of bytes.
    let bytes: Buffer<UInt8>
    /// Tables or queries of floats.
    let floats: Buffer<Float>

    private let shapeMemory = Buffer<akin_code_scan>(repeating: akin_code_scan(), count: 1)
    let codec: any ListCodec
    let queries: UnsafePointer<Float>
    let metric: Metric
    private let kernel: ListKernel
    let codes: akin_code_table
    private let code: Buffer<UInt8>
    private let vector: Buffer<Float>

    /// Makes room for the tables or queries of bytes and of floats that the kernel reads.
    init(
        _ codec: some ListCodec, queries: UnsafePointer<Float>, count: Int, metric: Metric, isBounded: Bool,
        kernels: Kernels, kernel: @escaping ListKernel, rows: Int, termsOffset: Int, bytesPerQuery: Int = 0,
        floatsPerQuery: Int = 0, ksub: Int = 0
    ) {
        self.codec = codec
        self.queries = queries
        self.metric = metric
        self.kernel = kernel
        codes = kernels.codes
        code = Buffer(repeating: 0, count: codec.codeByteCount)
        vector = Buffer(repeating: 0, count: codec.dimension)
        prepared = Buffer(repeating: akin_code_query(), count: count)
        bytes = Buffer(repeating: 0, count: count * bytesPerQuery)
        floats = Buffer(repeating: 0, count: count * floatsPerQuery)
        shape = shapeMemory.pointer
        shape.pointee.rows = rows
        shape.pointee.terms = termsOffset
        shape.pointee.block_bytes = codec.blockByteCount
        shape.pointee.queries = UnsafePointer(prepared.pointer)
        shape.pointee.bytes = UnsafePointer(bytes.pointer)
        shape.pointee.byte_stride = bytesPerQuery
        shape.pointee.floats = UnsafePointer(floats.pointer)
        shape.pointee.float_stride = floatsPerQuery
        shape.pointee.ksub = ksub
        shape.pointee.relative = isBounded ? partUncertainty : 0
        shape.pointee.is_bounded = isBounded
    }

    package func scan(_ scan: UnsafeMutablePointer<akin_list_scan>) {
        kernel(shape, scan)
    }

    package func key(
        _ position: Int, in blocks: UnsafePointer<UInt8>, query: Int, centroid: UnsafePointer<Float>?
    ) -> Double {
        decode(position, in: blocks, into: vector.pointer)
        let x = queries + query * codec.dimension
        return metric == .l2
            ? codes.key_l2(x, centroid, vector.pointer, codec.dimension)
            : codes.key_ip(x, centroid, vector.pointer, codec.dimension)
    }

    /// What the code at a place of a list stands for.
    func decode(_ position: Int, in blocks: UnsafePointer<UInt8>, into vector: UnsafeMutablePointer<Float>) {
        codec.load(position, in: blocks, into: code.pointer)
        codec.decode(code.pointer, count: 1, into: vector)
    }
}
