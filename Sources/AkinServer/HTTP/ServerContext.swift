public import AkinStore
internal import Foundation
public import Hummingbird
internal import Synchronization

/// What is known about a request while it is answered.
public struct ServerContext: RequestContext {
    /// What Hummingbird keeps.
    public var coreContext: CoreRequestContextStorage
    /// When it came.
    public let start = ContinuousClock.now
    /// What its key allows.
    public var access = Access.none
    /// What this request holds until it is answered.
    let held = HeldMemory()

    /// Starts the answer to a request.
    public init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
    }

    /// A segment of the path, with its percent escapes resolved.
    ///
    /// - Throws: ``RequestError`` where it is no UTF-8, is empty or holds a character that no name has.
    public func segment(_ name: String) throws -> String {
        guard let raw = parameters.get(name) else {
            throw RequestError.invalid(name, expected: "a segment of the path", actual: "none")
        }
        let text = raw.utf8.contains(UInt8(ascii: "%")) ? raw.removingPercentEncoding : raw
        guard let text, !text.isEmpty, !text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
            throw RequestError.invalid(
                name, expected: "text in UTF-8 without control characters", actual: "\"\(raw.prefix(64))\"")
        }
        return text
    }

    /// The name of the collection in the path.
    ///
    /// - Throws: ``RequestError`` where it is not 1 to 240 letters, digits, `_`, `-` and `.`, or starts with a point.
    public func collection() throws -> String {
        let name = try segment("collection")
        guard Store.isName(name) else {
            throw RequestError.invalid(
                "collection", expected: "1 to 240 letters, digits, _, - and ., not starting with .",
                actual: "\"\(name.prefix(64))\"")
        }
        return name
    }

    /// The name of the point in the path: a number where it is one, otherwise a name.
    public func pointID() throws -> PointID {
        let text = try segment("id")
        guard let id = PointID(path: text) else {
            throw RequestError.invalid(
                "id", expected: "an unsigned number or 1 to \(PointID.greatestLength) bytes of text",
                actual: "\(text.utf8.count) bytes")
        }
        return id
    }
}

/// What a key allows.
public enum Access: Int, Sendable, Comparable {
    /// What needs no key: the page, health, the version.
    case none
    /// To read and search.
    case read
    /// Everything.
    case write

    /// Whether `a` allows less.
    public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

/// Bytes that a request holds; given back when it was answered.
final class HeldMemory: Sendable {
    private let count = Atomic<Int>(0)

    func add(_ bytes: Int) { count.add(bytes, ordering: .relaxed) }
    var byteCount: Int { count.load(ordering: .relaxed) }
}
