import Akin

/// Hostile specs: what is accepted must print a text that means the same, and can be planned; what is refused is explained.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzIndexSpec(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let bytes = UnsafeBufferPointer(start: start, count: count)
    let text = String(decoding: bytes.dropFirst(), as: UTF8.self)
    let dimension = [1, 16, 96, 128, 1000, 1 << 16][Int(bytes.first ?? 0) % 6]
    do throws(IndexSpecError) {
        let spec = try IndexSpec(parsing: text, dimension: dimension)
        precondition((try? IndexSpec(parsing: spec.description, dimension: dimension)) == spec)
        precondition(((try? spec.plan(count: 1_000_000, dimension: dimension))?.byteCount(.file) ?? 0) > 0)
    } catch {
        precondition(error.offset >= 0 && error.offset <= text.count && error.description.count < 1000)
    }
    return 0
}
