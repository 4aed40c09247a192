/// Pictures that are the same, or look it.
public struct DuplicateGroup: Sendable, Equatable, Codable {
    /// How alike the members of a group are; the first that holds for all.
    public enum Kind: String, Sendable, Codable, CaseIterable {
        /// The files have the same bytes.
        case sameFile = "same-file"
        /// The files differ, their pixels do not.
        case samePixels = "same-pixels"
        /// Their vectors are near.
        case near
    }

    /// One picture of a group.
    public struct Member: Sendable, Equatable, Codable {
        /// Its row in the set.
        public var row: Int
        /// Where it is, relative to its source; "row 5" where that is not known.
        public var path: String
        /// The class it belongs to, where the source tells.
        public var label: String?
        /// Pixels across, and down, and bytes of the file; `nil` where the picture was not read.
        public var width, height, bytes: Int?
        /// How it relates to the first of the group; `nil` for the first itself.
        public var relation: Kind?
        /// Its score with the first of the group, as the metric says.
        public var score: Float
    }

    /// How alike they are.
    public var kind: Kind
    /// The pictures: first the one to keep if only one is kept, the largest, then the others, nearest to it first.
    public var members: [Member]
    /// Whether all members have one label; `nil` where some have none.
    public var hasOneLabel: Bool?

    /// The picture to keep if only one is kept.
    public var kept: Member { members[0] }
}
