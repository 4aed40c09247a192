import AkinCUDA
import AkinCUDACases
import AkinTestSupport
import Foundation
import Testing

@Suite("Measurements of a device")
struct MeasurementTests {
    @Test("every measurement comes to its end, and the table holds all of them")
    func all() throws {
        let device = FakeDevice(memory: 256 << 20)
        do {
            let context = try device.context()
            let under = DeviceUnderTest(context: context, kernels: FakeDevice.kernels(context))
            let rows = try DeviceMeasurement.all.flatMap { try $0(under, 1 << 20) }
            #expect(rows.count >= DeviceMeasurement.all.count)
            let lines = Report(context).table(rows).split(separator: "\n")
            #expect(lines.count == rows.count + 3)
            for (line, row) in zip(lines.dropFirst(3), rows) {
                #expect(line == "| \(row.what) | \(row.value) | \(row.beside) |")
            }
        }
        #expect(device.isClean, "\(device.counts)")
    }

    @Test("a table goes between its marks, again and again, and nowhere else")
    func fill() throws {
        try withTemporaryDirectory { folder in
            let path = folder + "/gpu.md"
            let (before, after) = ("# GPUs\n\n<!-- measured: begin -->", "<!-- measured: end -->\n\nMore.\n")
            try (before + "\nold\n" + after).write(toFile: path, atomically: true, encoding: .utf8)
            for table in ["| a |", "| longer | b |", "| c |"] {
                try Report.fill(table, into: path)
                #expect(try String(contentsOfFile: path, encoding: .utf8) == before + "\n" + table + "\n" + after)
            }
            let large = "<!-- measured 100M: begin -->\nold\n<!-- measured 100M: end -->\n"
            try (before + "\nold\n" + after + large).write(toFile: path, atomically: true, encoding: .utf8)
            try Report.fill("| a |", into: path)
            try Report.fill("| b |", into: path, section: "100M")
            let expected =
                before + "\n| a |\n" + after + "<!-- measured 100M: begin -->\n| b |\n<!-- measured 100M: end -->\n"
            #expect(try String(contentsOfFile: path, encoding: .utf8) == expected)
            try "no marks".write(toFile: path, atomically: true, encoding: .utf8)
            #expect(throws: (any Error).self) { try Report.fill("| a |", into: path) }
        }
    }

    @Test("docs/gpu.md has a place for every table")
    func places() throws {
        var root = URL(fileURLWithPath: #filePath)
        for _ in 0..<3 { root.deleteLastPathComponent() }
        let text = try String(contentsOf: root.appendingPathComponent("docs/gpu.md"), encoding: .utf8)
        try withTemporaryDirectory { folder in
            let path = folder + "/gpu.md"
            try text.write(toFile: path, atomically: true, encoding: .utf8)
            for section in [""] + ScaleRun.all.map(\.name) {
                try Report.fill("| of \(section) |", into: path, section: section)
                #expect(try String(contentsOfFile: path, encoding: .utf8).contains("\n| of \(section) |\n"))
            }
        }
    }

    @Test("numbers have three digits that count")
    func numbers() {
        #expect(
            [0.00123456, 0.5, 12.3456, 987.6, 4520.4].map { DeviceMeasurement.number($0) } == [
                "0.00123", "0.500", "12.3", "988", "4520",
            ])
    }
}
