internal import GRDB

/// What the ways of finding points cost beside one another.
package struct FilterCosts: Sendable {
    /// Entries of an index that are read in the time in which one payload is looked up, taken apart and asked.
    package var entriesPerPayload = 40
    /// Rows that are rather looked up in payloads than sought in further indexes.
    package var fewRows = 250
    /// Entries of indexes that are counted to tell few from many.
    package var countedEntries = 10_000
    /// Points that are asked in the order of their names before all that pass are sought.
    package var askedPoints = 20_000
    /// Rows found or payloads looked up from which on what was found is kept.
    package var keptRows = 1000
    /// Rows touched since, up to which only they are asked again.
    package var touchedRows = 5000

    /// What was measured.
    package init() {}
}

/// Finds the points that a filter lets pass, in one state of a catalogue.
///
/// Indexes and names narrow the rows down; what they cannot decide is looked up in the payloads of the rows that are
/// left. The result is the same as that of asking ``FilterEvaluator`` about every point.
struct FilterLookup {
    let database: Database
    let indexes: [[FieldPath.Step]: PayloadIndex]
    let costs: FilterCosts

    init(_ database: Database, _ costs: FilterCosts) throws {
        self.database = database
        self.costs = costs
        indexes = Dictionary(try PayloadIndex.all(on: database).map { ($0.path.steps, $0) }) { $1 }
    }

    /// The rows of the points that pass, and how many payloads were looked up to find them.
    func matches(_ filter: Filter, keptBy cache: MatchCache) throws -> (rows: RowSet, lookedUp: Int) {
        let generation = try Catalog.generation(on: database)
        guard let (known, touched) = cache.find(filter, generation, limit: costs.touchedRows) else {
            let result = try matches(filter)
            if max(result.rows.count, result.lookedUp) >= costs.keptRows {
                cache.keep(result.rows, filter, generation)
            }
            return result
        }
        if touched.isEmpty { return (known, 0) }
        let asked = RowSet(touched)
        let (passed, lookedUp) = try verified(.only(asked), filter)
        let rows = known.subtracting(asked).union(passed)
        cache.keep(rows, filter, generation)
        return (rows, lookedUp)
    }

    /// The same without what is kept.
    func matches(_ filter: Filter) throws -> (rows: RowSet, lookedUp: Int) {
        let candidates = try candidates(filter)
        let sure = try candidates.sure.set(of: liveRows())
        let (passed, lookedUp) = try verified(candidates.possible.intersection(candidates.sure.complement), filter)
        return (sure.union(passed), lookedUp)
    }

    private func liveRows() throws -> RowSet { try Catalog.liveRows(on: database) }

    // MARK: Payloads

    /// Those of some rows that pass.
    private func verified(_ rows: Rows, _ filter: Filter) throws -> (rows: RowSet, lookedUp: Int) {
        if rows.isNone { return (.empty, 0) }
        let evaluator = FilterEvaluator(filter)
        var passed: [Int64] = []
        var lookedUp = 0
        func ask(_ point: PreparedStatement) throws {
            lookedUp += 1
            if evaluator.matches(id: try point.id(1), root: try point.withBytes(2, PayloadIndex.root)) {
                passed.append(point.int64(0))
            }
        }
        switch rows {
        case .only(let set) where set.count < (try Catalog.count(on: database)) / 4:
            let find = try PreparedStatement("SELECT row, id, payload FROM points WHERE row = ?", on: database)
            for row in set.rows {
                find.bind(row, at: 1)
                _ = try find.first(ask)
            }
        case .only(let set):
            try PreparedStatement("SELECT row, id, payload FROM points", on: database).forEach {
                if set.contains($0.int64(0)) { try ask($0) }
            }
        case .allBut(let set):
            try PreparedStatement("SELECT row, id, payload FROM points", on: database).forEach {
                if !set.contains($0.int64(0)) { try ask($0) }
            }
        }
        return (RowSet(passed), lookedUp)
    }

    // MARK: Filters

    /// What indexes and names tell of a filter.
    func candidates(_ filter: Filter) throws -> Candidates {
        var result = try all(filter.must)
        // Few rows are sooner looked up than what is left of the filter.
        if case .only(let rows) = result.possible, rows.count <= costs.fewRows {
            let isWhole = filter.should.isEmpty && filter.mustNot.isEmpty && filter.atLeast == nil
            return isWhole ? result : .within(rows)
        }
        for condition in filter.mustNot { result = result.and(try candidates(condition).negated) }
        if !filter.should.isEmpty { result = result.and(try atLeast(1, of: filter.should)) }
        if let some = filter.atLeast { result = result.and(try atLeast(some.count, of: some.conditions)) }
        return result
    }

    /// Begins with the condition that leaves the fewest rows, and leaves out those that are dearer to look up than the
    /// payloads of the rows that are left.
    private func all(_ conditions: [Filter.Condition]) throws -> Candidates {
        var result = Candidates.exactly(.all)
        let limit = costs.fewRows * costs.entriesPerPayload
        let order = try conditions.map { (condition: $0, size: try size($0, limit: limit) ?? limit) }
            .sorted { $0.size < $1.size }
        for (condition, size) in order {
            if case .only(let rows) = result.possible {
                if rows.isEmpty { return .exactly(.none) }
                if try isDear(condition, size, limit, for: rows.count) {
                    result.sure = .none
                    continue
                }
            }
            result = result.and(try candidates(condition))
        }
        return result
    }

