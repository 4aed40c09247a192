package import AkinCUDA
import Foundation

/// The table of measurements, with what they were measured on.
package struct Report {
    /// Device, driver and compiler in one line.
    package let heading: String

    package init(_ context: CUDAContext) {
        let device = context.device
        let compiler = (try? NVRTC.find().version).map { "NVRTC \($0)" } ?? "no NVRTC"
        heading = """
            \(device.name), \(device.memory >> 30) GiB, compute capability \(device.capability.major).\
            \(device.capability.minor), driver for CUDA \(context.driver.cudaVersionText), \(compiler)
            """
    }

    /// Everything in Markdown.
    package func table(_ rows: [DeviceMeasurement]) -> String {
        let day = ISO8601DateFormatter().string(from: Date()).prefix(10)
        let command = (["akin-cuda-check"] + CommandLine.arguments.dropFirst()).joined(separator: " ")
        return """
            \(heading); \(day), `\(command)`.

            | what | measured | beside |
            | --- | --- | --- |
            \(rows.map { "| \($0.what) | \($0.value) | \($0.beside) |" }.joined(separator: "\n"))
            """
    }

    /// Puts a table between the marks of a file, in place of what is there.
    ///
    /// - Parameters:
    ///   - table: in Markdown.
    ///   - path: the file.
    ///   - section: which of its tables: "" is the first, "100M" that between `<!-- measured 100M: begin -->` and its end.
    /// - Throws: where the file cannot be read or written, or has no such marks.
    package static func fill(_ table: String, into path: String, section: String = "") throws {
        let name = section.isEmpty ? "measured" : "measured \(section)"
        let (beginMark, endMark) = ("<!-- \(name): begin -->", "<!-- \(name): end -->")
        let text = try String(contentsOfFile: path, encoding: .utf8)
        guard let begin = text.range(of: beginMark), let end = text.range(of: endMark),
            begin.upperBound <= end.lowerBound
        else {
            throw CocoaError(
                .fileReadCorruptFile,
                userInfo: [NSLocalizedDescriptionKey: "\(path): expected the marks \(beginMark) and \(endMark)"])
        }
        let filled = text[..<begin.upperBound] + "\n" + table + "\n" + text[end.lowerBound...]
        try filled.write(toFile: path, atomically: true, encoding: .utf8)
    }
}
