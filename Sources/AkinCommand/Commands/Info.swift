import Akin
import AkinCUDA
import ArgumentParser

/// `akin info`: what a file says of itself, and what the machine has to work on.
struct Info: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Says what an index or a file of vectors holds, or which devices there are.",
        discussion: """
            Only headers are read, so it is quick for files of any size; `akin verify` reads everything.

            With --devices it lists the processor and each GPU, or what keeps GPUs from being used and how to get it.

            Example:
              akin info index.akin
              akin info vectors.npy --json
              akin info --devices
            """)

    @Argument(help: "An .akin index or a file of vectors.")
    var file: String?

    @Flag(help: "List what the machine has to work on instead.")
    var devices = false

    @OptionGroup var device: DeviceOptions
    @OptionGroup var talk: OutputOptions

    func validate() throws {
        if devices, file != nil { throw ValidationError("--devices is about the machine; it takes no file") }
        if !devices, file == nil { throw ValidationError("expected a file, or --devices") }
        if !devices, device.device != nil { throw ValidationError("--device needs --devices here") }
    }

    func run() throws {
        let session = Session(talk)
        guard let file else { return try list(session) }
        let description = try FileDescription(path: file)
        try session.result(description.sentence, json: description.json)
    }

    private func list(_ session: Session) throws {
        for entry in try DeviceList(device.device, survey: CUDASurvey()).entries {
            try session.result(Info.line(entry.name, entry.text), json: .object(entry.json))
        }
    }

    /// A name and what belongs to it, under each other.
    fileprivate static func line(_ name: String, _ value: String) -> String {
        "\(name):" + String(repeating: " ", count: max(1, 12 - name.count)) + value
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
        return lines.map { name, value in Info.line(name, value) }.joined(separator: "\n")
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
