import Akin
import AkinTestSupport
import Foundation
import Testing

@Suite("Damaged vector files")
struct VectorFileDamageTests {
    @Test(
        "a file cut anywhere is an error, or a shorter whole file where rows carry their dimension",
        arguments: Storing.all)
    func truncation(_ storing: Storing) throws {
        let matrix = Matrix<Float>.randomIntegers(rows: 4, columns: 3, in: 0...127, seed: 3)
        let whole = try withTemporaryDirectory { folder in
            let path = "\(folder)/v.\(storing.format.rawValue)"
            try VectorFile.write(matrix, to: path, elementType: storing.elementType)
            return try contents(path)
        }
        let hasRowHeaders = [.fvecs, .bvecs, .ivecs].contains(storing.format)
        let stride = 4 + 3 * storing.elementType.byteCount
        for length in 0..<whole.count {
            let cut = Array(whole[..<length])
            if hasRowHeaders && length > 0 && length % stride == 0 {
                #expect(try open(cut, as: storing.format).floats() == matrix.rows(0..<length / stride))
            } else {
                let error = #expect(throws: FileError.self) { try open(cut, as: storing.format) }
                #expect(error?.code == .truncated)
            }
        }
        let error = #expect(throws: FileError.self) { try open(whole + [0], as: storing.format) }
        #expect(error?.code == (hasRowHeaders ? .truncated : .malformed))
    }

    @Test("any flipped bit of the header is an error or other vectors of the same size, never more")
    func flippedHeaderBits() throws {
        let matrix = Matrix<Float>.random(rows: 3, columns: 4, seed: 4)
        for format in [VectorFormat.npy, .fvecs, .fbin] {
            let whole = try withTemporaryDirectory { folder in
                try VectorFile.write(matrix, to: "\(folder)/v.\(format.rawValue)")
                return try contents("\(folder)/v.\(format.rawValue)")
            }
            for bit in 0..<(format == .npy ? 128 : 8) * 8 {
                var bytes = whole
                bytes[bit / 8] ^= 1 << (bit % 8)
                if let floats = try? open(bytes, as: format).floats() {
                    #expect(floats.rows * floats.columns * 4 <= whole.count)
                }
            }
        }
    }

    @Test(
        "counts that lie are refused before anything is allocated",
        arguments: [
            (UInt32(3), UInt32(1 << 20)), (.max, 1), (.max, .max), (1, .max), (0x8000_0000, 8), (0, 0), (3, 0),
            (0, .max),
            (2, 3), (4, 3), (3, 2),
        ])
    func lyingBinHeader(_ count: UInt32, _ dimension: UInt32) throws {
        let file = bytes(count) + bytes(dimension) + [UInt8](repeating: 1, count: 9)
        #expect(throws: FileError.self) { try open(file, as: .u8bin) }
    }

    @Test("dimensions that lie are refused", arguments: [Int32(0), -1, .min, .max, 1 << 24, (1 << 24) + 1, 7])
    func lyingVecsDimension(_ dimension: Int32) throws {
        for format in [VectorFormat.fvecs, .bvecs, .ivecs] {
            #expect(throws: FileError.self) {
                try open(bytes(dimension) + [UInt8](repeating: 0, count: 16), as: format)
            }
        }
    }

    @Test("every row's dimension is checked, and the row is named", arguments: [0, 1, 2])
    func rowDimension(_ row: Int) throws {
        var file = (0..<3).flatMap { _ in bytes(Int32(2)) + bytes(Float(1).bitPattern) + bytes(Float(2).bitPattern) }
        file[row * 12] = row == 0 ? 5 : 3
        let error = #expect(throws: FileError.self) { try open(file, as: .fvecs).floats() }
        #expect(error?.offset == (row == 0 ? 24 : row * 12))
        if row > 0 {
            #expect(error?.message == "expected dimension 2 in row \(row) as in the first, found 3")
            #expect(try open(file, as: .fvecs).floats(0..<row).rows == row)
        }
    }

    @Test(
        "shapes that lie are refused before anything is allocated",
        arguments: [
            "(3, 4)", "(1, 13)", "(9223372036854775807, 4)", "(9223372036854775807, 9223372036854775807)",
            "(4611686018427387904, 4)", "(99999999999999999999999, 4)", "(-1, 4)", "(0, 0)", "(12, 0)", "()",
            "(0, 9223372036854775807)", "(1.5, 2)", "(None, 4)", "4", "[3, 4]", "(3 4)", "(,)",
        ])
    func lyingShape(_ shape: String) throws {
        let array = npy(
            "{'descr': '<f4', 'fortran_order': False, 'shape': \(shape), }", data: [UInt8](repeating: 0, count: 44))
        #expect(throws: FileError.self) { try open(array, as: .npy) }
        #expect(throws: FileError.self) { try open(array, as: .npy, flattening: true) }
    }

    @Test("a missing file, a folder and a device are named for what they are")
    func notAFile() throws {
        try withTemporaryDirectory { folder in
            let missing = #expect(throws: FileError.self) { try VectorFile(path: "\(folder)/none.npy") }
            #expect(missing?.code == .notFound)
            #expect(missing?.description == "\(folder)/none.npy: cannot open: No such file or directory")
            try FileManager.default.createDirectory(atPath: "\(folder)/d.npy", withIntermediateDirectories: false)
            let directory = #expect(throws: FileError.self) { try VectorFile(path: "\(folder)/d.npy") }
            #expect(directory?.code == .notRegularFile)
            #expect(directory?.message == "expected a file, this is a folder")
            let device = #expect(throws: FileError.self) { try MappedFile(path: "/dev/null") }
            #expect(device?.code == .notRegularFile)
            #expect(mkfifo("\(folder)/pipe.npy", 0o600) == 0)
            let pipe = #expect(throws: FileError.self) { try VectorFile(path: "\(folder)/pipe.npy") }
            #expect(pipe?.code == .notRegularFile)
        }
    }
}
