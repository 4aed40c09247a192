/// Text that is safe to put into an HTML document.
///
/// Literals are markup; every string that is interpolated is escaped. What people call their folders
/// therefore cannot become markup, and there is no call to forget.
///
/// ```swift
/// let name = "<b> & co"
/// let cell: HTML = "<td>\(name)</td>"   // <td>&lt;b&gt; &amp; co</td>
/// ```
struct HTML: Sendable {
    private(set) var text: String

    init() { text = "" }

    init(markup: String) { text = markup }

    static func + (left: HTML, right: HTML) -> HTML { HTML(markup: left.text + right.text) }

    static func += (left: inout HTML, right: HTML) { left.text += right.text }

    /// Escapes text for element content and for quoted attributes.
    ///
    /// Control characters, which HTML forbids, and those that would turn the direction of the text after them
    /// are replaced by U+FFFD.
    static func escape(_ text: some StringProtocol) -> String {
        var result = ""
        result.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            case "\t", "\n": result += " "
            default:
                result.unicodeScalars.append(isHarmful(scalar) ? "\u{FFFD}" : scalar)
            }
        }
        return result
    }

    /// Whether a character is a control character or turns the direction of the text after it.
    static func isHarmful(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.generalCategory == .control
            || (0x202A...0x202E).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
    }
}

extension HTML: ExpressibleByStringInterpolation {
    init(stringLiteral value: String) { text = value }

    init(stringInterpolation: StringInterpolation) { text = stringInterpolation.text }

    struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var text = ""

        init(literalCapacity: Int, interpolationCount: Int) {
            text.reserveCapacity(literalCapacity + 16 * interpolationCount)
        }

        mutating func appendLiteral(_ literal: String) { text += literal }
        mutating func appendInterpolation(_ value: HTML) { text += value.text }
        mutating func appendInterpolation(_ value: some StringProtocol) { text += HTML.escape(value) }
        mutating func appendInterpolation(_ value: Int) { text += String(value) }
    }
}

extension Sequence<HTML> {
    /// All pieces, one after the other.
    func joined() -> HTML { HTML(markup: map(\.text).joined()) }
}
