import AkinStore
import Foundation
import Testing

/// A condition, a payload, and whether the one holds for the other.
private struct FilterCase: CustomTestStringConvertible, Sendable {
    var condition: Filter.Condition
    var payload: String
    var holds: Bool

    init(_ condition: Filter.Condition, _ payload: String, _ holds: Bool) {
        self.condition = condition
        self.payload = payload
        self.holds = holds
    }

    var testDescription: String { "\(condition) of \(payload)" }
}

private func path(_ text: String) -> FieldPath {
    guard let path = FieldPath(text) else { preconditionFailure("no path: \(text)") }
    return path
}

private func payload(_ text: String) throws -> Payload {
    guard case .object(let members) = try JSON(parsing: text) else { preconditionFailure("no object: \(text)") }
    return members
}

@Suite struct FilterTests {
    private static let matching: [FilterCase] = [
        .init(.match(path("a"), .string("x")), #"{"a":"x"}"#, true),
        .init(.match(path("a"), .string("x")), #"{"a":"X"}"#, false),
        .init(.match(path("a"), .string("x")), #"{"b":"x"}"#, false),
        .init(.match(path("a"), .string("x")), #"{"a":["y","x"]}"#, true),
        .init(.match(path("a"), .string("x")), #"{"a":[["x"]]}"#, false),
        .init(.match(path("a"), .string("1")), #"{"a":1}"#, false),
        .init(.match(path("a"), .string("\u{e9}")), "{\"a\":\"e\u{301}\"}", false),
        .init(.match(path("a"), .string("\u{e9}")), #"{"a":"\u00e9"}"#, true),
        .init(.match(path("a"), .integer(1)), #"{"a":1}"#, true),
        .init(.match(path("a"), .integer(1)), #"{"a":1.0}"#, false),
        .init(.match(path("a"), .integer(1)), #"{"a":true}"#, false),
        .init(.match(path("a"), .integer(.max)), #"{"a":9223372036854775807}"#, true),
        .init(.match(path("a"), .integer(.max)), #"{"a":9223372036854775806}"#, false),
        .init(.match(path("a"), .bool(true)), #"{"a":true}"#, true),
        .init(.match(path("a"), .bool(true)), #"{"a":false}"#, false),
        .init(.match(path("a"), .null), #"{"a":null}"#, false),
        .init(.match(path("a"), .number(1.5)), #"{"a":1.5}"#, false),
        .init(.any(path("a"), [.string("x"), .integer(3)]), #"{"a":3}"#, true),
        .init(.any(path("a"), [.string("x"), .integer(3)]), #"{"a":["q","x"]}"#, true),
        .init(.any(path("a"), [.string("x"), .integer(3)]), #"{"a":"3"}"#, false),
        .init(.any(path("a"), []), #"{"a":"3"}"#, false),
        .init(.except(path("a"), [.string("x")]), #"{"a":"x"}"#, false),
        .init(.except(path("a"), [.string("x")]), #"{"a":"y"}"#, true),
        .init(.except(path("a"), [.string("x")]), #"{"a":["x","y"]}"#, true),
        .init(.except(path("a"), [.string("x")]), #"{"a":["x","x"]}"#, false),
        .init(.except(path("a"), [.string("x")]), #"{"a":5}"#, true),
        .init(.except(path("a"), [.integer(5)]), #"{"a":5.0}"#, true),
        .init(.except(path("a"), [.string("x")]), #"{"a":{"b":1}}"#, true),
        .init(.except(path("a"), [.string("x")]), #"{"a":[null]}"#, false),
        .init(.except(path("a"), [.string("x")]), #"{"a":null}"#, false),
        .init(.except(path("a"), [.string("x")]), #"{"a":[]}"#, false),
        .init(.except(path("a"), [.string("x")]), #"{}"#, false),
        .init(.except(path("a"), []), #"{"a":false}"#, true),
    ]

    private static let bounded: [FilterCase] = [
        .init(.range(path("a"), .init(above: 1)), #"{"a":1}"#, false),
        .init(.range(path("a"), .init(above: 1)), #"{"a":1.5}"#, true),
        .init(.range(path("a"), .init(atLeast: 1)), #"{"a":1}"#, true),
        .init(.range(path("a"), .init(below: 1)), #"{"a":1}"#, false),
        .init(.range(path("a"), .init(atMost: 1)), #"{"a":1}"#, true),
        .init(.range(path("a"), .init(atLeast: 2, below: 3)), #"{"a":[1,3,2.5]}"#, true),
        .init(.range(path("a"), .init(atLeast: 2, below: 3)), #"{"a":[1,3]}"#, false),
        .init(.range(path("a"), .init(atLeast: 0)), #"{"a":"5"}"#, false),
        .init(.range(path("a"), .init(atLeast: 0)), #"{"a":true}"#, false),
        .init(.range(path("a"), .init()), #"{"a":-7}"#, true),
        .init(.range(path("a"), .init()), #"{"a":"x"}"#, false),
        .init(.range(path("a"), .init(atLeast: 1e19)), #"{"a":18446744073709551615}"#, true),
        .init(.time(path("a"), .init(atLeast: 0, below: 1)), #"{"a":"1970-01-01T00:00:00.5Z"}"#, true),
        .init(.time(path("a"), .init(atLeast: 0, below: 1)), #"{"a":"1970-01-01T01:00:00+01:00"}"#, true),
        .init(.time(path("a"), .init(atLeast: 0, below: 1)), #"{"a":["x","1970-01-01"]}"#, true),
        .init(.time(path("a"), .init(atLeast: 0, below: 1)), #"{"a":0}"#, false),
        .init(.time(path("a"), .init()), #"{"a":"yesterday"}"#, false),
        .init(.count(path("a"), .init(atLeast: 2, atMost: 2)), #"{"a":[1,null]}"#, true),
        .init(.count(path("a"), .init(atLeast: 2)), #"{"a":[1]}"#, false),
        .init(.count(path("a"), .init(atLeast: 1, atMost: 1)), #"{"a":{"b":[1,2]}}"#, true),
        .init(.count(path("a"), .init(atMost: 0)), #"{"a":null}"#, true),
        .init(.count(path("a"), .init(atMost: 0)), #"{}"#, true),
        .init(.count(path("a"), .init(atLeast: 1)), #"{}"#, false),
        .init(.count(path("a[].b"), .init(atLeast: 2)), #"{"a":[{"b":[1]},{"b":[1,2]}]}"#, true),
    ]

    private static let present: [FilterCase] = [
        .init(.isEmpty(path("a")), #"{}"#, true),
        .init(.isEmpty(path("a")), #"{"a":null}"#, true),
        .init(.isEmpty(path("a")), #"{"a":[]}"#, true),
        .init(.isEmpty(path("a")), #"{"a":[null]}"#, false),
        .init(.isEmpty(path("a")), #"{"a":{}}"#, false),
        .init(.isEmpty(path("a")), #"{"a":""}"#, false),
        .init(.isEmpty(path("a[].b")), #"{"a":[{"b":null},{"c":1}]}"#, true),
        .init(.isEmpty(path("a[].b")), #"{"a":[{"b":null},{"b":1}]}"#, false),
        .init(.isNull(path("a")), #"{"a":null}"#, true),
        .init(.isNull(path("a")), #"{}"#, false),
        .init(.isNull(path("a")), #"{"a":[null]}"#, false),
        .init(.isNull(path("a[]")), #"{"a":[1,null]}"#, true),
        .init(.isNull(path("a")), #"{"a":[]}"#, false),
    ]

    private static let placed: [FilterCase] = [
        .init(.match(path("a.b"), .integer(1)), #"{"a":{"b":1}}"#, true),
        .init(.match(path("a.b"), .integer(1)), #"{"a":[{"b":1}]}"#, false),
        .init(.match(path("a[].b"), .integer(1)), #"{"a":[{"b":0},{"b":[2,1]}]}"#, true),
        .init(.match(path("a[].b"), .integer(1)), #"{"a":{"b":1}}"#, false),
        .init(.match(path("a[1]"), .integer(1)), #"{"a":[0,1]}"#, true),
        .init(.match(path("a[0]"), .integer(1)), #"{"a":[0,1]}"#, false),
        .init(.match(path("a[9]"), .integer(1)), #"{"a":[0,1]}"#, false),
        .init(.match(path("a[][]"), .integer(1)), #"{"a":[[0],[1]]}"#, true),
        .init(.match(path(#""a.b".c"#), .integer(1)), #"{"a.b":{"c":1}}"#, true),
        .init(.match(path("a[x]"), .integer(1)), #"{"a[x]":1}"#, true),
        .init(.nested(path("a"), nested), #"{"a":[{"k":"x","n":1},{"k":"y","n":7}]}"#, false),
        .init(.nested(path("a"), nested), #"{"a":[{"k":"x","n":7},{"k":"y","n":1}]}"#, true),
        .init(.nested(path("a[]"), nested), #"{"a":[{"k":"x","n":7}]}"#, true),
        .init(.nested(path("a"), nested), #"{"a":{"k":"x","n":7}}"#, false),
        .init(.nested(path("a"), nested), #"{"a":[["x",7],null]}"#, false),
        .init(.nested(path("a.b"), .init(mustNot: nested.must)), #"{"a":{"b":[{}]}}"#, true),
        .init(.nested(path("a.b"), .init(mustNot: nested.must)), #"{"a":{"b":[]}}"#, false),
    ]

    private static let nested = Filter(must: [
        .match(path("k"), .string("x")), .range(path("n"), .init(above: 5)),
    ])

    @Test(arguments: matching + bounded + present + placed)
    private func aConditionHoldsOrNot(_ trial: FilterCase) throws {
        let payload = try payload(trial.payload)
        #expect(Filter(must: [trial.condition]).matches(id: .number(1), payload: payload) == trial.holds)
        #expect(Filter(mustNot: [trial.condition]).matches(id: .number(1), payload: payload) == !trial.holds)
        #expect(Filter(should: [trial.condition]).matches(id: .number(1), payload: payload) == trial.holds)
        let inner = Filter(must: [.filter(Filter(must: [trial.condition]))])
        #expect(inner.matches(id: .number(1), payload: payload) == trial.holds)
    }

    private static let yes = Filter.Condition.filter(.init())
    private static let no = Filter.Condition.filter(.init(mustNot: [yes]))

    @Test func clausesAreJoined() {
        let (yes, no) = (Self.yes, Self.no)
        let cases: [(Filter, Bool)] = [
            (.init(), true), (.init(must: [yes, yes]), true), (.init(must: [yes, no]), false),
            (.init(should: [no, yes]), true), (.init(should: [no, no]), false),
            (.init(mustNot: [no, no]), true), (.init(mustNot: [no, yes]), false),
            (.init(must: [yes], should: [no]), false), (.init(must: [yes], should: [yes], mustNot: [yes]), false),
            (.init(atLeast: .init(2, of: [yes, no, yes])), true),
            (.init(atLeast: .init(3, of: [yes, no, yes])), false),
            (.init(atLeast: .init(0, of: [no])), true), (.init(atLeast: .init(-1, of: [])), true),
            (.init(atLeast: .init(1, of: [])), false), (.init(must: [no], atLeast: .init(1, of: [yes])), false),
        ]
        for (filter, holds) in cases {
            #expect(filter.matches(id: .number(1), payload: [:]) == holds, "\(filter)")
        }
    }

    @Test func namesAreLookedUp() {
        let filter = Filter(must: [.hasID([.number(1), .name("x")])])
        #expect(filter.matches(id: .number(1), payload: [:]))
        #expect(filter.matches(id: .name("x"), payload: [:]))
        #expect(!filter.matches(id: .name("1"), payload: [:]))
    }
}

@Suite struct TimestampTests {
    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0), ("1969-12-31T23:59:59z", -1), ("2000-03-01T00:00:00Z", 951_868_800),
        ("2024-02-29 12:30:00.250+02:00", 1_709_202_600.25), ("2024-02-29T10:30:00", 1_709_202_600),
        ("2024-02-29T10:30", 1_709_202_600), ("2024-02-29", 1_709_164_800), ("2024-02-29T05:00:00-0530", 1_709_202_600),
        ("0000-01-01", -62_167_219_200), ("9999-12-31T23:59:60Z", 253_402_300_800),
    ]) func readsTimes(_ text: String, _ seconds: Double) {
        #expect(Timestamp(rfc3339: text)?.secondsSince1970 == seconds)
    }

    @Test(arguments: [
        "", "now", "2023-02-29", "1900-02-29", "2024-13-01", "2024-00-10", "2024-04-31", "2024-1-1", "2024-01-01T",
        "2024-01-01T24:00:00Z", "2024-01-01T10:60:00Z", "2024-01-01T10:00:61Z", "2024-01-01T10:00:00.Z",
        "2024-01-01T10:00:00+", "2024-01-01T10:00:00+25:00", "2024-01-01T10:00:00Zx", "20240101", "２０２４-01-01",
        "2024-01-01T10:00:00." + String(repeating: "1", count: 60),
    ]) func refusesWhatIsNoTime(_ text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }

    @Test func daysFollowOneAnother() {
        var last: Double?
        for year in [1899, 1900, 1970, 1999, 2000, 2023, 2024] {
            for month in 1...12 {
                for day in 1...31 {
                    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
                    guard let time = Timestamp(rfc3339: "\(year)-\(two(month))-\(two(day))") else { continue }
                    if let last, month > 1 || day > 1 { #expect(time.secondsSince1970 == last + 86_400) }
                    last = time.secondsSince1970
                }
            }
        }
    }
}
