import Akin
import ArgumentParser

/// `akin info`: what a file says of itself.
struct Info: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Says what an index or a file of vectors holds.",
        discussion: """
            Only headers are read, so it is quick for files of any size; `akin verify` reads everything.

            Example:
              akin info index.akin
              akin info vectors.npy --json
            """)

    @Argument(help: "An .akin index or a file of vectors.")
    var file: String

    @OptionGroup var talk: OutputOptions

    func run() throws {
        let session = Session(talk)
        let description = try FileDescription(path: file)
        try session.result(description.sentence, json: description.json)
    }
}

extension FileDescription {
    /// Several lines for people.
    fileprivate var sentence: String {
        var lines = [
            ("file", path), ("format", format + (formatVersion.map { " version \($0)" } ?? "")),
            ("index", index), ("metric", metric?.rawValue), ("vectors", count.grouped),
            ("dimension", dimension.grouped),
            ("elements", elementType.rawValue), ("ids", hasIDs.map { $0 ? "the caller's" : "row numbers" }),
            ("space", space.map { "\($0.name) (\($0.id.prefix(12)))" }), ("written by", writer),
            ("size", bytes.asBytes),
        ].compactMap { name, value in value.map { (name, $0) } }
        lines += sections.map {
            ("section", "\($0.name): \($0.bytes.asBytes) of \($0.kind) at \($0.offset), CRC-32C \($0.checksum)")
        }
        return lines.map { name, value in
            "\(name):" + String(repeating: " ", count: max(1, 12 - name.count)) + value
        }.joined(separator: "\n")
    }

    fileprivate var json: JSONValue {
        [
            "path": .string(path), "format": .string(format), "format_version": JSONValue(formatVersion),
            "index": JSONValue(index), "metric": JSONValue(metric?.rawValue), "count": .int(count),
            "dimension": .int(dimension), "type": .string(elementType.rawValue),
            "has_ids": hasIDs.map { .bool($0) } ?? .null, "space": JSONValue(space?.id),
            "space_name": JSONValue(space?.name), "writer": JSONValue(writer), "bytes": .int(bytes),
            "sections": .array(
                sections.map {
                    [
                        "name": .string($0.name), "kind": .string($0.kind), "offset": .int($0.offset),
                        "bytes": .int($0.bytes), "checksum": .string($0.checksum),
                    ]
                }),
        ]
    }
}
