import Akin
import Foundation

/// Any bytes as an index file: opened as they are, and again with their checksums put right, so that what lies behind
/// the checksums meets hostile numbers too.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzContainer(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let data else { return 0 }
    var bytes = Array(UnsafeBufferPointer(start: data, count: count))
    read(bytes)
    guard bytes.count >= 64 else { return 0 }
    reseal(&bytes)
    read(bytes)
    return 0
}

private func read(_ bytes: [UInt8]) {
    let storage = bytes.withUnsafeBytes { MemoryFile($0) }
    guard let container = try? ContainerReader(storage, path: "input") else { return }
    try? container.verify()
    for section in container.sections {
        precondition(section.offset >= 64 && section.offset + section.byteCount <= bytes.count)
    }
    if let lists = try? IVFIndex(container, verify: false) {
        search(lists)
        return
    }
    if let codes = try? HashIndex(container, verify: false) { ask(codes) }
    if let trees = try? KDTreeIndex(container, verify: false) { ask(trees) }
    if let tables = try? HashTableIndex(container, verify: false) { ask(tables) }
    if let graph = try? HNSWIndex(container, verify: false) {
        search(graph)
        return
    }
    guard let index = try? FlatIndex(container, verify: false, threads: 1) else { return }
    precondition(index.count * index.dimension * 4 <= bytes.count)
    guard index.count > 0, index.dimension <= 1024 else { return }
    let found = try? index.search(index.vectors.rows(0..<1), k: 3, options: SearchOptions(threads: 1))
    precondition(found?.neighbors[0].count == min(3, index.count))
}

private func search(_ index: IVFIndex) {
    guard index.dimension <= 1024, index.nlist <= 1024 else { return }
    let queries = Matrix<Float>(rows: 3, columns: index.dimension) { elements in
        for i in elements.indices { elements[i] = Float(i % 7) - 3 }
    }
    // All lists, and some, which a graph may look for.
    for nprobe in [index.nlist, max(1, index.nlist / 2)] {
        for filter in [nil, IDFilter.range(0..<5)] {
            let options = SearchOptions(threads: 1, nprobe: nprobe, efSearch: 8, refineFactor: 4, filter: filter)
            let found = try? index.search(queries, k: 3, options: options)
            precondition(found.map { result in (0..<3).allSatisfy { result.neighbors[$0].count <= 3 } } ?? true)
            _ = try? index.search(queries, within: 1, options: options)
        }
    }
    var changed = index
    changed.remove(where: .range(0..<2))
    try? changed.add(queries, threads: 1)
}

private func ask(_ index: some VectorIndex) {
    guard index.dimension <= 1024 else { return }
    let queries = Matrix<Float>(rows: 3, columns: index.dimension) { elements in
        for i in elements.indices { elements[i] = Float(i % 7) - 3 }
    }
    for filter in [nil, IDFilter.range(0..<5)] {
        let options = SearchOptions(threads: 1, refineFactor: 4, leaves: 1000, probes: 100, filter: filter)
        let found = try? index.search(queries, k: 3, options: options)
        precondition(found.map { result in (0..<3).allSatisfy { result.neighbors[$0].count <= 3 } } ?? true)
    }
}

private func search(_ index: HNSWIndex) {
    guard index.dimension <= 1024, index.count <= 4096 else { return }
    let queries = Matrix<Float>(rows: 3, columns: index.dimension) { elements in
        for i in elements.indices { elements[i] = Float(i % 7) - 3 }
    }
    for filtering in [nil] + SearchResult.Filtering.allCases {
        var options = SearchOptions(threads: 1, efSearch: 8)
        options.filter = filtering == nil ? nil : .predicate { $0 % 2 == 0 }
        options.filtering = filtering
        let found = try? index.search(queries, k: 3, options: options)
        precondition(found.map { result in (0..<3).allSatisfy { result.neighbors[$0].count <= 3 } } ?? true)
    }
    _ = try? index.search(queries, within: 1, options: .init(threads: 1))
    var changed = index
    changed.remove(where: .range(0..<2), threads: 1)
    try? changed.add(queries, threads: 1)
}

