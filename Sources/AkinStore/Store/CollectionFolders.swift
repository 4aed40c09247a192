internal import Foundation

/// The folders of collections, which come, go and are exchanged as wholes, whatever happens in between.
///
/// A folder that is not yet or no longer a collection has a name that begins with a point:
///
/// | name | what becomes of it when a store is opened |
/// | --- | --- |
/// | `.new-…` | it is removed: it was not finished |
/// | `.old-…` | it is removed: it was given up |
/// | `.ready-NAME` | it takes the place of NAME: it was finished, and the exchange was decided |
struct CollectionFolders {
    let folder: String

    init(_ folder: String) { self.folder = folder }

    static func check(_ name: String) throws(StoreError) {
        guard Store.isName(name) else {
            throw .invalid(
                field: "collection", expected: "1 to 240 letters, digits, '_', '-' and '.', the first no '.'",
                actual: "\"\(name.prefix(300))\"")
        }
    }

    private func scratch(_ kind: String) -> String { "\(folder)/.\(kind)-\(UUID().uuidString.lowercased())" }

    /// Makes a folder, lets it be filled, and gives it its name.
    func add(_ name: String, _ fill: (String) throws -> Void) throws -> String {
        let new = scratch("new"), path = path(name)
        do {
            try fill(new)
            try FileSystem.rename(new, to: path)
        } catch {
            FileSystem.removeFolder(new)
            throw error
        }
        return path
    }

    /// Removes a folder; it is gone at once.
    func remove(_ name: String) throws {
        let old = scratch("old")
        try FileSystem.rename(path(name), to: old)
        FileSystem.removeFolder(old)
    }

    /// Makes a folder that is to take the place of another, and lets it be filled.
    func prepare(_ fill: (String) throws -> Void) throws -> String {
        let new = scratch("new")
        do { try fill(new) } catch {
            FileSystem.removeFolder(new)
            throw error
        }
        return new
    }

    /// Where the folder of a collection is.
    func path(_ name: String) -> String { folder + "/" + name }

    private func ready(_ name: String) -> String { "\(folder)/.ready-\(name)" }

    /// Whether an exchange was begun that is brought to its end when the store is opened.
    func isDecided(_ name: String) -> Bool { FileSystem.exists(ready(name)) }

    /// Puts a prepared folder in the place of another, which goes; gives its path.
    func exchange(_ name: String, _ prepared: String) throws -> String {
        let ready = ready(name)
        FileSystem.removeFolder(ready)
        // From here on it is decided: a crash does not take it back.
        try FileSystem.rename(prepared, to: ready)
        try complete(name, ready)
        return path(name)
    }

    private func complete(_ name: String, _ ready: String) throws {
        let path = path(name)
        if FileSystem.exists(path) { try remove(name) }
        try FileSystem.rename(ready, to: path)
    }

    /// Brings what a crash interrupted to its end.
    func finishInterruptedWork() throws {
        for name in try FileSystem.names(in: folder) where name.hasPrefix(".") {
            let path = folder + "/" + name
            if name.hasPrefix(".ready-") {
                try complete(String(name.dropFirst(7)), path)
            } else if name.hasPrefix(".new-") || name.hasPrefix(".old-") {
                FileSystem.removeFolder(path)
            }
        }
    }
}
