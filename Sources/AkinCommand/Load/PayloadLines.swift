import Akin
import AkinVision
import Foundation

/// A JSON object for each vector.
struct PayloadLines: Sendable {
    private var lines: [Data]

    /// The object of a row, as JSON text.
    subscript(row: Int) -> Data { lines[row] }

    /// Reads a file with one JSON object a line, as many as there are vectors.
    init(file: String, count: Int) throws {
        let text: Data
        do {
            text = try Data(contentsOf: URL(fileURLWithPath: file), options: .mappedIfSafe)
        } catch {
            throw CommandError("\(file): \(error.localizedDescription)")
        }
        var lines: [Data] = []
        lines.reserveCapacity(count)
        for line in text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: true) {
            guard line.contains(where: { $0 != 0x20 && $0 != 0x0D && $0 != 0x09 }) else { continue }
            guard (try? JSONSerialization.jsonObject(with: line)) is [String: Any] else {
                throw CommandError("\(file): line \(lines.count + 1): expected a JSON object")
            }
            lines.append(Data(line))
        }
        guard lines.count == count else {
            throw CommandError("\(file): expected \(count.counted("line")), one for each vector, found \(lines.count)")
        }
        self.lines = lines
    }

    /// Path and label of each embedded image; `nil` where there are no records.
    init?(records: [ImageRecord]) {
        guard !records.isEmpty else { return nil }
        lines = records.map { record in
            var members: [JSONValue.Member] = [.init(key: "path", value: .string(record.path))]
            if let label = record.label { members.append(.init(key: "label", value: .string(label))) }
            return Data(JSONValue.object(members).line.utf8)
        }
    }
}
