import Akin
import AkinTestSupport
import Foundation
import Testing

/// One way to store vectors.
struct Storing: Sendable, CustomTestStringConvertible {
    var format: VectorFormat
    var elementType: ElementType

    var testDescription: String { "\(format.rawValue) of \(elementType.rawValue)" }

    static let all: [Storing] = VectorFormat.allCases.flatMap { format in
        ElementType.allCases.filter { format.elementType == nil || format.elementType == $0 }
            .map { Storing(format: format, elementType: $0) }
    }
}

@Suite("Vector files")
struct VectorFileTests {
    @Test("what is written is read", arguments: Storing.all, [(1, 1), (1, 7), (5, 3), (1000, 33)])
    func roundTrip(_ storing: Storing, shape: (Int, Int)) throws {
        let matrix = Matrix<Float>.randomIntegers(rows: shape.0, columns: shape.1, in: 0...127, seed: 7)
        try withTemporaryDirectory { folder in
            let path = "\(folder)/vectors.\(storing.format.rawValue)"
            try VectorFile.write(matrix, to: path, elementType: storing.elementType)
            let file = try VectorFile(path: path)
            #expect(file.format == storing.format)
            #expect(file.elementType == storing.elementType)
            #expect((file.count, file.dimension) == shape)
            #expect(try file.byteCount == contents(path).count)
            #expect(try file.floats() == matrix)
            #expect(try listing(folder) == ["vectors.\(storing.format.rawValue)"])
        }
    }

    @Test("any range of rows is read, the empty one too", arguments: Storing.all)
    func ranges(_ storing: Storing) throws {
        let matrix = Matrix<Float>.randomIntegers(rows: 23, columns: 5, in: 0...127, seed: 8)
        try withTemporaryDirectory { folder in
            let path = "\(folder)/vectors.\(storing.format.rawValue)"
            try VectorFile.write(matrix, to: path, elementType: storing.elementType)
            let file = try VectorFile(path: path)
            for range in [0..<23, 0..<0, 23..<23, 4..<5, 20..<23, 7..<19] {
                #expect(try file.floats(range) == matrix.rows(range))
            }
        }
    }

    @Test("whole numbers are read as such", arguments: Storing.all)
    func integers(_ storing: Storing) throws {
        let matrix = Matrix<Int32>([[0, 1, 127], [5, 4, 3]])
        try withTemporaryDirectory { folder in
            let path = "\(folder)/ids.\(storing.format.rawValue)"
            try VectorFile.write(matrix, to: path, elementType: storing.elementType)
            let file = try VectorFile(path: path)
            if storing.elementType == .float32 || storing.elementType == .float16 {
                #expect(throws: FileError.self) { try file.integers() }
            } else {
                #expect(try file.integers() == matrix)
                #expect(try file.integers(1..<2) == matrix.rows(1..<2))
            }
        }
    }

    @Test("floats in one piece are not copied", arguments: [("npy", 128), ("fbin", 8)])
    func viewsShareTheMapping(_ format: String, headerByteCount: Int) throws {
        try withTemporaryDirectory { folder in
            let path = "\(folder)/vectors.\(format)"
            try VectorFile.write(Matrix<Float>.random(rows: 10, columns: 6, seed: 1), to: path)
            let file = try VectorFile(path: path)
            let whole = try file.floats(), again = try file.floats(), tail = try file.floats(3..<10)
            let start = whole.withUnsafeElements { Int(bitPattern: $0.baseAddress) }
            #expect(again.withUnsafeElements { Int(bitPattern: $0.baseAddress) } == start)
            #expect(tail.withUnsafeElements { Int(bitPattern: $0.baseAddress) } == start + 3 * 6 * 4)
            #expect(start % 4096 == headerByteCount)
        }
    }

    @Test("a view outlives the file object and the file's name")
    func viewKeepsBytesAlive() throws {
        let matrix = Matrix<Float>.random(rows: 100, columns: 50, seed: 2)
        let view = try withTemporaryDirectory { folder in
            try VectorFile.write(matrix, to: "\(folder)/v.npy")
            return try VectorFile(path: "\(folder)/v.npy").floats()
        }
        #expect(view == matrix)
    }

