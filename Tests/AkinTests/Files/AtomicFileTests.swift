import Akin
import AkinTestSupport
import Foundation
import Testing

@Suite("Crash-safe writing")
struct AtomicFileTests {
    @Test("nothing is under the name before the commit, all of it after")
    func commit() throws {
        try withTemporaryDirectory { folder in
            let path = "\(folder)/data"
            let file = try AtomicFile(path: path)
            try file.write([1, 2, 3])
            try file.pad(to: 8)
            try file.write([4])
            try file.overwrite([9], at: 1)
            #expect(!FileManager.default.fileExists(atPath: path))
            try file.commit()
            #expect(try contents(path) == [1, 9, 3, 0, 0, 0, 0, 0, 4])
            #expect(try listing(folder) == ["data"])
            #expect(throws: FileError.self) { try file.write([5]) }
            #expect(throws: FileError.self) { try file.commit() }
        }
    }

    @Test("an abandoned file leaves the old one as it was")
    func abandon() throws {
        try withTemporaryDirectory { folder in
            let path = "\(folder)/data"
            try store([7, 7], at: path)
            let file = try AtomicFile(path: path)
            try file.write([1, 2, 3])
            file.abandon()
            #expect(try contents(path) == [7, 7])
            #expect(try listing(folder) == ["data"])
        }
    }

    @Test("a killed writer leaves the old file whole")
    func killedWriter() async throws {
        try await withTemporaryDirectory { folder in
            let path = "\(folder)/data.npy"
            let old = Matrix<Float>.random(rows: 5, columns: 4, seed: 1)
            try VectorFile.write(old, to: path)
            await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
                let writer = try VectorWriter(path: path, dimension: 4)
                try writer.append(Matrix<Float>.random(rows: 1_000, columns: 4, seed: 2))
                try writer.synchronize()
                kill(getpid(), SIGKILL)
            }
            #expect(try VectorFile(path: path).floats() == old)
        }
    }

    @Test("a full device is an error, and stays one")
    func fullDevice() throws {
        let descriptor = Foundation.open("/dev/full", O_WRONLY)
        try #require(descriptor >= 0)
        let file = OutputFile(descriptor: descriptor, path: "vectors.npy")
        try file.write([1, 2, 3])
        for _ in 0..<2 {
            let error = #expect(throws: FileError.self) { try file.synchronize() }
            #expect(error?.code == .storageFull)
            #expect(error?.description == "vectors.npy: cannot write: No space left on device")
        }
        #expect(throws: FileError.self) { try file.write([UInt8](repeating: 0, count: 1 << 21)) }
    }

    @Test("running out of room while writing leaves the old file and no scratch file")
    func outOfRoom() async throws {
        try await withTemporaryDirectory { folder in
            let path = "\(folder)/v.npy"
            let old = Matrix<Float>.random(rows: 2, columns: 2, seed: 1)
            try VectorFile.write(old, to: path)
            await #expect(processExitsWith: .success) { [path = path as String, folder = folder as String] in
                // A limit on the size of files stands for the full disk; its signal is ignored to get the error.
                signal(SIGXFSZ, SIG_IGN)
                var limit = rlimit(rlim_cur: 1 << 20, rlim_max: 1 << 20)
                #expect(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
                let error = #expect(throws: FileError.self) {
                    try VectorFile.write(Matrix<Float>.random(rows: 1_000, columns: 500, seed: 2), to: path)
                }
                #expect(error?.code == .storageFull)
                #expect(error?.path == path)
                try #expect(listing(folder) == ["v.npy"])
            }
            #expect(try VectorFile(path: path).floats() == old)
        }
    }

    @Test("a folder that must not be written is an error that names it")
    func unwritableFolder() async throws {
        try await withTemporaryDirectory { folder in
            try FileManager.default.setAttributes([.posixPermissions: 0o555], ofItemAtPath: folder)
            await #expect(processExitsWith: .success) { [folder = folder as String] in
                // The superuser may write everywhere, so become somebody else.
                if geteuid() == 0 { #expect(seteuid(65_534) == 0) }
                let error = #expect(throws: FileError.self) { try AtomicFile(path: "\(folder)/data") }
                #expect(error?.code == .notPermitted)
                #expect(error?.message.contains("cannot create a file in \(folder)") == true)
            }
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder)
        }
    }

    @Test("missing folders, folders and devices are refused")
    func badDestinations() throws {
        try withTemporaryDirectory { folder in
            let codes: [(String, FileError.Code)] = [
                ("\(folder)/none/data", .notFound), (folder, .notRegularFile), ("/dev/null", .notRegularFile),
                ("", .notFound),
            ]
            for (path, code) in codes {
                let error = #expect(throws: FileError.self) { try AtomicFile(path: path) }
                #expect(error?.code == code)
            }
        }
    }

    @Test("a symbolic link stays, the file it names is replaced and keeps its permissions")
    func symbolicLink() throws {
        try withTemporaryDirectory { folder in
            try store([1], at: "\(folder)/target")
            try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: "\(folder)/target")
            try FileManager.default.createSymbolicLink(atPath: "\(folder)/link", withDestinationPath: "target")
            let file = try AtomicFile(path: "\(folder)/link")
            try file.write([2])
            try file.commit()
            #expect(try contents("\(folder)/target") == [2])
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/link") == "target")
            let attributes = try FileManager.default.attributesOfItem(atPath: "\(folder)/target")
            #expect(attributes[.posixPermissions] as? Int == 0o640)
        }
    }
}
