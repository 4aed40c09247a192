import Akin
import AkinTestSupport
import CAkinKernels
import Testing

@Suite("Scalar quantizer")
struct ScalarQuantizerTests {
    /// Ranges 0...15, so that steps of 4 bits are whole numbers.
    private func quantizer(_ kind: IndexSpec.ScalarType, dimension: Int) throws -> ScalarQuantizer {
        try .train(kind, Matrix([[Float](repeating: 0, count: dimension), [Float](repeating: 15, count: dimension)]))
    }

    @Test("packs 4 bits with the even component in the lower half")
    func packsFourBits() throws {
        let quantizer = try quantizer(.bits4, dimension: 5)
        let codes = try quantizer.encode(Matrix([[1, 2, 3, 15, 7]]))
        #expect(codes[0] == [0x21, 0xf3, 0x07])
        #expect(try quantizer.decode(codes)[0] == [1.5, 2.5, 3.5, 15.5, 7.5])
    }

    @Test("packs four codes of 6 bits in three bytes")
    func packsSixBits() throws {
        // Codes 1, 2, 3, 63 and 5 of 0...63.
        let quantizer = try ScalarQuantizer(
            .bits6, dimension: 5, ranges: Matrix([[0, 0, 0, 0, 0], [63, 63, 63, 63, 63]]))
        let codes = try quantizer.encode(Matrix([[1, 2, 3, 63, 5]]))
        // 000001 | 10 0000 -> 1 + (2 << 6) = 0x81; (2 >> 2) + (3 << 4) = 0x30; 63 << 2 = 0xfc; 5
        #expect(codes[0] == [0x81, 0x30, 0xfc, 0x05])
        #expect(codes.columns == quantizer.codeByteCount)
        #expect(try quantizer.decode(codes)[0] == [1.5, 2.5, 3.5, 63.5, 5.5])
    }

    @Test("keeps values beyond the trained range at its ends")
    func clamps() throws {
        let quantizer = try quantizer(.bits8, dimension: 2)
        #expect(try quantizer.encode(Matrix([[-3, 99], [0, 15]]))[0] == [0, 255])
        #expect(try quantizer.encode(Matrix([[7.5, 14.99]]))[0] == [127, 254])
    }

    @Test("codes a constant component as its value")
    func constantComponent() throws {
        for kind in [IndexSpec.ScalarType.bits8, .bits6, .bits4] {
            let quantizer = try ScalarQuantizer.train(kind, Matrix([[3, 1], [3, 2]]))
            #expect(try quantizer.decode(quantizer.encode(Matrix([[3, 1], [5, 2]])))[1, 0] == 3)
        }
    }

    @Test("stores 16-bit floats in the order of the machine, rounded to the nearest")
    func packsFloats() throws {
        let half = try ScalarQuantizer.train(.float16, Matrix(rows: 0, columns: 3) { _ in })
        #expect(try half.encode(Matrix([[1, -2, 70_000]]))[0] == [0x00, 0x3c, 0x00, 0xc0, 0xff, 0x7b])
        #expect(try half.decode(half.encode(Matrix([[1, -2, 0.1]])))[0, 2] == Float(Float16(0.1)))
        let brain = try ScalarQuantizer.train(.bfloat16, Matrix(rows: 0, columns: 3) { _ in })
        #expect(try brain.encode(Matrix([[1, -2, .greatestFiniteMagnitude]]))[0] == [0x80, 0x3f, 0, 0xc0, 0x7f, 0x7f])
        // 1 + 2^-8 lies between two codes, the even one is 1; 1 + 3 * 2^-8 goes up.
        #expect(try brain.decode(brain.encode(Matrix([[1 + 0x1p-8, 1 + 3 * 0x1p-8, 0]])))[0] == [1, 1 + 0x1p-6, 0])
    }

    @Test(
        "stays within half a step of what it codes", arguments: [IndexSpec.ScalarType.bits8, .bits6, .bits4],
        [1, 3, 17, 100])
    func errorIsBounded(_ kind: IndexSpec.ScalarType, _ dimension: Int) throws {
        let x = Matrix.random(rows: 50, columns: dimension, seed: 3)
        let quantizer = try ScalarQuantizer.train(kind, x)
        let y = try quantizer.decode(quantizer.encode(x))
        let levels = Float((1 << kind.bits) - 1)
        var worst: Float = 0
        for i in 0..<x.rows {
            for d in 0..<dimension {
                worst = max(worst, abs(x[i, d] - y[i, d]) / quantizer.ranges[1, d] * levels)
            }
        }
        #expect(worst > 0.2 && worst < 0.501)
    }

    @Test("refuses what it cannot code")
    func refuses() throws {
        #expect(throws: IndexError.empty) {
            try ScalarQuantizer.train(.bits8, Matrix(rows: 0, columns: 3) { _ in })
        }
        #expect(throws: IndexError.notFinite(row: 0, column: 1)) {
            try ScalarQuantizer.train(.bits8, Matrix([[1, .nan]]))
        }
        let quantizer = try quantizer(.bits8, dimension: 2)
        #expect(throws: IndexError.dimensionMismatch(expected: 2, actual: 3)) {
            try quantizer.encode(Matrix([[1, 2, 3]]))
        }
        #expect(throws: IndexError.notFinite(row: 0, column: 0)) { try quantizer.encode(Matrix([[.infinity, 1]])) }
        #expect(throws: IndexError.dimensionMismatch(expected: 2, actual: 3)) {
            try quantizer.decode(Matrix<UInt8>([[1, 2, 3]]))
        }
        #expect(throws: IndexError.notFinite(row: 1, column: 0)) {
            try ScalarQuantizer(.bits8, dimension: 1, ranges: Matrix([[0], [-1]]))
        }
        #expect(throws: IndexError.dimensionMismatch(expected: 2, actual: 1)) {
            try ScalarCodec(.bits8, dimension: 2, tables: [Matrix([[0], [1]])])
        }
        #expect(throws: IndexError.self) { try ScalarCodec(.float16, dimension: 2, tables: [Matrix([[0], [1]])]) }
        #expect(throws: IndexError.self) { try ScalarCodec(.bits4, dimension: 2, tables: []) }
    }
}
