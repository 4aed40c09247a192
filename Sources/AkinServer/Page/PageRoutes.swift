internal import Hummingbird

extension Routes {
    /// Answers browsers at `/`.
    public static let page: Handler = { request, _ in
        guard let file = PageFiles.all["index.html"] else { throw Page.missing }
        return Page.reply(file, to: request)
    }

    /// The page's files under `/page`, and the description of all paths at `/openapi.json`.
    public mutating func addPage() {
        on(.get, "/page/:file", .none) { request, context in
            let name = try context.segment("file")
            guard let file = PageFiles.all[name], name != "index.html", name != "openapi.json" else {
                throw RequestError(.notFound, "no_file", "the page has no file \(name.prefix(64))")
            }
            return Page.reply(file, to: request)
        }
        on(.get, "/openapi.json", .none) { request, _ in
            guard let file = PageFiles.all["openapi.json"] else { throw Page.missing }
            return Page.reply(file, to: request)
        }
    }
}

/// How the page's files are given out.
enum Page {
    static let missing = RequestError(
        .notFound, "no_page", "this server was built by a compiler that cannot embed files, and has no page")

    /// Scripts, styles and pictures from this server alone, nothing written into the page itself, no frames.
    ///
    /// `blob:` is for pictures that were fetched with a key, and for the visitor's own.
    private static let policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

    static func reply(_ file: PageFile, to request: Request) -> Response {
        // Asked about every time, so that a new server never works with the files of an old one.
        let headers: HTTPFields = [
            .eTag: file.tag, .cacheControl: "no-cache", .contentSecurityPolicy: policy, .xContentTypeOptions: "nosniff",
            HTTPFields.name("referrer-policy"): "no-referrer",
            HTTPFields.name("cross-origin-opener-policy"): "same-origin",
        ]
        if request.headers[.ifNoneMatch] == file.tag { return Response(status: .notModified, headers: headers) }
        return Reply.bytes(file.bytes, type: file.type, headers: headers)
    }
}
