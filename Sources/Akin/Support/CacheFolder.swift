import Foundation

/// Where Akin keeps what it can make again.
package enum CacheFolder {
    /// The folder, which may not exist yet; `nil` where there is no home.
    ///
    /// `AKIN_CACHE` names it. Otherwise it is `akin` in the system's place for such files: `XDG_CACHE_HOME` or `~/.cache`, on
    /// macOS `~/Library/Caches`.
    package static func path(environment: [String: String] = ProcessInfo.processInfo.environment) -> String? {
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        if let folder = value("AKIN_CACHE") { return folder }
        #if os(macOS)
            return value("HOME").map { $0 + "/Library/Caches/akin" }
        #else
            // The standard wants relative paths to be passed over.
            if let folder = value("XDG_CACHE_HOME"), folder.hasPrefix("/") { return folder + "/akin" }
            return value("HOME").map { $0 + "/.cache/akin" }
        #endif
    }
}
