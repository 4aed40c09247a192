/// The classes of a labelled set: a sorted list of different names, which rows refer to by index.
///
/// ```swift
/// let classes = ClassNames(of: ["dog", "cat", "dog"])
/// classes.names              // ["cat", "dog"]
/// classes.index(of: "dog")   // 1
/// ```
public struct ClassNames: Sendable, Equatable {
    /// Each name once, in ascending order; independent of the locale.
    public let names: [String]

    private let indices: [String: Int]

    /// Collects the different labels of one or several sets.
    public init(of labels: some Sequence<String>) {
        names = Set(labels).sorted()
        indices = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
    }

    /// Number of classes.
    public var count: Int { names.count }

    /// The index of a name, or `nil` where no row has that label.
    public func index(of name: String) -> Int? { indices[name] }
}
