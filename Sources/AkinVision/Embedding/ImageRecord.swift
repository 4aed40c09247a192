/// What became of one image of a source; a line of `vectors.jsonl`.
public struct ImageRecord: Codable, Sendable, Equatable {
    /// Where the image is, relative to its source: "dog/1.jpg".
    public var path: String
    /// The class it belongs to, where the source tells.
    public var label: String?
    /// The row of its vector; `nil` when it could not be read.
    public var row: Int?
    /// Why it could not be read; `nil` when it was embedded.
    public var error: String?

    /// Describes an image; either `row` or `error` is given.
    public init(path: String, label: String? = nil, row: Int? = nil, error: String? = nil) {
        self.path = path
        self.label = label
        self.row = row
        self.error = error
    }

    /// Writes the label even where there is none, as `null`; of `row` and `error` only the one that is there.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(path, forKey: .path)
        try container.encode(label, forKey: .label)
        try container.encodeIfPresent(row, forKey: .row)
        try container.encodeIfPresent(error, forKey: .error)
    }
}
