/// What is wrong with the text of an index spec, and where.
public struct IndexSpecError: Error, Equatable, Sendable {
    /// The spec as it was given, or as it prints.
    public let text: String
    /// Characters before the mistake.
    public let offset: Int
    /// What was expected and what came, in a sentence.
    public let message: String

    /// Describes a mistake.
    public init(text: String, offset: Int, message: String) {
        self.text = text
        self.offset = offset
        self.message = message
    }
}

extension IndexSpecError: CustomStringConvertible {
    /// The sentence, and below it the spec with a caret under the mistake.
    public var description: String { "\(message)\n\(pointer)" }

    /// The spec, indented, and a caret under the mistake.
    ///
    /// Only the surroundings of the mistake are shown of a long spec.
    public var pointer: String {
        let reach = 60
        let characters = Array(text)
        let place = min(max(offset, 0), characters.count)
        let start = place > reach ? place - reach + 10 : 0
        let end = min(characters.count, place + reach)
        // A spec is plain ASCII; what else comes from outside must not move the cursor or the caret.
        let shown = characters[start..<end].map { $0.isASCII && $0 >= " " && $0 <= "~" ? String($0) : "?" }
        let before = start > 0 ? "..." : ""
        let indent = String(repeating: " ", count: before.count + place - start)
        return "  \(before)\(shown.joined())\(end < characters.count ? "..." : "")\n  \(indent)^"
    }
}
