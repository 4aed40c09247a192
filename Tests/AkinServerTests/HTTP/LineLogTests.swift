import AkinServer
import AkinStore
import Logging
import Synchronization
import Testing

@Suite struct LineLogTests {
    private static func lines(isJSON: Bool, _ body: (Logger) -> Void) -> [String] {
        let written = Shared<[UInt8]>([])
        let log = LineLog(isJSON: isJSON) { bytes in written.withLock { $0 += bytes } }
        var logger = Logger(label: "test") { _ in log }
        logger.logLevel = .info
        body(logger)
        return String(decoding: written.withLock { $0 }, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    @Test(arguments: [false, true])
    func aMessageIsOneLineWhateverItHolds(isJSON: Bool) throws {
        let lines = Self.lines(isJSON: isJSON) { logger in
            logger.info("first\nfake info second", metadata: ["path": "/a\r\nb\"", "n": "1"])
            logger.debug("not asked for")
            logger.error("third")
        }
        #expect(lines.count == 2)
        #expect(lines[0].contains("first") && lines[1].contains("third"))
        if isJSON {
            let json = try JSON(parsing: lines[0])
            #expect(json["message"] == .string("first\nfake info second"))
            #expect(json["path"] == .string("/a\r\nb\""))
            #expect(json["level"] == .string("info"))
        } else {
            #expect(lines[0].hasSuffix(#" n="1" path="/a\r\nb\"""#))
        }
    }
}
