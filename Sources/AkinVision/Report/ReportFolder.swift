internal import Akin
internal import Foundation

/// A folder that a report is written into.
struct ReportFolder {
    let path: String

    /// Makes the folder where it is missing.
    ///
    /// - Throws: `FileError` for a folder that cannot be made and for a file of that name.
    init(_ path: String) throws {
        self.path = path
        var isDirectory: ObjCBool = false
        if !FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) {
            do {
                try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            } catch {
                throw FileError(.unwritable, path: path, "cannot make the folder: \(error.localizedDescription)")
            }
        } else if !isDirectory.boolValue {
            throw FileError(.notRegularFile, path: path, "expected a folder for the report, found a file")
        }
    }

    /// Writes a file, which appears complete or not at all.
    func write(_ text: String, to name: String) throws {
        let file = try AtomicFile(path: path + "/" + name)
        var text = text
        try text.withUTF8 { try file.write(UnsafeRawBufferPointer($0)) }
        try file.commit()
    }
}
