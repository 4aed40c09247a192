import CAkinCUDA
import Foundation

/// Where a library of NVIDIA's may be, and how it is opened.
struct CUDALibrarySearch {
    let library: CUDALibrary
    /// Paths, and names that the system's loader knows, in the order in which they are tried.
    let candidates: [String]

    /// Opens the first candidate that is there; a path that the variable names must be usable and is not passed over.
    ///
    /// - Parameters:
    ///   - environment: where the variable is looked up.
    ///   - open: fills a table from a path: a code of `akin_cuda.h`, and a text for `free`.
    /// - Returns: what was opened and its path.
    /// - Throws: ``CUDAError/libraryNotFound(_:searched:)``, ``CUDAError/libraryUnusable(_:path:reason:)``,
    ///   ``CUDAError/libraryTooOld(_:path:missing:)``.
    func open<Table>(
        environment: [String: String],
        _ open: (String, inout UnsafePointer<Table>?, inout UnsafeMutablePointer<CChar>?) -> Int32
    ) throws(CUDAError) -> (table: UnsafePointer<Table>, path: String) {
        let named = environment[library.variable].flatMap { $0.isEmpty ? nil : $0 }
        for path in named.map({ [$0] }) ?? candidates {
            var table: UnsafePointer<Table>?
            var message: UnsafeMutablePointer<CChar>?
            let code = open(path, &table, &message)
            let text = message.map { String(cString: $0) } ?? "no reason given"
            free(message)
            if let table { return (table, path) }
            if code == AKIN_CUDA_TOO_OLD { throw .libraryTooOld(library, path: path, missing: text) }
            // A name that the loader does not know and a place where nothing is are passed over; a file that is there
            // and cannot be opened is not.
            if named != nil || FileManager.default.fileExists(atPath: path) {
                throw .libraryUnusable(library, path: path, reason: text)
            }
        }
        throw .libraryNotFound(library, searched: ["$\(library.variable)"] + candidates)
    }
}
