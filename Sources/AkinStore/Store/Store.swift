internal import Akin
internal import Foundation
internal import Synchronization

/// Collections in a folder, opened by one process at a time.
///
/// ```
/// DATA/
///   lock                      held by the process that has the store open
///   collections/NAME/
///     catalog.sqlite          names, payloads, and which segments there are
///     log/                    what is not yet in segments
///     segments/               vectors and indexes
///     images/
///   snapshots/NAME/           of collections, also of those that are gone
/// ```
///
/// Every method may be called from any thread. A store stays open, its threads at work, until ``close()``.
public final class Store: Sendable {
    /// The folder.
    public let path: String
    /// How it works.
    public let settings: StoreSettings

    private let lock: StoreLock
    private let collections: Mutex<[String: Result<VectorCollection, StoreError>]>
    private let isClosed = Mutex(false)
    /// Held while collections come and go.
    private let structure = NSLock()

    /// Opens a store, and makes it where there is none.
    ///
    /// A collection that cannot be opened does not keep the others from it; whoever asks for it learns why.
    ///
    /// - Throws: ``StoreError/unavailable(_:)`` where another process has it open, ``StoreError/storage(_:)``,
    ///   ``StoreError/diskFull(_:)``, ``StoreError/invalid(field:expected:actual:)`` for settings out of range.
    public init(path: String, settings: StoreSettings = .init()) throws {
        try settings.check()
        self.path = path
        self.settings = settings
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch { throw StoreError.storage("\(path): cannot make this folder: \(error.localizedDescription)") }
        lock = try StoreLock(path)
        do {
            for folder in ["collections", "snapshots"] { try FileSystem.makeFolder(path + "/" + folder) }
            collections = Mutex(try Self.open(path, settings))
        } catch { throw StoreError(error) }
    }

    private static func open(
        _ path: String, _ settings: StoreSettings
    ) throws -> [String: Result<VectorCollection, StoreError>] {
        let folder = path + "/collections"
        try CollectionFolders(folder).finishInterruptedWork()
        var opened: [String: Result<VectorCollection, StoreError>] = [:]
        for name in try FileSystem.names(in: folder) where Self.isName(name) {
            do {
                opened[name] = .success(try VectorCollection.open(name, folder + "/" + name, settings))
            } catch { opened[name] = .failure(StoreError(error)) }
        }
        return opened
    }

    /// Whether a collection may be called so: 1 to 240 letters, digits, `_`, `-` and `.` of ASCII, the first no point.
    ///
    /// Shorter than what file systems allow, because names of folders and snapshots are made of it.
    public static func isName(_ name: String) -> Bool {
        (1...240).contains(name.utf8.count) && name.utf8.first != UInt8(ascii: ".")
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."):
                    true
                default: false
                }
            }
    }

    /// The names of all collections, in their order.
    public var names: [String] { collections.withLock { $0.keys.sorted() } }

    /// The collection of a name.
    ///
    /// - Throws: ``StoreError/noCollection(_:)``, and why it could not be opened.
    public func collection(_ name: String) throws -> VectorCollection {
        try checkOpen()
        guard let found = collections.withLock({ $0[name] }) else { throw StoreError.noCollection(name) }
        return try found.get()
    }

    /// Makes a collection.
    ///
    /// - Parameters:
    ///   - name: see ``isName(_:)``.
    ///   - configuration: what it is made of.
    /// - Returns: the collection, without points.
    /// - Throws: ``StoreError/collectionExists(_:)``, ``StoreError/invalid(field:expected:actual:)``,
    ///   ``StoreError/diskFull(_:)``, ``StoreError/storage(_:)``.
    @discardableResult
    public func create(_ name: String, _ configuration: CollectionConfiguration) throws -> VectorCollection {
        try CollectionFolders.check(name)
        return try structure.withLock {
            try checkOpen()
            guard collections.withLock({ $0[name] }) == nil else { throw StoreError.collectionExists(name) }
            do {
                let folder = try folders.add(name) { try VectorCollection.create($0, configuration) }
                let collection = try VectorCollection.open(name, folder, settings)
                collections.withLock { $0[name] = .success(collection) }
                return collection
            } catch { throw StoreError(error) }
        }
    }

    /// Forgets a collection and all that is in it; its snapshots stay.
    ///
    /// - Throws: ``StoreError/noCollection(_:)``, ``StoreError/storage(_:)``.
    public func drop(_ name: String) throws {
        try structure.withLock {
            try checkOpen()
            guard let found = collections.withLock({ $0[name] }) else { throw StoreError.noCollection(name) }
            if case .success(let collection) = found { collection.close() }
            collections.withLock { $0[name] = nil }
            do { try folders.remove(name) } catch {
                // It would be back when the store is opened again, so it stays known, and can be dropped again.
                collections.withLock { $0[name] = .failure(StoreError(error)) }
                throw error
            }
        }
    }

    /// Puts another folder in the place of a collection's; for snapshots.
    func replace(_ name: String, _ fill: (String) throws -> Void) throws -> VectorCollection {
        try CollectionFolders.check(name)
        try checkOpen()
        do {
            // It takes long, and nobody else has to wait for it.
            let prepared = try folders.prepare(fill)
            return try structure.withLock {
                do {
                    try checkOpen()
                    return try exchange(name, prepared)
                } catch {
                    FileSystem.removeFolder(prepared)
                    throw error
                }
            }
        } catch { throw StoreError(error) }
    }

    private func exchange(_ name: String, _ prepared: String) throws -> VectorCollection {
        let old = collections.withLock { collections in
            let wait = StoreError.unavailable("collection \"\(name)\" is being restored; try again in a while")
            return collections.updateValue(.failure(wait), forKey: name)
        }
        if case .success(let old)? = old { old.close() }
        do {
            let collection = try VectorCollection.open(name, try folders.exchange(name, prepared), settings)
            collections.withLock { $0[name] = .success(collection) }
            return collection
        } catch {
            // Until the exchange is decided, what was there goes on; afterwards it must not, or its writes would be lost.
            let path = folders.path(name)
            let next: Result<VectorCollection, StoreError>? =
                if folders.isDecided(name) {
                    .failure(StoreError(error))
                } else if !FileSystem.exists(path) {
                    nil
                } else {
                    Result { try VectorCollection.open(name, path, settings) }.mapError { StoreError($0) }
                }
            collections.withLock { $0[name] = next }
            throw error
        }
    }

    private var folders: CollectionFolders { CollectionFolders(path + "/collections") }

    private func checkOpen() throws(StoreError) {
        if isClosed.withLock({ $0 }) { throw .unavailable("the store is closed") }
    }

    /// Waits for work in progress and lets go of all files; methods called later throw.
    public func close() {
        structure.withLock {
            isClosed.withLock { $0 = true }
            for case .success(let collection) in collections.withLock({ Array($0.values) }) { collection.close() }
            collections.withLock { $0 = [:] }
            lock.release()
        }
    }
}
