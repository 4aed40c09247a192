import Akin
import Foundation

/// Any bytes, as any format of vector files: opened, described and read in whole and in part.
///
/// The first byte chooses the format, the others are the file.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzVectorFile(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let data, count > 0 else { return 0 }
    let formats = VectorFormat.allCases
    let format = formats[Int(data[0] & 0x0F) % formats.count]
    let storage = MemoryFile(UnsafeRawBufferPointer(start: data + 1, count: count - 1))
    guard let file = try? VectorFile(storage, path: "input", format: format, flattening: data[0] & 0x10 != 0) else {
        return 0
    }
    precondition(file.count >= 0 && file.dimension >= 1)
    // What was accepted lies within the file.
    precondition(file.count * file.dimension * file.elementType.byteCount <= count)
    let floats = try? file.floats()
    precondition(floats.map { $0.rows == file.count && $0.columns == file.dimension } ?? true)
    let integers = try? file.integers()
    let middle = file.count / 2
    if let part = try? file.floats(middle..<file.count), let floats {
        precondition(part.rows == file.count - middle)
        part.withUnsafeElements { a in
            floats.rows(middle..<file.count).withUnsafeElements { b in
                precondition(zip(a, b).allSatisfy { $0.bitPattern == $1.bitPattern })
            }
        }
    }
    integers?.withUnsafeElements { precondition($0.count == file.count * file.dimension) }
    return 0
}

/// Puts one file of each format and element type into the corpus folder, the last argument.
@_cdecl("LLVMFuzzerInitialize")
public func seedVectorFiles(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>>>
) -> CInt {
    let corpus = String(cString: arguments.pointee[Int(count.pointee) - 1])
    guard count.pointee > 1, !corpus.hasPrefix("-") else { return 0 }
    let matrix = Matrix<Float>([[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]])
    for (i, format) in VectorFormat.allCases.enumerated() {
        for type in ElementType.allCases where format.elementType == nil || format.elementType == type {
            let path = "\(corpus)/seed-\(type.rawValue).\(format.rawValue)"
            guard (try? VectorFile.write(matrix, to: path, elementType: type)) != nil,
                let bytes = try? Data(contentsOf: URL(fileURLWithPath: path))
            else { return 1 }
            try? (Data([UInt8(i)]) + bytes).write(to: URL(fileURLWithPath: path))
        }
    }
    return 0
}
