import Akin
import AkinTestSupport
import Testing

@Suite("Vector writers")
struct VectorWriterTests {
    @Test("blocks of any size make the same file as one call", arguments: Storing.all)
    func blocks(_ storing: Storing) throws {
        let matrix = Matrix<Float>.randomIntegers(rows: 300, columns: 17, in: 0...127, seed: 5)
        try withTemporaryDirectory { folder in
            let one = "\(folder)/one.\(storing.format.rawValue)", many = "\(folder)/many.\(storing.format.rawValue)"
            try VectorFile.write(matrix, to: one, elementType: storing.elementType)
            let writer = try VectorWriter(path: many, dimension: 17, elementType: storing.elementType)
            for range in [0..<1, 1..<1, 1..<130, 130..<300] { try writer.append(matrix.rows(range)) }
            #expect(writer.count == 300)
            try writer.finish()
            #expect(try contents(one) == contents(many))
        }
    }

    @Test("more than the buffer holds is written whole", arguments: [VectorFormat.npy, .fvecs])
    func large(_ format: VectorFormat) throws {
        let matrix = Matrix<Float>.random(rows: 2_000, columns: 401, seed: 6)
        try withTemporaryDirectory { folder in
            let path = "\(folder)/v.\(format.rawValue)"
            let writer = try VectorWriter(path: path, dimension: 401)
            for start in [0, 1, 900, 1_999] {
                let end = start == 0 ? 1 : start == 1 ? 900 : start == 900 ? 1_999 : 2_000
                try writer.append(matrix.rows(start..<end))
            }
            try writer.finish()
            #expect(try VectorFile(path: path).floats() == matrix)
        }
    }

    @Test(
        "a value that the element type cannot hold is refused and leaves no row",
        arguments: [
            (ElementType.uint8, Float(256)), (.uint8, -1), (.uint8, 0.5), (.uint8, .nan), (.int8, 128), (.int8, -129),
            (.int32, 2_147_483_648), (.int64, .infinity), (.float16, 70_000),
        ])
    func misfits(_ type: ElementType, value: Float) throws {
        try withTemporaryDirectory { folder in
            let path = "\(folder)/v.npy"
            let writer = try VectorWriter(path: path, dimension: 2, elementType: type)
            try writer.append(Matrix<Float>([[1, 2]]))
            let error = #expect(throws: FileError.self) { try writer.append(Matrix([[3, 4], [5, value]])) }
            #expect(error?.code == .valueOutOfRange)
            #expect(error?.message.contains("row 2, component 1 is \(value)") == true)
            try writer.append(Matrix<Float>([[7, 8]]))
            try writer.finish()
            #expect(try VectorFile(path: path).floats() == Matrix([[1, 2], [7, 8]]))
        }
    }

    @Test("rows of another dimension are refused")
    func otherDimension() throws {
        try withTemporaryDirectory { folder in
            let writer = try VectorWriter(path: "\(folder)/v.npy", dimension: 3)
            let error = #expect(throws: FileError.self) { try writer.append(Matrix<Float>([[1, 2]])) }
            #expect(error?.code == .mismatch)
            #expect(error?.message == "expected rows of dimension 3, got 2")
        }
    }

