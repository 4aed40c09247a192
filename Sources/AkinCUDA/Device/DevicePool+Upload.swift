package import Akin

extension DevicePool {
    /// Memory with a copy of some values; work of the stream may use it.
    ///
    /// - Throws: ``CUDAError``: what the pool and copies throw.
    package func upload<Element: BitwiseCopyable>(
        _ values: [Element], on stream: CUDAStream
    ) throws(CUDAError) -> DeviceBuffer<Element> {
        let buffer = try allocate(Element.self, count: values.count, on: stream)
        try stream.upload(values, to: buffer)
        return buffer
    }

    /// Memory with a copy of a matrix, row after row; work of the stream may use it.
    ///
    /// - Throws: ``CUDAError``: what the pool and copies throw.
    package func upload(_ matrix: Matrix<Float>, on stream: CUDAStream) throws(CUDAError) -> DeviceBuffer<Float> {
        let buffer = try allocate(Float.self, count: matrix.rows * matrix.columns, on: stream)
        try matrix.withUnsafeElements { (x) throws(CUDAError) in try stream.upload(x, to: buffer) }
        return buffer
    }
}
