import Foundation

/// Shared libraries that came with Python packages: the easiest way to some of those that Akin opens while it runs.
package enum PythonLibraries {
    /// The folders whose `.venv` is looked into: the program's and those above it, then the current one.
    package static func folders() -> [String] {
        var folders: [String] = []
        if let program = Bundle.main.executableURL?.resolvingSymlinksInPath() {
            var folder = program.deletingLastPathComponent().standardizedFileURL
            while folder.path != "/" {
                folders.append(folder.path)
                folder = folder.deletingLastPathComponent()
            }
        }
        let current = FileManager.default.currentDirectoryPath
        if !folders.contains(current) { folders.append(current) }
        return folders
    }

    /// The newest library in a virtual environment.
    ///
    /// - Parameters:
    ///   - environment: its folder, which may be missing.
    ///   - place: the library's folder below `site-packages`.
    ///   - prefix: how the file's name begins; the version stands behind it.
    /// - Returns: the library's path, or `nil` where there is none.
    package static func newest(inVirtualEnvironment environment: String, place: String, prefix: String) -> String? {
        func entries(_ path: String, prefix: String) -> [String] {
            ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [])
                .filter { $0.hasPrefix(prefix) }
                .sorted { $0.compare($1, options: .numeric) == .orderedDescending }
                .map { "\(path)/\($0)" }
        }
        for python in entries("\(environment)/lib", prefix: "python3") {
            let libraries = entries("\(python)/site-packages/\(place)", prefix: prefix)
            if let library = libraries.first { return library }
        }
        return nil
    }
}
