import AkinVision

/// Hostile configurations: what is accepted must also work.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzPreprocessing(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    guard let preprocessing = try? Preprocessing(configuration: bytes),
        preprocessing.outputWidth * preprocessing.outputHeight <= 1 << 16
    else { return 0 }
    let output = preprocessing(picture)
    precondition(output.count == preprocessing.outputCount && output.allSatisfy(\.isFinite))
    return 0
}

private let picture = RGBImage(width: 5, height: 3, pixels: (0..<45).map { UInt8($0 * 5) })
