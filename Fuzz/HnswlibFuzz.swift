import Akin

/// Any bytes as an index file of hnswlib.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzHnswlib(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let data, count > 0 else { return 0 }
    let storage = MemoryFile(UnsafeRawBufferPointer(start: data, count: count))
    for metric in Metric.allCases {
        guard var index = try? HnswlibFile.read(storage, path: "input", metric: metric) else { return 0 }
        guard index.dimension <= 1024, index.count <= 4096 else { return 0 }
        let query = Matrix<Float>(rows: 1, columns: index.dimension) { elements in
            for i in elements.indices { elements[i] = Float(i % 7) - 3 }
        }
        let found = try? index.search(query, k: 3, options: .init(threads: 1))
        precondition(found.map { $0.neighbors[0].count <= 3 } ?? true)
        index.remove(where: .predicate { $0 % 3 == 0 }, threads: 1)
        try? index.add(query, threads: 1)
    }
    return 0
}
