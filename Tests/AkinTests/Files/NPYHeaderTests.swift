import Akin
import AkinTestSupport
import Testing

@Suite(".npy headers")
struct NPYHeaderTests {
    /// Written by NumPy 2.4: `numpy.save(file, numpy.zeros(shape, type))`, text between the lengths and the blanks.
    static let goldens: [(ElementType, rows: Int, columns: Int, text: String)] = [
        (.float32, 3, 4, "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }"),
        (.float16, 1_000, 384, "{'descr': '<f2', 'fortran_order': False, 'shape': (1000, 384), }"),
        (.uint8, 0, 128, "{'descr': '|u1', 'fortran_order': False, 'shape': (0, 128), }"),
        (.int8, 12, 7, "{'descr': '|i1', 'fortran_order': False, 'shape': (12, 7), }"),
        (.int32, 10, 100, "{'descr': '<i4', 'fortran_order': False, 'shape': (10, 100), }"),
        (.int64, 1, 1, "{'descr': '<i8', 'fortran_order': False, 'shape': (1, 1), }"),
    ]

    @Test("files begin byte for byte as NumPy's", arguments: goldens)
    func goldenHeader(_ type: ElementType, rows: Int, columns: Int, text: String) throws {
        try withTemporaryDirectory { folder in
            let path = "\(folder)/v.npy"
            try VectorFile.write(
                Matrix<Float>.randomIntegers(rows: rows, columns: columns, seed: 0), to: path, elementType: type)
            let blanks = String(repeating: " ", count: 117 - text.utf8.count)
            let expected = [0x93] + Array("NUMPY".utf8) + [1, 0, 0x76, 0] + Array("\(text)\(blanks)\n".utf8)
            #expect(Array(try contents(path)[..<128]) == expected)
        }
    }

    @Test(
        "versions 1, 2 and 3 are read, others are named",
        arguments: [
            ([1, 0], nil), ([2, 0], nil), ([3, 0], nil), ([4, 0], "4.0"), ([1, 1], "1.1"), ([0, 0], "0.0"),
        ] as [([UInt8], String?)])
    func versions(_ version: [UInt8], refusedAs name: String?) throws {
        let array = npy("{'descr': '|u1', 'fortran_order': False, 'shape': (1, 1), }\n", version: version, data: [9])
        if let name {
            let error = #expect(throws: FileError.self) { try open(array, as: .npy) }
            #expect(error?.code == .unsupportedVersion)
            #expect(error?.message.contains("found \(name)") == true)
        } else {
            #expect(try open(array, as: .npy).floats() == Matrix([[9]]))
        }
    }

    @Test(
        "every spelling that Python allows is read",
        arguments: [
            "{'descr': '|u1', 'fortran_order': False, 'shape': (1, 2)}",
            "{'shape': (1, 2), 'fortran_order': False, 'descr': '|u1'}",
            "{\"descr\":\"|u1\",\"fortran_order\":False,\"shape\":(1,2,)}",
            "  { 'descr' :\t'|u1' , 'fortran_order' : False , 'shape' : ( 1 , 2 , ) , } \n\n",
            "{'descr': '<u1', 'fortran_order': False, 'shape': (1L, 2L), }",
        ])
    func spellings(_ dictionary: String) throws {
        #expect(try open(npy(dictionary, data: [3, 4]), as: .npy).floats() == Matrix([[3, 4]]))
    }

    @Test(
        "arrays of another kind are refused by name",
        arguments: [
            ("'>f4'", "False", "big-endian '>f4'"), ("'|O'", "False", "Python objects '|O'"),
            ("'<f8'", "False", "found '<f8'"), ("'<c8'", "False", "found '<c8'"), ("'<U5'", "False", "found '<U5'"),
            ("[('x', '<f4')]", "False", "a structured array"), ("'<f4'", "True", "Fortran order"),
        ])
    func unsupportedArrays(_ type: String, order: String, message: String) throws {
        let array = npy(
            "{'descr': \(type), 'fortran_order': \(order), 'shape': (1, 1), }", data: [UInt8](repeating: 0, count: 4))
        let error = #expect(throws: FileError.self) { try open(array, as: .npy) }
        #expect(error?.code == .unsupported)
        #expect(error?.message.contains(message) == true)
    }

    @Test(
        "headers that are no dictionary of the three keys are refused",
        arguments: [
            "", "{", "{}", "{'descr': '|u1'}", "{'descr': '|u1', 'fortran_order': False}",
            "{'descr': '|u1', 'descr': '|u1', 'fortran_order': False, 'shape': (1, 1)}",
            "{'descr': '|u1', 'fortran_order': False, 'shape': (1, 1), 'more': '1'}",
            "{'descr': '|u1', 'fortran_order': False, 'shape': (1, 1)} x",
            "{'descr': '|u1', 'fortran_order': Maybe, 'shape': (1, 1)}",
            "{'descr': '|u1' 'fortran_order': False, 'shape': (1, 1)}",
            "{'descr': '|u1, 'fortran_order': False, 'shape': (1, 1)}",
            "{'descr': '|u1', 'fortran_order': False, 'shape': (1, 1)", "('descr', 1)",
            "{'descr': '\u{0}\u{FFFD}', 'fortran_order': False, 'shape': (1, 1)}",
            String(repeating: "(", count: 9_000), "{'shape': (" + String(repeating: "1, ", count: 70) + ")}",
            "{'descr': '|u1', 'fortran_order': False, 'shape': (1, 1)}" + String(repeating: " ", count: 10_000),
        ])
    func malformedDictionaries(_ dictionary: String) throws {
        let error = #expect(throws: FileError.self) { try open(npy(dictionary, data: [0]), as: .npy) }
        #expect(error?.code == .malformed || error?.code == .unsupported)
    }

    @Test("a file of another kind is told by its first bytes")
    func notNumPy() throws {
        let error = #expect(throws: FileError.self) { try open([UInt8](repeating: 0x41, count: 200), as: .npy) }
        #expect(error?.code == .unknownFormat)
    }
}
