import AkinStore
import AkinTestSupport
import Foundation
import Testing

/// What becomes of a payload, seen through a catalogue.
@Suite struct PayloadChangeTests {
    private static func path(_ text: String) throws -> FieldPath { try #require(FieldPath(text)) }

    private static func members(_ text: String) throws -> Payload {
        guard case .object(let members) = try JSON(parsing: text) else { throw JSONShape() }
        return members
    }

    private struct JSONShape: Error {}

    private static func stored(
        _ payload: String, after change: PayloadChange? = nil, fields: PointFields.PayloadPart = .all
    )
        throws -> String
    {
        try withTemporaryDirectory { folder in
            let catalog = try Catalog(
                creatingAt: folder + "/c", configuration: CollectionConfiguration(dimension: 1, metric: .l2))
            try catalog.write { writer in
                try writer.upsert(.number(1), payload: Array(payload.utf8), row: 0)
                if let change { try writer.change(change, of: [.number(1)]) }
            }
            let point = try #require(try catalog.points(rows: [0], fields: .init(payload: fields))[0])
            return String(decoding: JSON.object(point.payload ?? ["none": .null]).encoded, as: UTF8.self)
        }
    }

    @Test(arguments: [
        ("{}", #"{"a":1}"#, nil, #"{"a":1}"#),
        (#"{"a":1,"b":2}"#, #"{"a":{"c":3}}"#, nil, #"{"a":{"c":3},"b":2}"#),
        (#"{"a":1,"b":2}"#, #"{"a":null,"c":null}"#, nil, #"{"b":2}"#),
        (#"{"a":{"b":1}}"#, #"{"c":2}"#, "a", #"{"a":{"b":1,"c":2}}"#),
        (#"{"a":5}"#, #"{"c":2}"#, "a.b", #"{"a":{"b":{"c":2}}}"#),
        (#"{"a":[{"b":1},2]}"#, #"{"b":7}"#, "a[]", #"{"a":[{"b":7},{"b":7}]}"#),
        (#"{"a":[{"b":1},{"b":2}]}"#, #"{"b":7}"#, "a[1]", #"{"a":[{"b":1},{"b":7}]}"#),
        (#"{"a":[{"b":1}]}"#, #"{"b":7}"#, "a[4]", #"{"a":[{"b":1}]}"#),
        (#"{"x":1}"#, #"{"b":7}"#, "a[]", #"{"a":[],"x":1}"#),
    ]) func sets(_ before: String, _ new: String, _ place: String?, _ after: String) throws {
        let change = PayloadChange.set(try Self.members(new), at: try place.map(Self.path))
        #expect(try Self.stored(before, after: change) == after)
    }

    @Test(arguments: [
        (#"{"a":1,"b":2}"#, ["a"], #"{"b":2}"#),
        (#"{"a":1}"#, ["a", "b", "a.b"], "{}"),
        (#"{"a":{"b":1,"c":2}}"#, ["a.b"], #"{"a":{"c":2}}"#),
        (#"{"a":[{"b":1,"c":1},{"b":2}]}"#, ["a[].b"], #"{"a":[{"c":1},{}]}"#),
        (#"{"a":[1,2]}"#, ["a[]"], #"{"a":[]}"#),
        (#"{"a":[1,2]}"#, ["a[0]"], #"{"a":[1,2]}"#),
    ]) func deletes(_ before: String, _ paths: [String], _ after: String) throws {
        #expect(try Self.stored(before, after: .delete(paths.map(Self.path))) == after)
    }

    @Test func replacesAndClears() throws {
        #expect(try Self.stored(#"{"a":1}"#, after: .replace(["b": .null])) == #"{"b":null}"#)
        #expect(try Self.stored(#"{"a":1}"#, after: .clear) == "{}")
    }

    @Test(arguments: [
        (["a"], #"{"a":{"b":1,"c":[{"d":1,"e":2},3]}}"#, #"{"x":1}"#),
        (["a.b"], #"{"a":{"b":1}}"#, #"{"a":{"c":[{"d":1,"e":2},3]},"x":1}"#),
        (["a.c[].d", "x"], #"{"a":{"c":[{"d":1}]},"x":1}"#, #"{"a":{"b":1,"c":[{"e":2},3]}}"#),
        (["a.c[1]"], #"{"a":{"c":[3]}}"#, #"{"a":{"b":1,"c":[{"d":1,"e":2}]},"x":1}"#),
        (["q", "a.q"], #"{"a":{}}"#, #"{"a":{"b":1,"c":[{"d":1,"e":2},3]},"x":1}"#),
        (["x.y"], "{}", #"{"a":{"b":1,"c":[{"d":1,"e":2},3]},"x":1}"#),
    ]) func picksMembers(_ paths: [String], _ only: String, _ except: String) throws {
        let payload = #"{"a":{"b":1,"c":[{"d":1,"e":2},3]},"x":1}"#
        let paths = try paths.map(Self.path)
        #expect(try Self.stored(payload, fields: .only(paths)) == only)
        #expect(try Self.stored(payload, fields: .except(paths)) == except)
    }
}
