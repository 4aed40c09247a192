internal import Akin
internal import Foundation

extension ClassificationReport {
    /// Writes `report.json`, `report.md` and `report.html` into a folder, which is made where it is missing.
    ///
    /// Each file appears complete or not at all. The page needs no other file and loads nothing; the pictures are
    /// in it.
    ///
    /// - Parameters:
    ///   - directory: the folder; files of these names in it are replaced.
    ///   - pictures: small pictures of the samples.
    /// - Throws: `FileError` for a folder that cannot be made or written.
    public func write(to directory: String, pictures: ReportPictures = .init()) throws {
        // Everything is made before anything is written.
        let files = [
            ("report.json", try json()), ("report.md", markdown()), ("report.html", html(pictures: pictures)),
        ]
        let folder = try ReportFolder(directory)
        for (name, text) in files { try folder.write(text, to: name) }
    }

    /// The report as JSON with sorted keys, which `JSONDecoder` reads back as the same value.
    ///
    /// A score that overflowed to infinity, which JSON cannot express, is written as the string "Infinity".
    public func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
    }

    /// The report as Markdown tables.
    public func markdown() -> String { ReportMarkdown(report: self).text }

    /// The report as one HTML page that loads nothing.
    public func html(pictures: ReportPictures = .init()) -> String {
        ReportPage(report: self, pictures: pictures).document.text
    }
}
