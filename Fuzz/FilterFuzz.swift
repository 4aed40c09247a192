import Akin
import AkinStore
import Foundation

/// Hostile payloads and filters over them.
///
/// The bytes up to the first zero are a payload's text, those behind it say what the filter is. What a catalogue with
/// indexes finds must be what the evaluator says, a filter and its negation must not agree, and a changed payload must be
/// one that can be read again.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzFilter(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let bytes = UnsafeBufferPointer(start: start, count: count)
    let text = Array(bytes.prefix { $0 != 0 })
    var choices = Choices(bytes: Array(bytes.dropFirst(text.count + 1)))
    guard case .object(let payload)? = try? JSON(parsing: text) else { return 0 }
    let filter = choices.filter()
    let id: PointID = choices.next() % 2 == 0 ? .number(UInt64(choices.next())) : .name("n\(choices.next())")
    let isPassing = filter.matches(id: id, payload: payload)
    precondition(Filter(mustNot: [.filter(filter)]).matches(id: id, payload: payload) != isPassing)
    do {
        let catalog = try Indexed.shared.catalog()
        let row = try catalog.nextRow()
        _ = try catalog.write { try $0.upsert(id, payload: JSON.object(payload).encoded, row: row) }
        let found = try catalog.matches(filter)
        precondition(found.contains(row) == isPassing)
        _ = try catalog.write { try $0.change(choices.change(payload), of: [id]) }
        let changed = try catalog.points(rows: [row], fields: .init(payload: .all))[row]?.payload
        let foundAgain = try catalog.matches(filter)
        precondition(foundAgain.contains(row) == filter.matches(id: id, payload: changed ?? [:]))
        _ = try catalog.points(rows: [row], fields: .init(payload: .only([choices.path(), choices.path()])))
    } catch {
        fatalError("a catalogue takes every payload: \(error)")
    }
    return 0
}

/// Leaks are not looked for after each input; memory that grows still ends the run.
///
/// The catalogue keeps filters and the rows that they let pass. Swift writes the case of an enumeration into the unused bits
/// of a pointer that the case carries, and LeakSanitizer, which looks for pointers as they are, takes what only such a pointer
/// leads to for lost. It is not: letting go of the catalogue frees it.
@_cdecl("__asan_default_options")
public func sanitizerOptions() -> UnsafePointer<CChar> {
    let text: StaticString = "detect_leaks=0"
    return UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self)
}

/// A catalogue with an index of each kind, made anew after some thousand points.
private final class Indexed {
    nonisolated(unsafe) static let shared = Indexed()
    private let folder = FileManager.default.temporaryDirectory.path + "/akin-fuzz-\(UUID().uuidString)"
    private var open: Catalog?
    private var uses = 0

    func catalog() throws -> Catalog {
        uses += 1
        if let open, uses % 4096 != 0 { return open }
        try open?.close()
        try? FileManager.default.removeItem(atPath: folder)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        var costs = FilterCosts()
        costs.keptRows = 0
        costs.fewRows = 1
        costs.entriesPerPayload = 2
        let catalog = try Catalog(
            creatingAt: folder + "/catalog.sqlite", configuration: CollectionConfiguration(dimension: 1, metric: .l2),
            costs: costs)
        try catalog.write { writer in
            for (path, kind) in zip(Choices.paths, PayloadIndexKind.allCases) { try writer.createIndex(path, kind) }
        }
        open = catalog
        return catalog
    }
}

/// Makes a filter of bytes; zeros without end follow them.
private struct Choices {
    static let paths = ["a", "b", "c.d", "a[]", "e[].k", "e", "c"].compactMap { FieldPath($0) }

    let bytes: [UInt8]
    var place = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func next() -> UInt8 {
        guard place < bytes.count else { return 0 }
        defer { place += 1 }
        return bytes[place]
    }

    mutating func text() -> String {
        let count = Int(next() % 32)
        defer { place = min(place + count, bytes.count) }
        return String(decoding: bytes.dropFirst(place).prefix(count), as: UTF8.self)
    }

    mutating func path() -> FieldPath {
        let choice = Int(next() % 16)
        return choice < Self.paths.count ? Self.paths[choice] : FieldPath(text()) ?? Self.paths[0]
    }

    mutating func value() -> JSON {
        switch next() % 8 {
        case 0: .null
        case 1: .bool(next() % 2 == 0)
        case 2: .integer(Int64(Int8(bitPattern: next())))
        case 3: .integer(1 << Int64(next() % 63) - 1)
        case 4: .number(Double(next()) / 4)
        case 5: .string("2024-01-0\(next() % 10)")
        default: .string(text())
        }
    }

    mutating func number() -> Double? {
        switch next() % 8 {
        case 0...2: nil
        case 3...5: Double(Int8(bitPattern: next())) / 2
        case 6: Double(sign: next() % 2 == 0 ? .plus : .minus, exponent: Int(next()) * 5, significand: 1)
        default: 1.7e9 + Double(next()) * 1e6
        }
    }

    mutating func range() -> Filter.NumberRange {
        .init(above: number(), atLeast: number(), below: number(), atMost: number())
    }

    mutating func conditions(_ depth: Int) -> [Filter.Condition] {
        (0..<next() % 4).map { _ in condition(depth) }
    }

    // Never inlined, so that its name is in the stack of what it allocates.
    @inline(never)
    mutating func filter(_ depth: Int = 0) -> Filter {
        var filter = Filter(must: conditions(depth))
        let clauses = next()
        if clauses & 1 != 0 { filter.should = conditions(depth) }
        if clauses & 2 != 0 { filter.mustNot = conditions(depth) }
        if clauses & 4 != 0 { filter.atLeast = .init(Int(Int8(bitPattern: next())) % 5, of: conditions(depth)) }
        return filter
    }

    mutating func condition(_ depth: Int) -> Filter.Condition {
        switch next() % (depth < 4 ? 11 : 9) {
        case 0: .match(path(), value())
        case 1: .any(path(), [value(), value(), value()])
        case 2: .except(path(), [value(), value()])
        case 3: .range(path(), range())
        case 4: .time(path(), range())
        case 5: .isEmpty(path())
        case 6: .isNull(path())
        case 7: .count(path(), range())
        case 8: .hasID([.number(UInt64(next())), .name("n\(next())")])
        case 9: .nested(path(), filter(depth + 1))
        default: .filter(filter(depth + 1))
        }
    }

    mutating func change(_ payload: Payload) -> PayloadChange {
        switch next() % 5 {
        case 0: .set(["a": value(), "b": .array([value(), value()])], at: nil)
        case 1: .set(payload, at: path())
        case 2: .replace(["c": .object(["d": value()]), "e": .array([.object(["k": value()])])])
        case 3: .delete([path(), path()])
        default: .clear
        }
    }
}
