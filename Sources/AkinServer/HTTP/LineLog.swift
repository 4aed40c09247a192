internal import AkinStore
internal import Foundation
public import Logging

/// Writes each message as one line to standard error: as text with `key=value` behind it, or as a JSON object.
///
/// Whatever a request puts into a value stays on its line: control characters are escaped.
public struct LineLog: LogHandler {
    /// The least that is written.
    public var logLevel = Logger.Level.info
    /// Values that every line carries.
    public var metadata: Logger.Metadata = [:]
    private let isJSON: Bool
    private let write: @Sendable ([UInt8]) -> Void

    /// Writes to standard error.
    public init(isJSON: Bool) {
        self.init(isJSON: isJSON) { bytes in FileHandle.standardError.write(Data(bytes)) }
    }

    /// Writes lines, each with its end, to `write`.
    package init(isJSON: Bool, write: @escaping @Sendable ([UInt8]) -> Void) {
        self.isJSON = isJSON
        self.write = write
    }

    /// A value that every line carries.
    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes a line.
    public func log(event: LogEvent) {
        let values = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
        let time = Date.now.formatted(.iso8601.time(includingFractionalSeconds: true))
        var line: [UInt8] = []
        if isJSON {
            var members: [String: JSON] = [
                "time": .string(time), "level": .string(event.level.rawValue), "message": .string("\(event.message)"),
            ]
            for (key, value) in values { members[key] = .string("\(value)") }
            JSONWriter.append(members, to: &line)
        } else {
            JSONWriter.append("\(time) \(event.level) ", to: &line)
            JSONWriter.append(Self.escaped("\(event.message)"), to: &line)
            for (key, value) in values {
                JSONWriter.append(" \(key)=", to: &line)
                JSONWriter.append(quoted: "\(value)", to: &line)
            }
        }
        line.append(UInt8(ascii: "\n"))
        write(line)
    }

    private static func escaped(_ text: String) -> String {
        text.utf8.contains { $0 < 0x20 } ? String(text.map { $0.isNewline ? " " : $0 }) : text
    }
}
