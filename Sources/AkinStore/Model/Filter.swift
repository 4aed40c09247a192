/// A place in a payload: `brand`, `shop.city`, `prices[]`, `prices[].amount`.
///
/// Names are separated by points; `[]` after a name means each element of an array. Without it, a condition on a member
/// that holds an array also holds where it does for one of the elements.
public struct FieldPath: Hashable, Sendable, CustomStringConvertible {
    /// As it was written.
    public let description: String

    /// Takes a path; `nil` where it is empty, longer than 512 bytes, or has an empty name.
    public init?(_ text: String) {
        guard (1...512).contains(text.utf8.count),
            text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy({ !$0.isEmpty && $0 != "[]" })
        else { return nil }
        description = text
    }
}

/// Which points are meant; an empty filter means all.
///
/// Those for which every `must`, some `should` (where there are any), at least ``AtLeast/count`` of ``atLeast`` and no
/// `mustNot` holds.
public struct Filter: Sendable, Equatable {
    /// All of these hold.
    public var must: [Condition] = []
    /// One of these holds, unless the list is empty.
    public var should: [Condition] = []
    /// None of these holds.
    public var mustNot: [Condition] = []
    /// So many of these hold.
    public var atLeast: AtLeast?

    /// Some of several conditions.
    public struct AtLeast: Sendable, Equatable {
        /// How many, 1 or more.
        public var count: Int
        /// Of which.
        public var conditions: [Condition]

        /// So many of these.
        public init(_ count: Int, of conditions: [Condition]) {
            self.count = count
            self.conditions = conditions
        }
    }

    /// Puts a filter together.
    public init(
        must: [Condition] = [], should: [Condition] = [], mustNot: [Condition] = [], atLeast: AtLeast? = nil
    ) {
        self.must = must
        self.should = should
        self.mustNot = mustNot
        self.atLeast = atLeast
    }

    /// Whether it lets every point pass.
    public var isEmpty: Bool { must.isEmpty && should.isEmpty && mustNot.isEmpty && atLeast == nil }

    /// Something that holds for a point or does not.
    public indirect enum Condition: Sendable, Equatable {
        /// A member, or an element of it, is this value: a string, a whole number or a truth value.
        case match(FieldPath, JSON)
        /// A member, or an element of it, is one of these.
        case any(FieldPath, [JSON])
        /// A member, or an element of it, is something, and none of these.
        case except(FieldPath, [JSON])
        /// A number lies within bounds.
        case range(FieldPath, NumberRange)
        /// A time, written as RFC 3339 has it, lies within bounds, in seconds since 1970.
        case time(FieldPath, NumberRange)
        /// A member is missing, `null`, or an array without elements.
        case isEmpty(FieldPath)
        /// A member is there and is `null`.
        case isNull(FieldPath)
        /// The number of elements of a member lies within bounds; 1 for what is no array, 0 where it is missing.
        case count(FieldPath, NumberRange)
        /// The point has one of these names.
        case hasID(Set<PointID>)
        /// Conditions hold for one and the same element of an array of objects.
        case nested(FieldPath, Filter)
        /// A filter lets the point pass.
        case filter(Filter)
    }

    /// Bounds of a number; those that are `nil` do not bound.
    public struct NumberRange: Sendable, Equatable {
        /// Greater than, at least, less than, at most.
        public var above, atLeast, below, atMost: Double?

        /// Bounds a number.
        public init(above: Double? = nil, atLeast: Double? = nil, below: Double? = nil, atMost: Double? = nil) {
            self.above = above
            self.atLeast = atLeast
            self.below = below
            self.atMost = atMost
        }

        /// Whether a number lies within the bounds.
        public func contains(_ value: Double) -> Bool {
            (above.map { value > $0 } ?? true) && (atLeast.map { value >= $0 } ?? true)
                && (below.map { value < $0 } ?? true) && (atMost.map { value <= $0 } ?? true)
        }
    }
}

/// Points by name, or by what is known about them.
public enum PointSelection: Sendable, Equatable {
    case ids([PointID])
    case matching(Filter)
}
