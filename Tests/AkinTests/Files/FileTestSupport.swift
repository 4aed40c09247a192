import Akin
import Foundation

/// All bytes of a file.
func contents(_ path: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(fileURLWithPath: path)))
}

/// Makes a file of these bytes, without help of the code under test.
func store(_ bytes: [UInt8], at path: String) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: path))
}

/// Opens bytes as a file of vectors.
func open(_ bytes: [UInt8], as format: VectorFormat, flattening: Bool = false) throws(FileError) -> VectorFile {
    let storage = bytes.withUnsafeBytes { MemoryFile($0) }
    return try VectorFile(storage, path: "memory.\(format.rawValue)", format: format, flattening: flattening)
}

/// Names in a folder, sorted.
func listing(_ folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
}

/// The little-endian bytes of a number.
func bytes<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
    (0..<MemoryLayout<T>.size).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
}

/// A `.npy` file of version 1 with this dictionary and these bytes after it.
func npy(_ dictionary: String, version: [UInt8] = [1, 0], data: [UInt8] = []) -> [UInt8] {
    let text = Array(dictionary.utf8)
    let length = version[0] == 1 ? bytes(UInt16(text.count)) : bytes(UInt32(text.count))
    return [0x93] + Array("NUMPY".utf8) + version + length + text + data
}
