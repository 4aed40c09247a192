/// What a store refuses or cannot do; ``code`` is stable.
public enum StoreError: Error, Equatable, Sendable {
    /// No collection has this name.
    case noCollection(String)
    /// A collection has this name already.
    case collectionExists(String)
    /// No point has this name.
    case noPoint(PointID)
    /// A field of a request is not what it must be: which one, what was expected, what came.
    case invalid(field: String, expected: String, actual: String)
    /// Vectors of one embedding space meet a collection of another.
    case spaceMismatch(expected: String, actual: String)
    /// The disk, or what the process may use of it, is full; searches go on.
    case diskFull(String)
    /// A file cannot be read or written, or is damaged.
    case storage(String)
    /// The store is closing, or another process has it open.
    case unavailable(String)
    /// No snapshot has this name, or it is damaged.
    case snapshot(String)

    /// A word for programs.
    public var code: String {
        switch self {
        case .noCollection: "no_collection"
        case .collectionExists: "collection_exists"
        case .noPoint: "no_point"
        case .invalid: "invalid"
        case .spaceMismatch: "space_mismatch"
        case .diskFull: "disk_full"
        case .storage: "storage"
        case .unavailable: "unavailable"
        case .snapshot: "snapshot"
        }
    }
}

extension StoreError: CustomStringConvertible {
    /// A sentence that says what was expected, what came, and where it helps what to do.
    public var description: String {
        switch self {
        case .noCollection(let name): "there is no collection \"\(name)\""
        case .collectionExists(let name): "a collection \"\(name)\" exists already"
        case .noPoint(let id): "there is no point \(id)"
        case .invalid(let field, let expected, let actual): "\(field): expected \(expected), got \(actual)"
        case .spaceMismatch(let expected, let actual):
            "the collection holds vectors of embedding space \(expected), these come from \(actual); "
                + "embed both with the same model and preprocessing"
        case .diskFull(let what): "no space is left: \(what); searches go on, writes need space"
        case .storage(let what), .unavailable(let what), .snapshot(let what): what
        }
    }
}