    @Test("element types and counts that a format cannot hold are refused")
    func formatLimits() throws {
        try withTemporaryDirectory { folder in
            #expect(throws: FileError.self) {
                try VectorWriter(path: "\(folder)/v.fvecs", dimension: 3, elementType: .uint8)
            }
            #expect(throws: FileError.self) { try VectorWriter(path: "\(folder)/v.npy", dimension: 0) }
            #expect(throws: FileError.self) { try VectorWriter(path: "\(folder)/v.npy", dimension: 1 << 25) }
            let empty = try VectorWriter(path: "\(folder)/v.fvecs", dimension: 3)
            let error = #expect(throws: FileError.self) { try empty.finish() }
            #expect(error?.code == .valueOutOfRange)
        }
    }

    @Test("a dropped writer leaves nothing")
    func droppedWriter() throws {
        try withTemporaryDirectory { folder in
            do {
                let writer = try VectorWriter(path: "\(folder)/v.npy", dimension: 2)
                try writer.append(Matrix<Float>([[1, 2]]))
                #expect(try listing(folder).count == 1)
            }
            #expect(try listing(folder) == [])
        }
    }

    // MARK: - Resuming

    @Test("an interrupted file is gone on with", arguments: [ElementType.float32, .float16, .uint8])
    func resume(_ type: ElementType) throws {
        let matrix = Matrix<Float>.randomIntegers(rows: 10, columns: 3, seed: 9)
        try withTemporaryDirectory { folder in
            let path = "\(folder)/v.npy"
            do {
                let writer = try VectorWriter(resuming: path, dimension: 3, elementType: type)
                #expect(writer.count == 0)
                try writer.append(matrix.rows(0..<6))
                try writer.synchronize()
            }
            #expect(try listing(folder) == ["v.npy.partial"])
            let writer = try VectorWriter(resuming: path, dimension: 3, elementType: type)
            #expect(writer.count == 6)
            try writer.truncate(to: 4)
            #expect(writer.count == 4)
            try writer.append(matrix.rows(4..<10))
            try writer.finish()
            #expect(try listing(folder) == ["v.npy"])
            #expect(try VectorFile(path: path).floats() == matrix)
        }
    }

    @Test(
        "an unfinished file cut anywhere resumes with its whole rows", arguments: [0, 1, 127, 128, 129, 139, 140, 151])
    func resumeAfterCut(_ length: Int) throws {
        let matrix = Matrix<Float>.random(rows: 2, columns: 3, seed: 9)
        try withTemporaryDirectory { folder in
            let path = "\(folder)/v.npy"
            do {
                let writer = try VectorWriter(resuming: path, dimension: 3)
                try writer.append(matrix)
                try writer.synchronize()
            }
            let partial = try contents(VectorWriter.unfinishedPath(for: path))
            try store(Array(partial[..<length]), at: VectorWriter.unfinishedPath(for: path))
            let writer = try VectorWriter(resuming: path, dimension: 3)
            #expect(writer.count == max(0, length - 128) / 12)
            try writer.append(matrix.rows(writer.count..<2))
            try writer.finish()
            #expect(try VectorFile(path: path).floats() == matrix)
        }
    }

    @Test("an unfinished file of another dimension or type is refused and kept")
    func resumeMismatch() throws {
        try withTemporaryDirectory { folder in
            let path = "\(folder)/v.npy"
            do {
                let writer = try VectorWriter(resuming: path, dimension: 3)
                try writer.append(Matrix<Float>([[1, 2, 3]]))
                try writer.synchronize()
            }
            let before = try contents(VectorWriter.unfinishedPath(for: path))
            for (dimension, type) in [(4, ElementType.float32), (3, .float16)] {
                let error = #expect(throws: FileError.self) {
                    try VectorWriter(resuming: path, dimension: dimension, elementType: type)
                }
                #expect(error?.code == .mismatch)
                #expect(error?.path == VectorWriter.unfinishedPath(for: path))
            }
            #expect(try contents(VectorWriter.unfinishedPath(for: path)) == before)
        }
    }

    @Test("two writers of one unfinished file are refused")
    func resumeTwice() throws {
        try withTemporaryDirectory { folder in
            let first = try VectorWriter(resuming: "\(folder)/v.npy", dimension: 3)
            let error = #expect(throws: FileError.self) {
                try VectorWriter(resuming: "\(folder)/v.npy", dimension: 3)
            }
            #expect(error?.code == .busy)
            try first.finish()
        }
    }

    @Test("only .npy can be resumed")
    func resumeOtherFormat() throws {
        try withTemporaryDirectory { folder in
            let error = #expect(throws: FileError.self) {
                try VectorWriter(resuming: "\(folder)/v.fvecs", dimension: 3)
            }
            #expect(error?.code == .unsupported)
            try #expect(listing(folder).isEmpty)
        }
    }
}
