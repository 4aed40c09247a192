import AkinTestSupport
import Foundation

/// Directories and programs that tests use.
enum TestFiles {
    /// The package's root.
    static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..")
        .standardizedFileURL

    /// `Tests/Goldens`.
    static let goldens = root.appending(path: "Tests/Goldens")

    /// Python of the project's own environment, which has Pillow; nil before `make setup`.
    static let python: URL? = {
        let python = root.appending(path: ".venv/bin/python")
        return FileManager.default.isExecutableFile(atPath: python.path) ? python : nil
    }()

    /// Real pictures and models, named by AKIN_DATA; nil where it is not set.
    static let data: URL? = ProcessInfo.processInfo.environment["AKIN_DATA"].map { URL(filePath: $0) }

    /// What `pillow.py` prints when it is run with these arguments.
    static func pillow(_ arguments: [String], input: String = "") throws -> String {
        guard let python else { throw CocoaError(.fileNoSuchFile) }
        return try withTemporaryDirectory { directory in
            let (given, printed) = (URL(filePath: directory + "/in"), URL(filePath: directory + "/out"))
            try Data(input.utf8).write(to: given)
            try Data().write(to: printed)
            let process = Process()
            process.executableURL = python
            process.arguments = [goldens.appending(path: "pillow.py").path] + arguments
            process.standardInput = try FileHandle(forReadingFrom: given)
            process.standardOutput = try FileHandle(forWritingTo: printed)
            try process.run()
            process.waitUntilExit()
            guard process.terminationStatus == 0 else { throw CocoaError(.featureUnsupported) }
            return String(decoding: try Data(contentsOf: printed), as: UTF8.self)
        }
    }

    static func bytes(_ url: URL) throws -> [UInt8] { [UInt8](try Data(contentsOf: url)) }
}
