import Akin

/// A row for each query, made on several threads.
func eachRow<Element>(
    _ count: Int, threads: Int, share: Int = 256, _ make: @Sendable (Int) throws -> [Element]
) throws -> [[Element]] {
    let slots = RowSlots<Element>(count: count)
    try parallelFor(threads: threads, count: (count + share - 1) / share) { i in
        for q in i * share..<min((i + 1) * share, count) { slots.rows[q] = try make(q) }
    }
    return Array(slots.rows)
}

/// A row for each query; each is written by one thread.
private final class RowSlots<Element>: @unchecked Sendable {
    let rows: UnsafeMutableBufferPointer<[Element]>

    init(count: Int) {
        rows = .allocate(capacity: count)
        rows.initialize(repeating: [])
    }

    deinit { rows.deinitialize().deallocate() }
}
