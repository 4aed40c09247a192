import AkinVision

/// Hostile pictures: decode, then resize and crop what came out.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzImage(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    // Large enough for every branch, small enough for many tries a second.
    guard let image = try? RGBImage(decoding: bytes, limits: ImageLimits(pixels: 1 << 16, side: 4096)) else { return 0 }
    let picture = preprocessing.pixels(image)
    precondition(picture.width == 24 && picture.height == 20)
    return 0
}

private let preprocessing = Preprocessing(resize: .shortestEdge(28), filter: .bicubic, width: 24, height: 20)
