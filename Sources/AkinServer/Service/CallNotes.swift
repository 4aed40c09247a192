internal import Synchronization

/// What a service of several machines tells about a request beside its result: which shards answered, and how much of
/// what was written each had read.
///
/// A service of one process notes nothing, and its replies carry nothing of this.
public final class CallNotes: Sendable {
    /// Those of the request that is being answered.
    @TaskLocal public static var current: CallNotes?

    /// The header by which a request says what its answer must have seen: `0=120,1=98`.
    public static let afterHeader = "akin-after"
    /// The header by which a reply says what it has seen or written, in the same form.
    public static let positionsHeader = "akin-positions"

    /// The value of the request's header, as it came.
    public let afterText: String?

    private struct State {
        /// Whose shards these are; nothing is told of a request that looks at several collections.
        var collection: String?
        var isMixed = false
        var answered: Set<Int> = []
        var missing: Set<Int> = []
        var read: [Int: UInt64] = [:]
        var written: [Int: UInt64] = [:]
        var workSeconds = 0.0

        mutating func isOf(_ other: String) -> Bool {
            if collection == nil { collection = other }
            if collection != other { isMixed = true }
            return !isMixed
        }
    }
    private let state = Mutex(State())

    /// Nothing is noted yet.
    public init(afterText: String? = nil) { self.afterText = afterText }

    /// The positions that an answer must have seen, by the number of the shard; empty where the request names none.
    ///
    /// - Throws: ``RequestError`` where the header is no list of them.
    public func after() throws -> [Int: UInt64] {
        guard let afterText else { return [:] }
        return try Self.positions(afterText)
    }

    /// Reads `0=120,1=98`.
    static func positions(_ text: String) throws -> [Int: UInt64] {
        var positions: [Int: UInt64] = [:]
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let sides = part.filter { $0 != " " }.split(separator: "=", omittingEmptySubsequences: false)
            guard sides.count == 2, let shard = UInt16(sides[0]), let position = UInt64(sides[1]) else {
                throw RequestError.invalid(
                    afterHeader, expected: "shards and positions as \(positionsHeader) gives them, such as 0=120,1=98",
                    actual: "\"\(text.prefix(64))\"")
            }
            positions[Int(shard)] = position
        }
        return positions
    }

    /// Notes that a shard answered, having read up to a position; of several answers the one that had read least counts.
    public func noteRead(_ shard: Int, upTo position: UInt64, of collection: String) {
        state.withLock { state in
            guard state.isOf(collection) else { return }
            state.answered.insert(shard)
            state.read[shard] = min(state.read[shard] ?? position, position)
        }
    }

    /// Notes that what was written to a shard has a position; of several writes the last counts.
    public func noteWritten(_ shard: Int, at position: UInt64, of collection: String) {
        state.withLock { state in
            guard state.isOf(collection) else { return }
            state.written[shard] = max(state.written[shard] ?? position, position)
        }
    }

    /// Notes that the answer is without a shard.
    public func noteMissing(_ shard: Int, of collection: String) {
        state.withLock { state in
            guard state.isOf(collection) else { return }
            state.missing.insert(shard)
        }
    }

    /// Notes how long the slowest shard worked; of several calls the sum counts.
    public func noteWork(seconds: Double) { state.withLock { $0.workSeconds += seconds } }

    /// Seconds that the slowest shards worked.
    public var workSeconds: Double { state.withLock { $0.workSeconds } }

    /// The shards that the answer is without.
    package var missing: Set<Int> { state.withLock { $0.missing } }

    /// The last position of what was written, by the number of the shard.
    package var written: [Int: UInt64] { state.withLock { $0.written } }

    /// The value of the reply's header; `nil` where nothing was noted.
    var positionsText: String? {
        let positions = state.withLock { $0.isMixed ? [:] : $0.read.merging($0.written) { $1 } }
        guard !positions.isEmpty else { return nil }
        return positions.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ",")
    }

    /// `"shards":{…},` for a reply of JSON; empty where no shard was asked.
    var json: String {
        let state = state.withLock { $0 }
        guard !state.isMixed, !state.answered.isEmpty || !state.missing.isEmpty else { return "" }
        let missing = state.missing.sorted().map(String.init).joined(separator: ",")
        let positions = state.read.sorted { $0.key < $1.key }.map { #""\#($0.key)":\#($0.value)"# }
        return #""shards":{"answered":\#(state.answered.subtracting(state.missing).count),"#
            + #""missing":[\#(missing)],"positions":{\#(positions.joined(separator: ","))}},"#
    }
}
