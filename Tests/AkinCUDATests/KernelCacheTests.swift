import Akin
import AkinCUDA
import AkinTestSupport
import Foundation
import Testing

@Suite("Compiled kernels on disk", .enabled(if: NVRTCTests.compiler != nil, "NVRTC is not installed"))
struct KernelCacheTests {
    private let recipe = KernelRecipe(source: "sanity.cu", architecture: "sm_90")

    private func files(_ folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder).map { "\(folder)/\($0)" }.sorted()
    }

    private func compiler() throws(CUDAError) -> NVRTC {
        guard let compiler = NVRTCTests.compiler else { throw .noDevice }
        return compiler
    }

    private func noCompiler() throws(CUDAError) -> NVRTC { throw .libraryNotFound(.compiler, searched: []) }

    private func isCompiled(_ origin: KernelCache.Origin) -> Bool {
        if case .compiled(_, kept: true) = origin { true } else { false }
    }

    @Test("the second time the code comes from disk, with or without a compiler")
    func secondTime() throws {
        try withTemporaryDirectory { folder in
            let cache = KernelCache(folder: folder + "/made/when/needed")
            #expect(!cache.holds(recipe))
            let first = try cache.cubin(for: recipe, compiler: compiler)
            #expect(isCompiled(first.origin))
            let version = try compiler().version
            #expect(cache.holds(recipe) && cache.holds(recipe, version: version))
            #expect(!cache.holds(recipe, version: "1.0"))
            let file = try #require(try files(folder + "/made/when/needed").first)
            for find in [compiler, noCompiler] {
                let again = try cache.cubin(for: recipe, compiler: find)
                #expect(again.origin == .cached(path: file))
                #expect(again.code == first.code)
            }
        }
    }

    @Test("what a compiler cannot compile is taken from another's entry")
    func otherCompiler() throws {
        try withTemporaryDirectory { folder in
            let cache = KernelCache(folder: folder)
            let unknown = KernelRecipe(source: "sanity.cu", architecture: "sm_999")
            #expect(throws: CUDAError.self) { try cache.cubin(for: unknown, compiler: compiler) }
            let key = try unknown.key(), code = Array("machine code".utf8)
            func bytes(_ value: UInt64, _ count: Int) -> [UInt8] {
                (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64($0 * 8)) }
            }
            let checksum = UInt64(code.withUnsafeBytes { CRC32C.checksum($0) })
            let path = "\(folder)/sanity.cu-sm_999-\(key.prefix(16))-99.0.cubin"
            let entry = Array("AKINCUB1".utf8) + Array(key.utf8) + bytes(UInt64(code.count), 8) + bytes(checksum, 4)
            try Data(entry + code).write(to: URL(fileURLWithPath: path))
            let found = try cache.cubin(for: unknown, compiler: compiler)
            #expect(found.origin == .cached(path: path))
            #expect(found.code == code)
        }
    }

    @Test("another architecture, macro or source is another entry")
    func keys() throws {
        let recipes = [
            recipe, KernelRecipe(source: "sanity.cu", architecture: "sm_80"),
            KernelRecipe(source: "sanity.cu", architecture: "sm_90", definitions: ["K": "1"]),
            KernelRecipe(source: "sanity.cu", architecture: "sm_90", definitions: ["K": "2"]),
        ]
        #expect(Set(try recipes.map { try $0.key() }).count == recipes.count)
        #expect(try recipe.key() == (try KernelRecipe(source: "sanity.cu", architecture: "sm_90").key()))
    }

    @Test("an entry with any byte flipped, cut short or empty is compiled again")
    func damage() throws {
        try withTemporaryDirectory { folder in
            let cache = KernelCache(folder: folder)
            let whole = try cache.cubin(for: recipe, compiler: compiler).code
            let file = try #require(try files(folder).first)
            let bytes = try Data(contentsOf: URL(fileURLWithPath: file))
            var damaged: [Data] = [Data(), bytes.prefix(50), bytes.prefix(bytes.count - 1), bytes + [0]]
            for position in [0, 10, 72, 79, 80, 84, bytes.count / 2, bytes.count - 1] {
                var copy = bytes
                copy[position] ^= 0x40
                damaged.append(copy)
            }
            for (i, data) in damaged.enumerated() {
                try data.write(to: URL(fileURLWithPath: file))
                #expect(!cache.holds(recipe), "damage \(i)")
                #expect(throws: CUDAError.libraryNotFound(.compiler, searched: [])) {
                    try cache.cubin(for: recipe, compiler: noCompiler)
                }
                let (code, origin) = try cache.cubin(for: recipe, compiler: compiler)
                #expect(isCompiled(origin), "damage \(i)")
                #expect(code == whole)
                #expect(try Data(contentsOf: URL(fileURLWithPath: file)) == bytes)
            }
            #expect(try files(folder) == [file], "nothing unfinished is left")
        }
    }

    @Test("a folder that cannot be made, and no folder, only mean compiling each time")
    func unwritable() throws {
        try withTemporaryDirectory { folder in
            let file = folder + "/a-file"
            try Data().write(to: URL(fileURLWithPath: file))
            for cache in [KernelCache(folder: file + "/below"), KernelCache(folder: nil)] {
                for _ in 0..<2 {
                    guard case .compiled(_, kept: false) = try cache.cubin(for: recipe, compiler: compiler).origin
                    else {
                        Issue.record("expected code that was compiled and not kept")
                        return
                    }
                }
            }
        }
    }
}
