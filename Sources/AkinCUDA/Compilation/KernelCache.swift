import Akin
import Foundation

/// Machine code of kernels on disk, so that each is compiled once for a device.
///
/// An entry is a file of its own, `NAME-ARCHITECTURE-KEY-VERSION.cubin`: the key is that of ``KernelRecipe``, the version
/// NVRTC's. It appears complete or not at all, and carries a checksum; what is damaged counts as missing. Entries that no
/// recipe asks for any more stay until the folder is removed, which is safe at any time.
///
/// Where there is no NVRTC, or it cannot compile, an entry of any version serves: a folder filled elsewhere can be taken
/// along.
package struct KernelCache: Sendable {
    /// The folder; `nil` keeps nothing.
    package let folder: String?

    /// How machine code was come by.
    package enum Origin: Sendable, Equatable {
        /// It was compiled, for the first time or because the entry was damaged; `kept` says whether it was written.
        case compiled(seconds: Double, kept: Bool)
        /// It was read.
        case cached(path: String)
    }

    /// Keeps machine code in a folder, which is made when it is needed.
    package init(folder: String?) { self.folder = folder }

    /// `kernels` in Akin's cache folder.
    package static var standard: KernelCache { KernelCache(folder: CacheFolder.path().map { $0 + "/kernels" }) }

    private static let magic = Array("AKINCUB1".utf8)
    private static let headerBytes = 8 + 64 + 8 + 4

    /// Machine code for a recipe, from disk or else from the compiler.
    ///
    /// - Parameters:
    ///   - recipe: what is wanted.
    ///   - compiler: how it is found.
    /// - Returns: a cubin, and how it was come by.
    /// - Throws: ``CUDAError``: what finding the compiler and compiling throw. That the cache cannot be written is no
    ///   error: the kernel is compiled again the next time.
    package func cubin(
        for recipe: KernelRecipe, compiler: () throws(CUDAError) -> NVRTC
    ) throws(CUDAError) -> (code: [UInt8], origin: Origin) {
        let key = try recipe.key()
        let nvrtc: NVRTC
        do throws(CUDAError) {
            nvrtc = try compiler()
        } catch {
            if let found = anyVersion(recipe, key) { return found }
            throw error
        }
        let path = folder.map { "\($0)/\(Self.prefix(recipe, key))-\(nvrtc.version).cubin" }
        if let path, let code = read(path, key: key) { return (code, .cached(path: path)) }
        let start = ContinuousClock.now
        let (source, headers) = try recipe.texts()
        let code: [UInt8]
        do throws(CUDAError) {
            code = try nvrtc.compile(
                source, headers: headers, architecture: recipe.architecture, options: recipe.options)
        } catch {
            // It may be too old for the device, or lack a part of itself.
            if let found = anyVersion(recipe, key) { return found }
            throw error
        }
        let taken = ContinuousClock.now - start
        let seconds = Double(taken.components.seconds) + Double(taken.components.attoseconds) * 1e-18
        let kept = path.map { write(code, key: key, to: $0) } ?? false
        return (code, .compiled(seconds: seconds, kept: kept))
    }

    /// What is kept of a recipe, whichever compiler made it.
    private func anyVersion(_ recipe: KernelRecipe, _ key: String) -> (code: [UInt8], origin: Origin)? {
        for path in entries(recipe, key) {
            if let code = read(path, key: key) { return (code, .cached(path: path)) }
        }
        return nil
    }

    /// Whether machine code for a recipe is there, of any version of the compiler or of one.
    package func holds(_ recipe: KernelRecipe, version: String? = nil) -> Bool {
        guard let key = try? recipe.key() else { return false }
        return entries(recipe, key).contains { path in
            (version.map { path.hasSuffix("-\($0).cubin") } ?? true) && read(path, key: key) != nil
        }
    }

    /// The files of a recipe, newest compiler first.
    private func entries(_ recipe: KernelRecipe, _ key: String) -> [String] {
        guard let folder, let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else { return [] }
        let prefix = Self.prefix(recipe, key) + "-"
        return names.filter { $0.hasPrefix(prefix) && $0.hasSuffix(".cubin") }
            .sorted { $0.compare($1, options: .numeric) == .orderedDescending }
            .map { "\(folder)/\($0)" }
    }

    private static func prefix(_ recipe: KernelRecipe, _ key: String) -> String {
        "\(recipe.source)-\(recipe.architecture)-\(key.prefix(16))"
    }

    /// What a file holds, or `nil` where it is missing, damaged or another's.
    ///
    /// Layout: magic (8 bytes), the key (64 hexadecimal digits), length of the code (8, little-endian), CRC-32C of the code
    /// (4, little-endian), the code.
    private func read(_ path: String, key: String) -> [UInt8]? {
        guard let file = try? MappedFile(path: path) else { return nil }
        return withExtendedLifetime(file) {
            let bytes = file.bytes
            guard bytes.count > Self.headerBytes, bytes[..<8].elementsEqual(Self.magic),
                bytes[8..<72].elementsEqual(key.utf8)
            else { return nil }
            let length = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 72, as: UInt64.self))
            let checksum = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 80, as: UInt32.self))
            let code = UnsafeRawBufferPointer(rebasing: bytes[Self.headerBytes...])
            guard length == UInt64(code.count), CRC32C.checksum(code) == checksum else { return nil }
            return Array(code)
        }
    }

    /// Writes an entry; `false` where that cannot be done.
    private func write(_ code: [UInt8], key: String, to path: String) -> Bool {
        guard let folder else { return false }
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let file = try AtomicFile(path: path)
            try file.write(Self.magic + Array(key.utf8))
            try file.write((0..<8).map { UInt8(truncatingIfNeeded: code.count >> ($0 * 8)) })
            let checksum = code.withUnsafeBytes { CRC32C.checksum($0) }
            try file.write((0..<4).map { UInt8(truncatingIfNeeded: checksum >> ($0 * 8)) })
            try file.write(code)
            try file.commit()
            return true
        } catch {
            return false
        }
    }
}