    /// Whether a condition of so many entries, counted up to `limit`, is dearer to look up than the payloads of rows.
    private func isDear(_ condition: Filter.Condition, _ size: Int, _ limit: Int, for rowCount: Int) throws -> Bool {
        let affordable = costs.entriesPerPayload * rowCount
        if size < limit || affordable <= limit { return size > affordable }
        return try self.size(condition, limit: affordable) ?? 0 >= affordable
    }

    /// Whether so many conditions hold: `reached[j]` is what is known of "at least j of those so far".
    private func atLeast(_ least: Int, of conditions: [Filter.Condition]) throws -> Candidates {
        if least <= 0 { return .exactly(.all) }
        if least > conditions.count { return .exactly(.none) }
        if least > 1 && conditions.count > 64 { return .unknown }
        var reached = [Candidates.exactly(.all)] + Array(repeating: .exactly(.none), count: least)
        for condition in conditions {
            let candidates = try candidates(condition)
            for j in (1...least).reversed() { reached[j] = reached[j].or(reached[j - 1].and(candidates)) }
        }
        return reached[least]
    }

    // MARK: Conditions

    private func candidates(_ condition: Filter.Condition) throws -> Candidates {
        switch condition {
        case .hasID(let ids): return .exactly(.only(RowSet(Array(try Catalog.rows(of: ids, on: database).values))))
        case .filter(let filter): return try candidates(filter)
        case .nested(let path, let filter): return try nested(path, filter)
        default:
            guard let (index, question) = question(condition) else { return .unknown }
            let sure = try index.rows(question.sure, on: database)
            let possible =
                question.possible.isEmpty ? sure : sure.union(try index.rows(question.possible, on: database))
            let answer = Candidates.between(sure, possible)
            return question.isNegated ? answer.negated : answer
        }
    }

    private func question(_ condition: Filter.Condition) -> (PayloadIndex, IndexQuestion)? {
        guard let path = condition.path, let index = indexes[path.steps],
            let question = IndexQuestion(condition, index.kind)
        else { return nil }
        return (index, question)
    }

    /// Where conditions hold for one element, each holds for some element.
    private func nested(_ path: FieldPath, _ filter: Filter) throws -> Candidates {
        var possible = Rows.all
        for condition in filter.must {
            guard let outer = condition.behind(path) else { continue }
            possible = possible.intersection(try candidates(outer).possible)
        }
        return Candidates(sure: .none, possible: possible)
    }

    // MARK: Sizes

    /// About how many index entries have to be read for a condition, counted up to `limit`; `nil` where indexes tell
    /// nothing of it.
    func size(_ condition: Filter.Condition, limit: Int) throws -> Int? {
        switch condition {
        case .hasID(let ids): return min(limit, ids.count)
        case .filter(let filter): return try size(filter, limit: limit)
        case .nested(let path, let filter):
            return try filter.must.compactMap { try $0.behind(path).flatMap { try size($0, limit: limit) } }.min()
        default:
            guard let (index, question) = question(condition) else { return nil }
            var count = 0
            for stretch in question.sure + question.possible where count < limit {
                count += try index.count(stretch, limit: limit - count, on: database)
            }
            return question.isNegated ? limit : count
        }
    }

    /// The same for a filter: its smallest part.
    func size(_ filter: Filter, limit: Int) throws -> Int? {
        var sizes = try filter.must.compactMap { try size($0, limit: limit) }
        if !filter.should.isEmpty {
            var sum = 0
            for condition in filter.should {
                guard let size = try size(condition, limit: limit) else { return sizes.min() }
                sum = min(limit, sum + size)
            }
            sizes.append(sum)
        }
        return sizes.min()
    }
}

extension Filter.Condition {
    /// The member it is about.
    fileprivate var path: FieldPath? {
        switch self {
        case .match(let path, _), .any(let path, _), .except(let path, _), .range(let path, _), .time(let path, _),
            .isEmpty(let path), .isNull(let path), .count(let path, _):
            path
        case .hasID, .nested, .filter: nil
        }
    }

    /// What holds for the whole payload where the condition holds for an element of the array at `array`; `nil` where
    /// that is not so simple.
    fileprivate func behind(_ array: FieldPath) -> Filter.Condition? {
        func outer(_ path: FieldPath) -> FieldPath? {
            FieldPath(array.description + (array.steps.last == .each ? "." : "[].") + path.description)
        }
        switch self {
        case .match(let path, let value): return outer(path).map { .match($0, value) }
        case .any(let path, let values): return outer(path).map { .any($0, values) }
        case .except(let path, let values): return outer(path).map { .except($0, values) }
        case .range(let path, let range): return outer(path).map { .range($0, range) }
        case .time(let path, let range): return outer(path).map { .time($0, range) }
        case .nested(let path, let filter): return outer(path).map { .nested($0, filter) }
        case .isEmpty, .isNull, .count, .hasID, .filter: return nil
        }
    }
}
