import AkinTestSupport
import AkinVision
import Foundation
import Testing

@Suite("Pictures in a tar archive")
struct TarSourceTests {
    @Test(
        "members come in the order they were written, labelled by the folder they lie in",
        arguments: TarBuilder.Dialect.allCases)
    func order(_ dialect: TarBuilder.Dialect) throws {
        var tar = TarBuilder()
        tar.add("train/", [], type: "5", dialect: dialect)
        tar.add("./train/n02/b.JPEG", Array("bee".utf8), dialect: dialect)
        tar.add("train/n01/a.png", [UInt8](repeating: 7, count: 512), dialect: dialect)
        tar.add("train/n01/.hidden.png", [1], dialect: dialect)
        tar.add("train/.cache/x.png", [1], dialect: dialect)
        tar.add("train/notes.txt", [1, 2, 3], dialect: dialect)
        tar.add("top.webp", [], dialect: dialect)
        tar.end()
        try withTar(tar.bytes) { path in
            let items = try list(path)
            #expect(items.map(\.path) == ["train/n02/b.JPEG", "train/n01/a.png", "top.webp"])
            #expect(items.map(\.label) == ["n02", "n01", nil])
            #expect(items.map(\.index) == [0, 1, 2])
            #expect(try items.reversed().map { try $0.read().count } == [0, 512, 3])
            #expect(try items[0].read() == Array("bee".utf8))
            #expect(try TarSource(path: path).countImages() == 3)
        }
    }

    @Test("long names are read in all the ways they are written")
    func longNames() throws {
        let long = String(repeating: "folder/", count: 30) + "n05/" + String(repeating: "x", count: 120) + ".jpg"
        var tar = TarBuilder()
        tar.addLongName(long, [1])
        tar.addPax([("mtime", "1.5"), ("path", long), ("comment", "é = ü")], "short.txt", [2])
        tar.add("n06/y.jpg", [3], prefix: "a/b")
        tar.add("././@LongLink", Array("target".utf8), type: "K", dialect: .gnu)
        tar.addPax([("size", "3")], "sized.jpg", [4, 4, 4], claimed: 0)
        tar.add("global", Array("20 comment=nothing\n".utf8), type: "g")
        tar.add("big.jpg", [5], dialect: .gnu, base256: true)
        tar.end()
        try withTar(tar.bytes) { path in
            let items = try list(path)
            #expect(items.map(\.path) == [long, long, "a/b/n06/y.jpg", "sized.jpg", "big.jpg"])
            #expect(items.map(\.label) == ["n05", "n05", "n06", nil, nil])
            #expect(try items.map { try $0.read() } == [[1], [2], [3], [4, 4, 4], [5]])
        }
    }

    @Test("a name between long-name members belongs to the next member only")
    func longNameOnce() throws {
        var tar = TarBuilder()
        tar.addLongName("a/long.jpg", [1])
        tar.add("b/short.jpg", [2], dialect: .gnu)
        tar.end()
        let paths = try withTar(tar.bytes) { try list($0).map(\.path) }
        #expect(paths == ["a/long.jpg", "b/short.jpg"])
    }

    @Test("links and other things are passed over")
    func otherThings() throws {
        var tar = TarBuilder()
        for type in "123456" { tar.add("\(type).jpg", [], type: type) }
        tar.add("7.jpg", [7], type: "7")
        tar.end()
        let paths = try withTar(tar.bytes) { try list($0).map(\.path) }
        #expect(paths == ["7.jpg"])
    }

    @Test(
        "names that lead out of the archive are shown without what leads out",
        arguments: [
            ("/etc/n01/a.jpg", "etc/n01/a.jpg"), ("../../a.jpg", "a.jpg"), ("x/../n01/a.jpg", "n01/a.jpg"),
            ("//.//n01//a.jpg", "n01/a.jpg"),
        ])
    func leadingOut(_ name: String, _ shown: String) throws {
        var tar = TarBuilder()
        tar.add(name, [1])
        tar.end()
        let paths = try withTar(tar.bytes) { try list($0).map(\.path) }
        #expect(paths == [shown])
    }

    @Test("an archive is known by its first header, whatever it is called")
    func recognised() throws {
        var tar = TarBuilder()
        tar.add("a.jpg", [1])
        tar.end()
        let source = try withTar(tar.bytes, name: "shard-0001") { try ImageSources.open($0) }
        #expect(source is TarSource)
    }

    @Test("items read although the source is gone")
    func outlives() throws {
        var tar = TarBuilder()
        tar.add("a.jpg", [1, 2])
        tar.end()
        let item = try withTar(tar.bytes) { try #require(try list($0).first) }
        #expect(try item.read() == [1, 2])
    }

    @Test("an archive without pictures is an error that names it")
    func empty() throws {
        var tar = TarBuilder()
        tar.add("a.txt", [1])
        tar.end()
        try withTar(tar.bytes) { path in
            #expect(throws: ImageSourceError.noImages(path: path)) { try list(path) }
        }
    }

    @Test(
        "what tar itself writes is read", .enabled(if: tar != nil, "needs tar"),
        arguments: ["ustar", "gnu", "pax", "v7"])
    func written(_ format: String) throws {
        try withTemporaryDirectory { root in
            var expected: [String] = []
            for index in 0..<20 {
                let depth = format == "v7" ? 2 : format == "ustar" ? 15 : 40
                let path = String(repeating: "level/", count: index % 4 * depth / 4) + "n0\(index % 3)/\(index).jpg"
                try write("picture \(index)", to: "\(root)/in/\(path)")
                expected.append(path)
            }
            let process = Process()
            process.executableURL = Self.tar
            process.arguments = ["-C", "\(root)/in", "--format", format, "-cf", "\(root)/out.tar", "."]
            try process.run()
            process.waitUntilExit()
            #expect(process.terminationStatus == 0)
            let items = try list("\(root)/out.tar")
            #expect(items.map(\.path).sorted() == expected.sorted())
            for item in items {
                let index = item.path.split(separator: "/").last?.dropLast(4) ?? ""
                #expect(try item.read() == Array("picture \(index)".utf8))
            }
        }
    }

    static let tar = ["/usr/bin/tar", "/bin/tar"].first(where: FileManager.default.isExecutableFile(atPath:))
        .map { URL(filePath: $0) }
}

@Suite("Hostile tar archives")
struct HostileTarTests {
    /// Three pictures and the end mark.
    static let whole: [UInt8] = {
        var tar = TarBuilder()
        tar.add("n01/a.jpg", [UInt8](repeating: 1, count: 700))
        tar.addLongName(String(repeating: "n02/", count: 40) + "b.jpg", [UInt8](repeating: 2, count: 10))
        tar.addPax([("path", "n03/c.jpg")], "c", [UInt8](repeating: 3, count: 512))
        tar.end()
        return tar.bytes
    }()

