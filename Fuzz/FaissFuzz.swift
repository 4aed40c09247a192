import Akin

/// Any bytes as a Faiss file: what is accepted can be written, and comes back the same.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzFaiss(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let data else { return 0 }
    let storage = MemoryFile(UnsafeRawBufferPointer(start: data, count: count))
    guard let index = try? FaissIndex(storage, path: "input") else { return 0 }
    let written = bytes(of: index)
    // A code of a former format may grow by the fields that it lacked.
    precondition(written.count <= count + 64)
    let again = try? FaissIndex(written.withUnsafeBytes { MemoryFile($0) }, path: "written")
    precondition(again.map(bytes) == written)
    return 0
}

private func bytes(of index: FaissIndex) -> [UInt8] {
    let sink = Sink()
    try? index.write(to: sink)
    return sink.bytes
}

private final class Sink: ByteSink {
    var bytes: [UInt8] = []
    func write(_ bytes: UnsafeRawBufferPointer) { self.bytes += bytes }
}
