import Akin

/// Any bytes as a Faiss file: what is accepted can be written, comes back the same, and can be searched where Akin has a
/// counterpart.
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

    guard let loaded = try? index.index(path: "input", threads: 1), loaded.dimension <= 4096 else { return 0 }
    precondition(loaded.count == index.header.count && loaded.dimension == index.header.dimension)
    let query = Matrix<Float>(rows: 1, columns: loaded.dimension) { x in
        for i in x.indices { x[i] = Float(i % 7) - 3 }
    }
    let found = try? loaded.search(query, k: 3, options: SearchOptions(threads: 1))
    precondition((found?.neighbors[0].count ?? 0) <= min(3, loaded.count))
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
