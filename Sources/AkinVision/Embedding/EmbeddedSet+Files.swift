public import Akin
import Foundation

extension EmbeddedSet {
    /// Reads vectors and what is known of them.
    ///
    /// Beside `vectors.npy` (or a file of vectors in another format) there may be `vectors.jsonl`, one line per image of
    /// the source, and `vectors.json`, which describes the whole. A file of vectors alone is a set without records, labels
    /// and space. The vectors are mapped, not read, where the format allows it.
    ///
    /// - Parameter path: the file of vectors.
    /// - Throws: `FileError`; ``EmbeddingError/damagedSet(file:expected:actual:)`` where the files contradict each
    ///   other, or where an interrupted run has not completed them.
    public init(path: String) throws {
        let paths = EmbeddedSetPaths(vectors: path)
        let isDescribed = EmbeddedSetPaths.exists(paths.description)
        guard isDescribed || !EmbeddedSetPaths.exists(paths.partialDescription) else {
            throw EmbeddingError.damagedSet(
                file: path, expected: "a complete set",
                actual: "one that was interrupted; embed again with the same settings to complete it")
        }
        let vectors = try VectorFile(path: path).floats()
        var description: EmbeddedSetDescription?
        if isDescribed {
            let read = try EmbeddedSetDescription(file: paths.description)
            guard read.count == vectors.rows, read.dimension == vectors.columns else {
                throw EmbeddingError.damagedSet(
                    file: path, expected: "\(read.count ?? 0) vectors of dimension \(read.dimension)",
                    actual: "\(vectors.rows) of dimension \(vectors.columns)")
            }
            description = read
        }
        var records: [ImageRecord] = []
        var skipped: [ImageRecord] = []
        if EmbeddedSetPaths.exists(paths.records) {
            (records, skipped) = try Self.readRecords(paths.records)
            guard records.count == vectors.rows else {
                throw EmbeddingError.damagedSet(
                    file: paths.records, expected: "\(vectors.rows) lines with a row", actual: "\(records.count)")
            }
        } else if isDescribed {
            throw EmbeddingError.damagedSet(file: paths.records, expected: "a line per image", actual: "no file")
        }
        self.init(vectors: vectors, records: records, skipped: skipped, space: description?.space)
    }

    /// The space of the vectors in a file, where a description lies beside it; the vectors are not read.
    ///
    /// - Throws: ``EmbeddingError`` for a description that cannot be read.
    public static func space(of path: String) throws -> EmbeddingSpace? {
        let description = EmbeddedSetPaths(vectors: path).description
        return EmbeddedSetPaths.exists(description) ? try EmbeddedSetDescription(file: description).space : nil
    }

    /// Where the images of a file of vectors came from, an absolute path, where a description lies beside it.
    ///
    /// - Throws: ``EmbeddingError`` for a description that cannot be read.
    public static func source(of path: String) throws -> String? {
        let description = EmbeddedSetPaths(vectors: path).description
        return EmbeddedSetPaths.exists(description) ? try EmbeddedSetDescription(file: description).source : nil
    }

    /// Reads a file of records, one JSON object a line: those with a row, then those without.
    private static func readRecords(_ path: String) throws -> ([ImageRecord], [ImageRecord]) {
        try withMappedFile(path) { bytes in
            var embedded: [ImageRecord] = []
            var skipped: [ImageRecord] = []
            let decoder = JSONDecoder()
            for (number, line) in bytes.split(separator: UInt8(ascii: "\n")).enumerated() {
                let expected = "line \(number + 1) to be a record of row \(embedded.count) or of an error"
                guard let record = try? decoder.decode(ImageRecord.self, from: Data(line)) else {
                    throw EmbeddingError.damagedSet(file: path, expected: expected, actual: "something else")
                }
                switch (record.row, record.error) {
                case (embedded.count?, nil): embedded.append(record)
                case (nil, _?): skipped.append(record)
                default:
                    throw EmbeddingError.damagedSet(
                        file: path, expected: expected, actual: record.row.map { "row \($0)" } ?? "neither")
                }
            }
            return (embedded, skipped)
        }
    }
}