    @Test("every truncation before the end mark is an error with its offset")
    func truncated() throws {
        try withTemporaryDirectory { root in
            for length in stride(from: 0, to: Self.whole.count - 1024 + 512, by: 37) {
                let path = "\(root)/cut.tar"
                try Data(Self.whole.prefix(length)).write(to: URL(filePath: path))
                #expect("\(length) bytes") {
                    try list(path)
                } throws: { error in
                    guard case ImageSourceError.truncatedTar(let named, let offset, _) = error else { return false }
                    return named == path && offset <= length
                }
            }
        }
    }

    @Test("a cut-off member is named with the offset of its header")
    func truncatedMember() throws {
        try withTar(Array(Self.whole.prefix(1000))) { path in
            let error = ImageSourceError.truncatedTar(path: path, offset: 0, member: "n01/a.jpg")
            #expect(throws: error) { try list(path) }
            #expect("\(error)".contains("n01/a.jpg"))
        }
    }

    @Test("a size beyond the end of the file is not believed", arguments: [1_000_000, 0o77_777_777_777])
    func lyingSize(_ claimed: Int) throws {
        var tar = TarBuilder()
        tar.add("a.jpg", [1, 2, 3], claimed: claimed)
        tar.end()
        try withTar(tar.bytes) { path in
            #expect(throws: ImageSourceError.truncatedTar(path: path, offset: 0, member: "a.jpg")) { try list(path) }
        }
        var binary = TarBuilder()
        binary.add("a.jpg", [1, 2, 3], claimed: 1 << 60, base256: true)
        binary.end()
        try withTar(binary.bytes) { path in
            #expect(throws: ImageSourceError.self) { try list(path) }
        }
        var pax = TarBuilder()
        pax.addPax([("size", "\(claimed)")], "a.jpg", [1, 2, 3])
        pax.end()
        try withTar(pax.bytes) { path in
            #expect(throws: ImageSourceError.truncatedTar(path: path, offset: 1024, member: "a.jpg")) {
                try list(path)
            }
        }
    }

    @Test("damaged headers name their offset")
    func damaged() throws {
        var bytes = Self.whole
        bytes[3] ^= 1
        try withTar(bytes) { path in
            let reason = "expected a tar header, its checksum is wrong"
            #expect(throws: ImageSourceError.damagedTar(path: path, offset: 0, reason: reason)) { try list(path) }
        }
        var sparse = TarBuilder()
        sparse.add("a.jpg", [1], type: "S", dialect: .gnu)
        sparse.end()
        try withTar(sparse.bytes) { path in
            #expect(throws: ImageSourceError.damagedTar(path: path, offset: 0, reason: "sparse members are not read")) {
                try list(path)
            }
        }
        var long = TarBuilder()
        long.add("././@LongLink", [UInt8](repeating: 65, count: 2 << 20), type: "L", dialect: .gnu)
        long.end()
        try withTar(long.bytes) { path in
            #expect(throws: ImageSourceError.self) { try list(path) }
        }
    }

    @Test(
        "pax records that do not have the length they say are refused",
        arguments: [
            "9999 path=a.jpg\n", "0 path=a\n", "-5 path=a\n", "x", "12 path=a.jpg", " 7 a=b\n", "9999999999 a=b\n",
        ])
    func paxRecords(_ records: String) throws {
        var tar = TarBuilder()
        tar.add("x", Array(records.utf8), type: "x")
        tar.add("a.jpg", [1])
        tar.end()
        try withTar(tar.bytes) { path in
            #expect { try list(path) } throws: {
                if case ImageSourceError.damagedTar(path, 0, _) = $0 { true } else { false }
            }
        }
    }

    @Test("flipped bytes give items or an error")
    func flipped() throws {
        try withTemporaryDirectory { root in
            var state: UInt64 = 7
            var failures = 0
            for _ in 0..<400 {
                var bytes = Self.whole
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                bytes[Int(state >> 33) % bytes.count] = UInt8(truncatingIfNeeded: state >> 20)
                try Data(bytes).write(to: URL(filePath: "\(root)/a.tar"))
                do {
                    for item in try list("\(root)/a.tar") { #expect(try item.read().count <= bytes.count) }
                } catch {
                    failures += 1
                }
            }
            #expect(failures > 0)
        }
    }
}

/// Writes an archive, lends its path and removes it.
@discardableResult
private func withTar<R>(_ bytes: [UInt8], name: String = "shard.tar", _ body: (String) throws -> R) throws -> R {
    try withTemporaryDirectory { root in
        try Data(bytes).write(to: URL(filePath: "\(root)/\(name)"))
        return try body("\(root)/\(name)")
    }
}
