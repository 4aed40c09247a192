internal import Akin
internal import CAkinPage

/// A file that the server carries inside.
package struct PageFile: Sendable {
    package var bytes: [UInt8]
    /// Its media type.
    package var type: String
    /// Changes whenever the bytes do.
    package var tag: String
}

/// The files of the page, and `openapi.json`.
package enum PageFiles {
    /// Files by name.
    package static let all: [String: PageFile] = {
        var count = 0
        guard let files = akin_page_files(&count) else { return [:] }
        var all: [String: PageFile] = [:]
        for file in UnsafeBufferPointer(start: files, count: count) {
            let name = String(cString: file.name)
            let bytes = Array(UnsafeBufferPointer(start: file.bytes, count: file.count))
            var hash = SHA256()
            hash.update(bytes)
            all[name] = PageFile(bytes: bytes, type: type(of: name), tag: "\"\(hash.hexDigest().prefix(32))\"")
        }
        return all
    }()

    private static func type(of name: String) -> String {
        switch name.split(separator: ".").last {
        case "html": "text/html; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        case "js": "text/javascript; charset=utf-8"
        case "svg": "image/svg+xml"
        case "json": "application/json"
        default: "application/octet-stream"
        }
    }
}
