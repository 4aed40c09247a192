import AkinVision
import Foundation

/// Hostile archives: list every member and read it.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzTar(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let bytes = UnsafeBufferPointer(start: start, count: count)
    // Most of a header's checksum is luck; it is put right, so that what follows is reached.
    var archive = Array(bytes)
    for header in stride(from: 0, to: archive.count - 511, by: 512) where archive[header + 148] & 1 == 1 {
        for index in 148..<156 { archive[header + index] = UInt8(ascii: " ") }
        let sum = archive[header..<(header + 512)].reduce(0) { $0 + Int($1) }
        let digits = String(sum, radix: 8)
        for (index, digit) in (String(repeating: "0", count: 6 - digits.count) + digits).utf8.enumerated() {
            archive[header + 148 + index] = digit
        }
    }
    // Not with Foundation, which waits for the disk each time.
    guard let file = fopen(path, "w") else { return 0 }
    fwrite(archive, 1, archive.count, file)
    fclose(file)
    guard let source = try? TarSource(path: path) else { return 0 }
    var items = source.items()
    var members = 0
    while let item = try? items.next() {
        members += 1
        precondition(members <= count / 512, "more members than headers")
        precondition((try? item.read().count) ?? 0 <= count)
    }
    return 0
}

private let path = FileManager.default.temporaryDirectory.path + "/akin-fuzz-\(UUID().uuidString).tar"
