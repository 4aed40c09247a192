import AkinVision
import Foundation

/// Pictures for the program to work on, the same in every run.
enum Pictures {
    /// A small PNG file; each class and number gives another.
    static func png(class label: Int = 0, number: Int = 0, side: Int = 32) throws -> Data {
        let demo = DemoImages(side: side)
        return try Data(demo.image(class: label, number: number, part: .train).png())
    }

    /// Writes `perClass` pictures of some classes below `folder`, one sub-folder per class, and gives its path.
    @discardableResult
    static func folder(
        _ folder: String, classes: Int = 3, perClass: Int = 4, side: Int = 32, in scratch: Scratch
    ) throws -> String {
        for label in 0..<classes {
            for number in 0..<perClass {
                try scratch.write(
                    "\(folder)/\(DemoImages.labels[label])/\(number).png", png(class: label, number: number, side: side)
                )
            }
        }
        return scratch.path(folder)
    }

    /// A PNG header that announces a picture of this many pixels across and down, and has hardly any data.
    static func bomb(side: UInt32) -> Data {
        func bigEndian(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }
        func chunk(_ name: String, _ content: [UInt8]) -> [UInt8] {
            let body = Array(name.utf8) + content
            return bigEndian(UInt32(content.count)) + body + bigEndian(crc32(body))
        }
        let header = bigEndian(side) + bigEndian(side) + [8, 2, 0, 0, 0]
        return Data(
            [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + chunk("IHDR", header)
                + chunk("IDAT", [0x78, 0x9C, 0x03, 0x00, 0x00, 0x00, 0x00, 0x01]) + chunk("IEND", []))
    }

    private static func crc32(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(~0) { crc, byte in
            (0..<8).reduce(crc ^ UInt32(byte)) { crc, _ in crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
        }
    }

    /// A tar archive of files, in the oldest form that every reader knows.
    static func tar(_ files: [(name: String, data: Data)]) -> Data {
        var archive = Data()
        for (name, data) in files {
            var header = [UInt8](repeating: 0, count: 512)
            func put(_ text: String, at offset: Int) {
                header.replaceSubrange(offset..<offset + text.utf8.count, with: text.utf8)
            }
            func octal(_ value: Int, digits: Int) -> String {
                let text = String(value, radix: 8)
                return String(repeating: "0", count: digits - text.count) + text
            }
            put(name, at: 0)
            put(octal(0o644, digits: 7), at: 100)
            put(octal(0, digits: 7), at: 108)
            put(octal(0, digits: 7), at: 116)
            put(octal(data.count, digits: 11), at: 124)
            put(octal(0, digits: 11), at: 136)
            put("        ", at: 148)
            put("0", at: 156)
            put("ustar\u{0}00", at: 257)
            put(octal(header.reduce(0) { $0 + Int($1) }, digits: 6) + "\u{0} ", at: 148)
            archive += header + data + Data(count: (512 - data.count % 512) % 512)
        }
        return archive + Data(count: 1024)
    }
}
