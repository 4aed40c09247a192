/// The pictures in a tar archive (ustar, GNU, pax; not compressed), in the order they were written.
///
/// Only the headers are read when it is listed; each picture is then read at its offset, from any thread. The file stays
/// open while the source or one of its items lives. Hidden members, links and names without a picture's ending are passed
/// over. The end mark is required: an archive without one was cut off.
public struct TarSource: ImageSource {
    /// The archive.
    public var path: String { file.path }

    /// Not known without a walk.
    public var count: Int? { nil }

    private let file: RegularFile

    /// Opens an archive.
    ///
    /// - Throws: `ImageSourceError.unreadable`.
    public init(path: String) throws(ImageSourceError) {
        do {
            file = try RegularFile(path: path)
        } catch {
            throw .unreadable(path: path, reason: error.reason)
        }
    }

    init(file: RegularFile) { self.file = file }

    /// Lists the pictures by walking from header to header.
    public func items() -> any ImageItems { Items(file: file) }

    private struct Items: ImageItems {
        /// Names and attributes longer than this are refused.
        static let longestText = 1 << 20

        let file: RegularFile
        var offset = 0
        var index = 0
        var ended = false

        mutating func next() throws(ImageSourceError) -> ImageItem? {
            var longName: [UInt8]?
            var paxName: [UInt8]?
            var paxLength: Int?
            while !ended {
                let start = offset
                guard let header = try header() else { break }
                let length = header.kind == .file || header.kind == .sparse ? paxLength ?? header.length : header.length
                try advance(over: length, from: start, member: longName ?? paxName ?? header.name)
                let data = start + TarHeader.size
                switch header.kind {
                case .longName:
                    longName = Array(try text(at: data, length: length, header: start).prefix { $0 != 0 })
                    continue
                case .attributes:
                    let records = try text(at: data, length: length, header: start)
                    do throws(TarHeader.Damage) {
                        paxName =
                            try TarHeader.attribute("path", in: records).map { Array($0.prefix { $0 != 0 }) } ?? paxName
                        if let size = try TarHeader.attribute("size", in: records) {
                            guard let size = Int(String(decoding: size, as: UTF8.self)), size >= 0 else {
                                throw TarHeader.Damage(reason: "the size in a pax record is not a number")
                            }
                            paxLength = size
                        }
                    } catch {
                        throw .damagedTar(path: file.path, offset: start, reason: error.reason)
                    }
                    continue
                case .extra: continue
                case .file, .sparse, .other: break
                }
                let name = TarHeader.plainName(paxName ?? longName ?? header.name)
                (longName, paxName, paxLength) = (nil, nil, nil)
                guard header.kind != .other, Items.isShown(name) else { continue }
                guard header.kind == .file else {
                    throw .damagedTar(path: file.path, offset: start, reason: "sparse members are not read")
                }
                defer { index += 1 }
                return item(String(decoding: name, as: UTF8.self), at: data, length: length)
            }
            if index == 0 { throw .noImages(path: file.path) }
            return nil
        }

        /// The header at `offset`; nil at the end mark.
        private mutating func header() throws(ImageSourceError) -> TarHeader? {
            let block = try read(at: offset, count: TarHeader.size)
            guard block.count == TarHeader.size else {
                throw .truncatedTar(path: file.path, offset: min(offset, file.size), member: nil)
            }
            if block.allSatisfy({ $0 == 0 }) {
                ended = true
                return nil
            }
            do {
                return try TarHeader(block)
            } catch {
                throw .damagedTar(path: file.path, offset: offset, reason: error.reason)
            }
        }

        /// Steps to the next header; the data in between must lie within the file.
        private mutating func advance(over length: Int, from start: Int, member: [UInt8]) throws(ImageSourceError) {
            guard length <= file.size - start - TarHeader.size else {
                throw .truncatedTar(path: file.path, offset: start, member: String(decoding: member, as: UTF8.self))
            }
            offset = start + TarHeader.size + (length + TarHeader.size - 1) / TarHeader.size * TarHeader.size
        }

        private func text(at data: Int, length: Int, header: Int) throws(ImageSourceError) -> [UInt8] {
            guard length <= Items.longestText else {
                throw .damagedTar(path: file.path, offset: header, reason: "a name or attribute of \(length) bytes")
            }
            return try read(at: data, count: length)
        }

        private func read(at offset: Int, count: Int) throws(ImageSourceError) -> [UInt8] {
            do {
                return try file.read(at: offset, count: count)
            } catch {
                throw .unreadable(path: file.path, reason: error.reason)
            }
        }

        private func item(_ name: String, at data: Int, length: Int) -> ImageItem {
            let file = file
            return ImageItem(index: index, path: name) { () throws(ImageSourceError) in
                let shown = "\(file.path): \(name)"
                if length > ImageItem.largestFile {
                    throw .tooLarge(path: shown, bytes: length, limit: ImageItem.largestFile)
                }
                let bytes: [UInt8]
                do throws(RegularFile.Failure) {
                    bytes = try file.read(at: data, count: length)
                } catch {
                    throw .unreadable(path: shown, reason: error.reason)
                }
                guard bytes.count == length else {
                    throw .truncatedTar(path: file.path, offset: data - TarHeader.size, member: name)
                }
                return bytes
            }
        }

        /// Whether the last part has a picture's name and no part is hidden.
        private static func isShown(_ name: [UInt8]) -> Bool {
            let parts = name.split(separator: UInt8(ascii: "/"))
            guard let last = parts.last, ImageItem.isImageName(last) else { return false }
            return parts.allSatisfy { $0.first != UInt8(ascii: ".") }
        }
    }
}
