package import AkinCUDA
import Foundation

/// The table of measurements, with what they were measured on.
package struct Report {
    /// Device, driver and compiler in one line.
    package let heading: String

    private static let begin = "<!-- measured: begin -->"
    private static let end = "<!-- measured: end -->"

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
    package static func fill(_ table: String, into path: String) throws {
        let text = try String(contentsOfFile: path, encoding: .utf8)
        guard let begin = text.range(of: begin), let end = text.range(of: end), begin.upperBound <= end.lowerBound
        else {
            throw CocoaError(
                .fileReadCorruptFile,
                userInfo: [NSLocalizedDescriptionKey: "\(path): expected the marks \(Self.begin) and \(Self.end)"])
        }
        let filled = text[..<begin.upperBound] + "\n" + table + "\n" + text[end.lowerBound...]
        try filled.write(toFile: path, atomically: true, encoding: .utf8)
    }
}
