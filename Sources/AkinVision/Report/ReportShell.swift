/// What every report page has around its content: head, headline, style and foot.
enum ReportShell {
    /// A page that loads nothing.
    ///
    /// - Parameters:
    ///   - title: the headline.
    ///   - subtitle: what stands below it.
    ///   - body: sections.
    ///   - footer: the last line.
    ///   - style: rules beside those of ``ReportStyle``.
    /// - Returns: the whole document.
    static func page(title: String, subtitle: HTML, body: HTML, footer: HTML, style: HTML = "") -> HTML {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
        <link rel="icon" href="data:,">
        <title>\(title)</title>
        <style>
        \(ReportStyle.css)\(style)
        </style>
        </head>
        <body>
        <header class="top">
        <h1><bdi>\(title)</bdi></h1>
        <p class="dim">\(subtitle)</p>
        </header>
        <main>
        \(body)
        </main>
        <footer>\(footer)</footer>
        </body>
        </html>

        """
    }

    /// A part of the page that scrolls by itself, also by keyboard.
    static func scroller(_ label: String, style: String = "", _ content: HTML) -> HTML {
        "<div class=\"scroller \(style)\" tabindex=\"0\" role=\"region\" aria-label=\"\(label)\">\(content)</div>"
    }
}