    @Test("a file larger than memory is walked by blocks")
    func largerThanMemory() throws {
        try withTemporaryDirectory { folder in
            // 64 GiB that occupy a few blocks of the disk: all zeros but the last row.
            let path = "\(folder)/sparse.u8bin"
            let rows = 1 << 26, dimension = 1_024
            try store(bytes(UInt32(rows)) + bytes(UInt32(dimension)), at: path)
            let handle = try #require(FileHandle(forWritingAtPath: path))
            try handle.seek(toOffset: UInt64(8 + (rows - 1) * dimension))
            try handle.write(contentsOf: Data([UInt8](repeating: 9, count: dimension)))
            try handle.close()
            let file = try VectorFile(path: path)
            #expect(file.byteCount == 8 + rows * dimension)
            for start in stride(from: 0, to: rows, by: rows / 8) {
                #expect(
                    try file.floats(start..<start + 10) == .randomIntegers(rows: 10, columns: 1_024, in: 0...0, seed: 0)
                )
            }
            let last = try file.floats(rows - 2..<rows)
            #expect(last[0] == [Float](repeating: 0, count: dimension))
            #expect(last[1] == [Float](repeating: 9, count: dimension))
        }
    }

    @Test("floats that do not begin at a multiple of 4 are copied")
    func unalignedFloats() throws {
        let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2)}"
        for blanks in 0..<4 {
            let dictionary = header + String(repeating: " ", count: blanks) + "\n"
            let data = bytes(Float(1.5).bitPattern) + bytes(Float(-2).bitPattern)
            #expect(try open(npy(dictionary, data: data), as: .npy).floats() == Matrix([[1.5, -2]]))
        }
    }

    @Test("all 65536 half-precision numbers are read exactly")
    func halfPrecision() throws {
        let dictionary = "{'descr': '<f2', 'fortran_order': False, 'shape': (256, 256), }\n"
        let data = (0...UInt16.max).flatMap { bytes($0) }
        let floats = try open(npy(dictionary, data: data), as: .npy).floats()
        floats.withUnsafeElements { values in
            for pattern in 0...UInt16.max {
                let expected = Float(Float16(bitPattern: pattern))
                let actual = values[Int(pattern)]
                if actual.bitPattern != expected.bitPattern && !(actual.isNaN && expected.isNaN) {
                    Issue.record("pattern \(pattern): expected \(expected), read \(actual)")
                }
            }
        }
    }

    @Test("half precision is stored as the nearest, and overflow is refused")
    func halfPrecisionRounding() throws {
        try withTemporaryDirectory { folder in
            let path = "\(folder)/v.npy"
            let values: [Float] = [0.1, -0.1, 65_504, 1e-8, 5.96e-8, .infinity, -.infinity]
            try VectorFile.write(Matrix([values]), to: path, elementType: .float16)
            #expect(try VectorFile(path: path).floats()[0] == values.map { Float(Float16($0)) })
            let error = #expect(throws: FileError.self) {
                try VectorFile.write(Matrix<Float>([[0, 65_536]]), to: path, elementType: .float16)
            }
            #expect(error?.code == .valueOutOfRange)
        }
    }

    @Test("a one-dimensional array is one vector")
    func oneDimensional() throws {
        let file = try open(
            npy("{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }", data: [7, 8, 9]), as: .npy)
        #expect((file.count, file.dimension) == (1, 3))
        #expect(try file.floats() == Matrix([[7, 8, 9]]))
    }

    @Test("three axes are refused unless flattened")
    func threeAxes() throws {
        let array = npy(
            "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 2, 3), }", data: Array(0..<12))
        let error = #expect(throws: FileError.self) { try open(array, as: .npy) }
        #expect(error?.code == .unsupported)
        #expect(error?.message.contains("(2, 2, 3)") == true)
        let file = try open(array, as: .npy, flattening: true)
        #expect((file.count, file.dimension) == (2, 6))
        #expect(try file.floats()[1] == [6, 7, 8, 9, 10, 11])
    }

    @Test("an empty .npy and .fbin keep their dimension", arguments: ["npy", "fbin", "u8bin", "i8bin"])
    func emptyFiles(_ format: String) throws {
        try withTemporaryDirectory { folder in
            let path = "\(folder)/empty.\(format)"
            try VectorFile.write(Matrix<Float>.random(rows: 0, columns: 5, seed: 0), to: path)
            let file = try VectorFile(path: path)
            #expect((file.count, file.dimension) == (0, 5))
            #expect(try file.floats().rows == 0)
        }
    }

    @Test("ids beyond 32 bits and floats beyond 24 bits are refused, not rounded")
    func conversionsAreExact() throws {
        let large = npy(
            "{'descr': '<i8', 'fortran_order': False, 'shape': (1, 2), }", data: bytes(Int64(5)) + bytes(Int64(1) << 40)
        )
        let ids = #expect(throws: FileError.self) { try open(large, as: .npy).integers() }
        #expect(ids?.code == .valueOutOfRange)
        #expect(ids?.message.contains("row 0, component 1 is 1099511627776") == true)
        #expect(try open(large, as: .npy).floats() == Matrix([[5, 1_099_511_627_776]]))
        let odd = npy(
            "{'descr': '<i4', 'fortran_order': False, 'shape': (1, 1), }", data: bytes(Int32(16_777_217)))
        let floats = #expect(throws: FileError.self) { try open(odd, as: .npy).floats() }
        #expect(floats?.code == .valueOutOfRange)
    }

    @Test("an extension is read in any case, an unknown one is refused")
    func extensions() throws {
        #expect(try VectorFormat(path: "/a.b/c.FVECS") == .fvecs)
        for path in ["vectors", "a.npy/vectors", "vectors.csv", "", "npy", "x."] {
            let error = #expect(throws: FileError.self) { try VectorFormat(path: path) }
            #expect(error?.code == .unknownFormat)
            #expect(error?.message.contains(".fvecs") == true)
        }
    }
}
