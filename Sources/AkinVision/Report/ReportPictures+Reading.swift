public import Akin

extension ReportPictures.Key {
    /// Names a picture of a report about one set.
    public init(row: Int) { self.init(part: .train, row: row) }
}

extension ReportPictures {
    /// Reads the pictures of some rows of a set from where its vectors' images came from, and makes them small.
    ///
    /// The source is walked once, and only as far as the last picture that is wanted. Pictures that are gone or cannot be
    /// decoded are left out.
    ///
    /// - Parameters:
    ///   - rows: the rows wanted.
    ///   - set: names the pictures.
    ///   - source: where they are.
    ///   - monitor: progress and cancellation.
    /// - Throws: `CancellationError`.
    public init(
        rows: some Sequence<Int>, of set: EmbeddedSet, from source: any ImageSource,
        monitor: ProgressMonitor = .silent
    ) throws {
        self.init()
        guard !set.records.isEmpty else { return }
        var wanted: [String: [Int]] = [:]
        for row in rows { wanted[set.records[row].path, default: []].append(row) }
        let total = wanted.count
        guard total > 0, var items = try? source.items() else { return }
        while !wanted.isEmpty, let item = try? items.next() {
            guard let rows = wanted.removeValue(forKey: item.path) else { continue }
            try monitor.update("reading pictures", done: total - wanted.count, total: total)
            guard let bytes = try? item.read(), let image = try? RGBImage(decoding: bytes) else { continue }
            // A page with a gap is better than no page.
            for row in rows { try? add(image, for: .init(row: row)) }
        }
    }
}
