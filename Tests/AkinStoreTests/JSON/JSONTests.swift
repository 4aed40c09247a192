import AkinStore
import Foundation
import Testing

@Suite struct JSONTests {
    @Test func readsEveryKindOfValue() throws {
        let json = try JSON(
            parsing: #"{"a":[1,-2.5,true,false,null,"x\n\u00e9\ud83d\ude00"],"b":{},"c":[],"n":9223372036854775807}"#)
        let elements: [JSON] = [.integer(1), .number(-2.5), .bool(true), .bool(false), .null, .string("x\né😀")]
        #expect(
            json
                == .object([
                    "a": .array(elements), "b": .object([:]), "c": .array([]), "n": .integer(.max),
                ]))
    }

    @Test func writesWhatItReads() throws {
        let text = #"{"a":[1,-2.5,true,false,null],"b":{"z":"\"\\\n\u0001é"},"c":1e+300}"#
        let json = try JSON(parsing: text)
        #expect(String(decoding: json.encoded, as: UTF8.self) == text)
        #expect(try JSON(parsing: json.encoded) == json)
    }

    @Test func aNumberBeyondWholeNumbersOfSixtyFourBitsIsADouble() throws {
        #expect(try JSON(parsing: "9223372036854775808") == .number(9_223_372_036_854_775_808))
        let document = try JSONDocument(parsing: Array("18446744073709551615".utf8))
        #expect(document.root.unsigned == .max)
        #expect(document.root.integer == nil)
        #expect(JSON.number(.infinity).encoded == Array("null".utf8))
    }

    @Test(arguments: [
        "", " ", "{", "[1,]", "{\"a\"}", "01", "1 2", "nul", "\"\u{1}\"", "[1e999]", "\"\\ud800\"", "{\"a\":1,}", "NaN",
    ])
    func refusesWhatIsNoDocument(_ text: String) {
        #expect(throws: JSONError.self) { try JSON(parsing: text) }
    }

    @Test func refusesBytesThatAreNotUTF8() {
        #expect(throws: JSONError.self) { try JSON(parsing: [0x22, 0xFF, 0xFE, 0x22] as [UInt8]) }
    }

    @Test func nestingIsBounded() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        _ = try JSON(parsing: nested(60))
        #expect(throws: JSONError.self) { try JSON(parsing: nested(100)) }
        #expect(throws: JSONError.self) { try JSON(parsing: String(repeating: "[", count: 1_000_000)) }
    }

    @Test func arraysOfNumbersBecomeFloats() throws {
        let document = try JSONDocument(parsing: Array(#"{"v":[1,2.5,-3e-2,4294967296],"w":[1,"2"],"e":[]}"#.utf8))
        #expect(document.root["v"]?.floats == [1, 2.5, -0.03, 4_294_967_296])
        #expect(document.root["w"]?.floats == nil)
        #expect(document.root["e"]?.floats == [])
        #expect(document.root.floats == nil)
        #expect(document.root["none"] == nil)
    }

    @Test func theLastOfTwoEqualKeysCounts() throws {
        let document = try JSONDocument(parsing: Array(#"{"a":1,"a":2}"#.utf8))
        #expect(document.root["a"]?.integer == 2)
        #expect(document.root.json == .object(["a": .integer(2)]))
        #expect(document.root.members?.map(\.key) == ["a", "a"])
    }

    @Test func readersKeepTheirDocument() throws {
        let reader = try #require(JSONDocument(parsing: Array(#"[["inner"]]"#.utf8)).root.elements?.first)
        #expect(reader.elements?.first?.string == "inner")
    }
}
