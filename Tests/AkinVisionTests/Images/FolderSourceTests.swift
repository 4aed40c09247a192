import AkinTestSupport
import AkinVision
import Foundation
import Testing

@Suite("Pictures in a folder")
struct FolderSourceTests {
    @Test("paths come in the order of their bytes, labelled by the folder they lie in")
    func order() throws {
        try withTemporaryDirectory { root in
            // "a.jpg" < "a/..." < "ab/...", because "." < "/" < "b".
            for path in ["b.PNG", "a.jpg", "a/z.webp", "a/b/c.JPEG", "ab/1.jfif", "ab/10.jpe", "ab/2.jpg", "Z.png"] {
                try write("x", to: "\(root)/\(path)")
            }
            let items = try list(root)
            #expect(
                items.map(\.path) == [
                    "Z.png", "a.jpg", "a/b/c.JPEG", "a/z.webp", "ab/1.jfif", "ab/10.jpe", "ab/2.jpg", "b.PNG",
                ])
            #expect(items.map(\.label) == [nil, nil, "b", "a", "ab", "ab", "ab", nil])
            #expect(items.map(\.index) == Array(0..<8))
            let source = FolderSource(path: root + "/")
            #expect(source.count == nil)
            #expect(try source.countImages() == 8)
        }
    }

    @Test("hidden files, other files and what is neither file nor folder are passed over")
    func passedOver() throws {
        try withTemporaryDirectory { root in
            for path in [".a.jpg", ".git/b.jpg", "notes.txt", "jpg", "x.jpg.part", "c.gif", "d.jpg"] {
                try write("x", to: "\(root)/\(path)")
            }
            try FileManager.default.createDirectory(atPath: "\(root)/e.jpg", withIntermediateDirectories: false)
            #expect(mkfifo("\(root)/pipe.jpg", 0o600) == 0)
            try link("\(root)/broken.png", to: "\(root)/nowhere")
            #expect(try list(root).map(\.path) == ["d.jpg"])
        }
    }

    @Test("bytes are read as they are, from many threads")
    func reads() async throws {
        try await withTemporaryDirectory { root in
            for number in 100..<150 { try write("picture \(number)", to: "\(root)/\(number % 7)/\(number).jpg") }
            let items = try list(root)
            let contents = try await withThrowingTaskGroup(of: (String, [UInt8]).self) { group in
                for item in items { group.addTask { (item.path, try item.read()) } }
                return try await group.reduce(into: [(String, [UInt8])]()) { $0.append($1) }
            }
            #expect(contents.count == 50)
            for (path, bytes) in contents {
                let number = path.split(separator: "/").last?.dropLast(4) ?? ""
                #expect(bytes == Array("picture \(number)".utf8))
            }
        }
    }

    @Test("loops of links end, and each folder is walked once")
    func loops() throws {
        try withTemporaryDirectory { root in
            try write("x", to: "\(root)/a/1.jpg")
            try write("x", to: "\(root)/b/2.jpg")
            try link("\(root)/a/up", to: "..")
            try link("\(root)/b/self", to: ".")
            try link("\(root)/c", to: "b")
            try link("\(root)/d.jpg", to: "a/1.jpg")
            try link("\(root)/loop.jpg", to: "loop.jpg")
            #expect(try list(root).map(\.path) == ["a/1.jpg", "b/2.jpg", "d.jpg"])
        }
    }

    @Test("names that are not UTF-8 can be read")
    func bytesOfNames() throws {
        try withTemporaryDirectory { root in
            let name: [CChar] =
                Array("\(root)/".utf8CString.dropLast()) + [CChar(bitPattern: 0xe9)] + ".jpg".utf8CString
            guard let file = fopen(name, "w") else { return }  // this file system insists on UTF-8
            fputs("accent", file)
            fclose(file)
            let items = try list(root)
            #expect(items.map(\.path) == ["\u{fffd}.jpg"])
            #expect(try items.first?.read() == Array("accent".utf8))
        }
    }

    @Test("a folder without pictures is an error that names it")
    func empty() throws {
        try withTemporaryDirectory { root in
            try write("x", to: "\(root)/deep/readme.md")
            #expect(throws: ImageSourceError.noImages(path: root)) { try list(root) }
            #expect(throws: ImageSourceError.noImages(path: root)) { try ImageSources.open(root).countImages() }
        }
    }

    @Test("what is missing or vanishes is an error that names it")
    func missing() throws {
        try withTemporaryDirectory { root in
            let reason = "No such file or directory"
            #expect(throws: ImageSourceError.unreadable(path: root + "/no", reason: reason)) {
                try FolderSource(path: root + "/no").items()
            }
            #expect(throws: ImageSourceError.unreadable(path: root + "/no", reason: reason)) {
                try ImageSources.open(root + "/no")
            }
            try write("x", to: "\(root)/a.jpg")
            let item = try #require(try list(root).first)
            try FileManager.default.removeItem(atPath: "\(root)/a.jpg")
            #expect(throws: ImageSourceError.unreadable(path: root + "/a.jpg", reason: reason)) { try item.read() }
        }
    }
}

@Suite("Opening whatever holds pictures")
struct ImageSourcesTests {
    @Test("a single picture is a source of one")
    func single() throws {
        try withTemporaryDirectory { root in
            try Data(try TestPicture.plain(2, 2, 1, 2, 3).png()).write(to: URL(filePath: "\(root)/picture"))
            try write("not a picture", to: "\(root)/broken.jpg")
            for name in ["picture", "broken.jpg"] {
                let source = try ImageSources.open("\(root)/\(name)")
                #expect(source.count == 1)
                var items = try source.items()
                let item = try #require(try items.next())
                #expect(item.path == name && item.label == nil && item.index == 0)
                #expect(try !item.read().isEmpty)
                #expect(try items.next() == nil)
            }
        }
    }

    @Test("anything else is refused by its first bytes")
    func refused() throws {
        try withTemporaryDirectory { root in
            try write("hello", to: "\(root)/text")
            try write("", to: "\(root)/nothing")
            #expect(throws: ImageSourceError.notASource(path: "\(root)/text", firstBytes: Array("hello".utf8))) {
                try ImageSources.open("\(root)/text")
            }
            let error = ImageSourceError.notASource(path: "\(root)/nothing", firstBytes: [])
            #expect(throws: error) { try ImageSources.open("\(root)/nothing") }
            #expect("\(error)".contains("is empty"))
            #expect(mkfifo("\(root)/pipe", 0o600) == 0)
            #expect(throws: ImageSourceError.unreadable(path: "\(root)/pipe", reason: "not a regular file")) {
                try ImageSources.open("\(root)/pipe")
            }
        }
    }

    @Test("a folder is a folder whatever it is called")
    func folder() throws {
        try withTemporaryDirectory { root in
            try write("x", to: "\(root)/shard.tar/a.jpg")
            #expect(try ImageSources.open("\(root)/shard.tar") is FolderSource)
        }
    }
}

/// All items of a source.
func list(_ path: String) throws -> [ImageItem] {
    var items = try ImageSources.open(path).items()
    var all: [ImageItem] = []
    while let item = try items.next() { all.append(item) }
    return all
}

/// Writes a file, making the folders above it.
func write(_ text: String, to path: String) throws {
    let url = URL(filePath: path)
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: url)
}

private func link(_ path: String, to target: String) throws {
    try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: target)
}