/// Makes version, length and checksums of header, table and sections those that a writer would have stored.
private func reseal(_ bytes: inout [UInt8]) {
    func number(at offset: Int, _ size: Int) -> UInt64 {
        (0..<size).reversed().reduce(0) { $0 << 8 | UInt64(bytes[offset + $1]) }
    }
    func store(_ value: UInt64, at offset: Int, _ size: Int) {
        for i in 0..<size { bytes[offset + i] = UInt8(truncatingIfNeeded: value >> (8 * i)) }
    }
    func checksum(_ range: Range<Int>) -> UInt64 {
        bytes.withUnsafeBytes { UInt64(CRC32C.checksum(UnsafeRawBufferPointer(rebasing: $0[range]))) }
    }
    store(1, at: 8, 4)
    store(UInt64(bytes.count), at: 16, 8)
    let sections = min(number(at: 12, 4), UInt64(bytes.count / 64))
    let table = bytes.count - Int(sections) * 64
    for i in 0..<Int(sections) {
        let entry = table + i * 64
        let offset = number(at: entry + 32, 8), length = number(at: entry + 40, 8)
        guard offset <= UInt64(table), length <= UInt64(table) - offset else { continue }
        store(checksum(Int(offset)..<Int(offset + length)), at: entry + 52, 4)
    }
    store(UInt64(table), at: 24, 8)
    store(checksum(table..<bytes.count), at: 32, 4)
    store(checksum(0..<60), at: 60, 4)
}

/// Puts small index files into the corpus folder, the last argument.
@_cdecl("LLVMFuzzerInitialize")
public func seedContainers(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>>>
) -> CInt {
    let corpus = String(cString: arguments.pointee[Int(count.pointee) - 1])
    guard count.pointee > 1, !corpus.hasPrefix("-") else { return 0 }
    let vectors = Matrix<Float>([[1, 2, 3], [4, 5, 6], [7, 8, 9], [-1, 0, 1]])
    let space = EmbeddingSpace(id: "0123", name: "model")
    for metric in Metric.allCases {
        guard let plain = try? FlatIndex(vectors, metric: metric),
            let full = try? FlatIndex(vectors, ids: [4, -3, 2, 9], metric: metric, space: space),
            (try? plain.save(to: "\(corpus)/seed-\(metric.rawValue)")) != nil,
            (try? full.save(to: "\(corpus)/seed-\(metric.rawValue)-ids")) != nil
        else { return 1 }
    }
    let base = Matrix<Float>(rows: 300, columns: 8) { elements in
        for i in elements.indices { elements[i] = Float(i * 7919 % 101) / 10 }
    }
    for text in ["HNSW2", "HNSW2,SQ8,RFlat", "PCA4,HNSW2,PQ2x4"] {
        guard let spec = try? IndexSpec(parsing: text, dimension: 8),
            var index = try? HNSWIndex(training: base, spec: spec, threads: 1),
            (try? index.add(base.rows(0..<20), ids: (0..<20).map { Int64($0 * 2) }, threads: 1)) != nil,
            (try? index.save(to: "\(corpus)/seed-\(text)")) != nil
        else { return 1 }
    }
    for text in [
        "IVF4,Flat", "IVF4,PQ4x4fs,RFlat", "PQ2", "PCA4,IVF2,SQ8", "SQ4", "IVF2,PQ4x4fsr,Refine(SQfp16)",
        "IVF40_HNSW2,Flat",
    ] {
        guard let spec = try? IndexSpec(parsing: text, dimension: 8),
            var index = try? IVFIndex(training: base, spec: spec, options: .init(threads: 1)),
            (try? index.add(base.rows(0..<20), threads: 1)) != nil,
            (try? index.save(to: "\(corpus)/seed-\(text)")) != nil
        else { return 1 }
    }
    for text in ["BFlat", "BMIH2,RFlat", "ITQ4,BFlat", "LSH16,Refine(SQ8)"] {
        guard let spec = try? IndexSpec(parsing: text, dimension: 8),
            var index = try? HashIndex(training: base, spec: spec, threads: 1),
            (try? index.add(base.rows(0..<20), threads: 1)) != nil,
            (try? index.save(to: "\(corpus)/seed-\(text)")) != nil
        else { return 1 }
    }
    for metric in Metric.allCases {
        guard let tree = try? IndexSpec(parsing: "KDTree2", dimension: 8),
            let table = try? IndexSpec(parsing: "E2LSH2x3", dimension: 8),
            var trees = try? KDTreeIndex(training: base, spec: tree, metric: metric, threads: 1),
            var tables = try? HashTableIndex(training: base, spec: table, metric: metric, threads: 1),
            (try? trees.add(base.rows(0..<80), threads: 1)) != nil,
            (try? tables.add(base.rows(0..<20), threads: 1)) != nil,
            (try? trees.save(to: "\(corpus)/seed-trees-\(metric.rawValue)")) != nil,
            (try? tables.save(to: "\(corpus)/seed-tables-\(metric.rawValue)")) != nil
        else { return 1 }
    }
    return 0
}
