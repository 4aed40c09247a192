/// What a cluster that is broken might say; each must be reported by the code that judges ordinary rounds.
enum Lie: String, CaseIterable {
    /// A write is acknowledged and not made.
    case lost
    /// A deleted point comes back.
    case revived
    /// Searches are answered as they were before the last write.
    case stale
    /// Two answers of a search are exchanged.
    case swapped
    /// One score is another.
    case score
    /// The answers of one shard are left out, and nothing says so.
    case hidden
    /// The last answer of each search is left out.
    case shortened
    /// An answer comes later than it may.
    case late
    /// One replica has another payload in one of its points.
    case differing

    /// Whether it is told, rather than done to a replica.
    var isTold: Bool { self != .differing }

    /// Words that the report must have.
    var report: String {
        switch self {
        case .lost: "acknowledged before"
        case .revived: "acknowledged before"
        case .stale: "acknowledged before"
        case .swapped, .score: "its distance is"
        case .hidden: "is not there"
        case .shortened: "with all quiet, found"
        case .late: "s were allowed"
        case .differing: "differ in 1 points"
        }
    }
}
