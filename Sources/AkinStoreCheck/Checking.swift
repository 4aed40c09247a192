import AkinStore
import Foundation

/// The side that kills, and compares what is there with what was acknowledged.
struct Checking {
    var program: String
    var folder: String
    /// What must be stored.
    private var points: [PointID: Point] = [:]
    private(set) var acknowledged = 0

    init(program: String, folder: String) {
        self.program = program
        self.folder = folder
    }

    /// Lets a process write, kills it after some time, and looks at what it left.
    mutating func run(_ round: Int, milliseconds: Int) throws {
        let process = Process(), output = Pipe()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = ["write", folder, String(round)]
        process.standardOutput = output
        try process.run()
        let reader = output.fileHandleForReading
        // The clock runs from the moment when the store is open.
        var seen = reader.availableData
        while !seen.contains(UInt8(ascii: "\n")) {
            let more = reader.availableData
            guard !more.isEmpty else { throw Failure("round \(round): the writing process ended before it was ready") }
            seen += more
        }
        let killer = Thread {
            Thread.sleep(forTimeInterval: Double(milliseconds) / 1000)
            kill(process.processIdentifier, SIGKILL)
        }
        killer.start()
        seen += reader.readDataToEndOfFile()
        process.waitUntilExit()
        try compare(round, lines: String(decoding: seen, as: UTF8.self))
    }

    private mutating func compare(_ round: Int, lines: String) throws {
        var done = Array(repeating: 0, count: Workload.writers)
        guard let position = lines.prefix(while: { $0 != "\n" }).split(separator: " ").last.flatMap({ UInt64($0) })
        else {
            throw Failure("round \(round): expected \"ready POSITION\", got \"\(lines.prefix(99))\"")
        }
        // The last line may be cut short: its write was acknowledged, but nobody was told.
        for line in lines.split(separator: "\n", omittingEmptySubsequences: false).dropLast().dropFirst() {
            let words = line.split(separator: " ").compactMap { Int($0) }
            guard words.count == 2, words[1] == done[words[0]] else { throw Failure("round \(round): \(line)") }
            done[words[0]] += 1
        }
        acknowledged += done.reduce(0, +)
        let workload = Workload(round: round)
        let (store, collection) = try Writing.open(folder, round: round)
        defer { store.close() }
        if Workload.isStream(round) {
            // What was made and not acknowledged is there, too; how much that is, the collection must know itself.
            let reached = Int(collection.position) - Int(position)
            guard reached >= done[0] else {
                throw Failure("round \(round): \(done[0]) writes were acknowledged, the position tells of \(reached)")
            }
            // A part of the next may be there; made again it is whole.
            let next = try workload.operation(reached, of: 0).streamed()
            _ = try collection.apply([StreamWrite(position: collection.position + 1, operation: next)])
            done[0] = reached + 1
        } else if collection.position != position {
            throw Failure("round \(round): position \(position) became \(collection.position)")
        }
        for writer in 0..<Workload.writers {
            for number in 0..<done[writer] { try workload.operation(number, of: writer).apply(to: &points) }
        }
        let description = try collection.describe()
        guard description.damage.isEmpty else { throw Failure("round \(round): damage: \(description.damage)") }
        let stored = try Self.all(of: collection)
        // Each writer was in the middle of one operation, which was made or not.
        for writer in 0..<Workload.writers {
            var next = points
            try workload.operation(done[writer], of: writer).apply(to: &next)
            let changed = Set(points.keys).union(next.keys).filter { points[$0] != next[$0] }
            if changed.allSatisfy({ Self.isSame(stored[$0], next[$0]) }) { points = next }
        }
        for id in Set(points.keys).union(stored.keys) where !Self.isSame(stored[id], points[id]) {
            throw Failure(
                "round \(round), point \(id): expected \(points[id].map { "\($0.payload)" } ?? "none"), "
                    + "found \(stored[id].map { "\($0.payload ?? [:])" } ?? "none")")
        }
        try search(collection, round)
        for (id, point) in points where point.image != nil {
            guard try collection.image(id) == point.image else { throw Failure("round \(round): the image of \(id)") }
        }
    }

    /// Sees that searches find all points and no others.
    private func search(_ collection: VectorCollection, _ round: Int) throws {
        guard let some = points.values.first(where: { _ in true }) else { return }
        let all = SearchQuery(vector: some.vector, limit: points.count + 100, isExact: true)
        let found = try collection.search([all])[0].hits.map(\.point.id)
        guard found.count == points.count, Set(found) == Set(points.keys) else {
            throw Failure("round \(round): a search found \(found.count) of \(points.count) points")
        }
        for point in points.values.prefix(50) {
            let nearest = try collection.search([SearchQuery(vector: point.vector, limit: 1)])[0].hits.first
            guard nearest?.score == 0 else { throw Failure("round \(round): \(point.id) is not found by its vector") }
        }
    }

    private static func all(of collection: VectorCollection) throws -> [PointID: StoredPoint] {
        var points: [PointID: StoredPoint] = [:]
        var start: PointID?
        repeat {
            let page = try collection.scroll(
                from: start, limit: 1000, fields: PointFields(payload: .all, vector: true))
            for point in page.points { points[point.id] = point }
            start = page.next
        } while start != nil
        return points
    }

    private static func isSame(_ stored: StoredPoint?, _ point: Point?) -> Bool {
        guard let stored, let point else { return stored == nil && point == nil }
        return stored.vector == point.vector && stored.payload == point.payload
            && stored.hasImage == (point.image != nil)
    }
}
