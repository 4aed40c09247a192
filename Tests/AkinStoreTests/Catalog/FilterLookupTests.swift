import AkinStore
import AkinTestSupport
import Testing

/// What a catalogue finds through its indexes against asking every point.
@Suite struct FilterLookupTests {
    /// A catalogue and what must be in it.
    private struct Trial {
        var random: RandomFilters
        var points: [PointID: (row: Int64, payload: Payload)] = [:]
        /// Asked again and again, so that what is kept of them is used.
        var filters: [Filter] = []
        var nextRow: Int64 = 0
        let catalog: Catalog

        init(seed: UInt64, folder: String) throws {
            random = RandomFilters(seed: seed)
            var costs = FilterCosts()
            // So small that a few hundred points take every way.
            costs.entriesPerPayload = random.pick([1, 3, 40])
            costs.fewRows = random.pick([0, 5, 250])
            costs.countedEntries = random.pick([1, 50, 10_000])
            costs.askedPoints = random.pick([1, 50, 20_000])
            costs.keptRows = random.pick([0, 50, 1000])
            costs.touchedRows = random.pick([10, 5000])
            catalog = try Catalog(
                creatingAt: folder + "/c", configuration: CollectionConfiguration(dimension: 1, metric: .l2),
                costs: costs)
        }

        mutating func change() throws {
            try catalog.write { writer in
                for _ in 0..<80 {
                    let id = random.id(below: 400)
                    switch random.pick([0, 0, 0, 0, 1, 2, 3]) {
                    case 0:
                        let payload = random.payload()
                        let replaced = try writer.upsert(
                            id, payload: payload.isEmpty && random.chance(0.5) ? [] : JSON.object(payload).encoded,
                            row: nextRow)
                        #expect(replaced == points[id]?.row)
                        points[id] = (nextRow, payload)
                        nextRow += Int64(random.pick([1, 1, 1, 1, 5000]))
                    case 1:
                        let rows = try writer.delete([id])
                        #expect(rows.first == points[id]?.row)
                        points[id] = nil
                    case 2:
                        let payload = random.payload()
                        try writer.change(.replace(payload), of: [id])
                        points[id]?.payload = payload
                    default:
                        let value = random.scalar()
                        try writer.change(.set(["b": value], at: nil), of: [id])
                        points[id]?.payload["b"] = value == .null ? nil : value
                    }
                }
            }
        }

        /// A transaction that fails leaves no trace in what is kept.
        func failToChange() {
            struct Stop: Error {}
            #expect(throws: Stop.self) {
                try catalog.write { writer in
                    try writer.delete(points.keys.prefix(20))
                    throw Stop()
                }
            }
        }

        mutating func changeIndexes() throws {
            try catalog.write { writer in
                for path in RandomFilters.paths {
                    switch random.pick([0, 1, 1, 2]) {
                    case 0: try writer.deleteIndex(path)
                    case 1: try writer.createIndex(path, random.pick(PayloadIndexKind.allCases))
                    default: break
                    }
                }
            }
        }

        /// The numbers of payloads, sorted, against the walk through an index.
        private mutating func checkOrder(_ filter: Filter, _ evaluator: FilterEvaluator) throws {
            let indexed = try catalog.payloadIndexes().filter { [.integer, .float].contains($0.value) }
            guard let (path, kind) = indexed.first(where: { ["a", "b"].contains($0.key.description) }) else { return }
            let isDescending = random.chance(0.5)
            let start: Double? = random.pick([nil, 0, 1.5])
            let limit = random.pick([1, 10, 1000])
            var wanted: [(value: Double, row: Int64)] = []
            for (id, point) in points where evaluator.matches(id: id, payload: point.payload) {
                let values: [JSON] =
                    switch point.payload[path.description] {
                    case .array(let elements)?: elements
                    case let value?: [value]
                    case nil: []
                    }
                let numbers = values.compactMap { value -> JSON? in
                    switch value {
                    case .integer: kind == .integer ? value : value.double.map { .number($0) }
                    case .number: kind == .integer ? nil : value
                    default: nil
                    }
                }
                for value in Set(numbers).compactMap(\.double)
                where start.map({ isDescending ? value <= $0 : value >= $0 }) ?? true {
                    wanted.append((value, point.row))
                }
            }
            wanted.sort { isDescending ? $0 > $1 : $0 < $1 }
            let found = try catalog.scroll(
                filter, orderedBy: path, isDescending: isDescending, from: start, limit: limit)
            #expect(found.count == min(limit, wanted.count), "\(filter)")
            // Whole numbers beyond 2^53 are equal as doubles and may change places.
            #expect(found.map { $0.value.double } == wanted.prefix(limit).map(\.value), "\(filter)")
            #expect(found.allSatisfy { points[$0.id]?.row == $0.row })
            if limit == 1000 { #expect(found.map(\.row).sorted() == wanted.map(\.row).sorted()) }
        }

        mutating func checkOneFilter() throws {
            if filters.count < 10 { filters.append(random.filter()) }
            let filter = random.chance(0.5) ? random.pick(filters) : random.filter()
            let evaluator = FilterEvaluator(filter)
            let passing = points.filter { evaluator.matches(id: $0.key, payload: $0.value.payload) }
            let rows = passing.values.map(\.row).sorted()
            let ids = passing.keys.sorted()
            #expect(try catalog.matches(filter).rows == rows, "\(filter)")
            #expect(try catalog.ids(matching: filter) == ids, "\(filter)")
            let start = random.chance(0.5) ? random.id(below: 400) : nil
            let limit = random.pick([1, 10, 1000])
            let page = try catalog.scroll(filter, from: start, limit: limit)
            let wanted = start.map { start in ids.filter { $0 >= start } } ?? ids
            #expect(page.points.map(\.id) == Array(wanted.prefix(limit)), "\(filter)")
            #expect(page.next == wanted.dropFirst(limit).first, "\(filter)")
            try checkOrder(filter, evaluator)
            #expect((0...points.count).contains(try catalog.estimate(filter)))
        }
    }

    @Test func whatIsKeptIsAskedAgainOnlyWhereItChanged() throws {
        let kind = try #require(FieldPath("kind"))
        let filter = Filter(must: [.match(kind, .string("x"))])
        try withTemporaryDirectory { folder in
            let catalog = try Catalog(
                creatingAt: folder + "/c", configuration: CollectionConfiguration(dimension: 1, metric: .l2))
            try catalog.write { writer in
                for i in 0..<4000 {
                    let payload = #"{"kind":"\#(i % 2 == 0 ? "x" : "y")"}"#
                    try writer.upsert(.number(UInt64(i)), payload: Array(payload.utf8), row: Int64(i))
                }
            }
            #expect(try catalog.lookUp(filter).lookedUp == 4000)
            #expect(try catalog.lookUp(filter).lookedUp == 0)
            try catalog.write { writer in
                try writer.delete([.number(0), .number(1)])
                try writer.upsert(.number(2), payload: Array(#"{"kind":"y"}"#.utf8), row: 4000)
                try writer.upsert(.number(3), payload: Array(#"{"kind":"x"}"#.utf8), row: 4001)
            }
            let (rows, lookedUp) = try catalog.lookUp(filter)
            #expect(lookedUp == 2)
            #expect(rows.rows == Array(stride(from: 4, to: 4000, by: 2)) + [4001])
        }
    }

    @Test func anOrderNeedsAnIndexOfNumbers() throws {
        let (a, b) = (try #require(FieldPath("a")), try #require(FieldPath("b")))
        try withTemporaryDirectory { folder in
            let catalog = try Catalog(
                creatingAt: folder + "/c", configuration: CollectionConfiguration(dimension: 1, metric: .l2))
            try catalog.write { try $0.createIndex(a, .keyword) }
            for path in [a, b] {
                let error = #expect(throws: StoreError.self) {
                    try catalog.scroll(.init(), orderedBy: path, limit: 1)
                }
                #expect(error?.code == "invalid")
            }
        }
    }

    @Test(arguments: 0..<25 as Range<UInt64>) func findsWhatAskingEveryPointFinds(_ seed: UInt64) throws {
        try withTemporaryDirectory { folder in
            var trial = try Trial(seed: seed, folder: folder)
            for round in 0..<6 {
                trial.failToChange()
                try trial.change()
                if round % 2 == 1 { try trial.changeIndexes() }
                #expect(try trial.catalog.count() == trial.points.count)
                for _ in 0..<40 { try trial.checkOneFilter() }
            }
        }
    }

    @Test func whatAnIndexTellsIsNotLookedUp() throws {
        func path(_ text: String) throws -> FieldPath { try #require(FieldPath(text)) }
        let (kind, size, price) = (try path("kind"), try path("size"), try path("price"))
        let (seen, sold) = (try path("seen"), try path("sold"))
        try withTemporaryDirectory { folder in
            let catalog = try Catalog(
                creatingAt: folder + "/c", configuration: CollectionConfiguration(dimension: 1, metric: .l2))
            try catalog.write { writer in
                for i in 0..<1000 {
                    let payload = """
                        {"kind":"\(i % 4)","size":[\(i % 10),\(i % 3)],"price":\(i / 10).5,"sold":\(i % 2 == 0),\
                        "seen":"2024-01-\(10 + i % 20)"\(i % 100 == 0 ? "" : ",\"brand\":\"b\"")}
                        """
                    try writer.upsert(.number(UInt64(i)), payload: Array(payload.utf8), row: Int64(i))
                }
                let kinds: [(FieldPath, PayloadIndexKind)] = [
                    (kind, .keyword), (size, .integer), (price, .float), (seen, .datetime), (sold, .bool),
                    (try path("brand"), .keyword),
                ]
                for (path, kind) in kinds { try writer.createIndex(path, kind) }
            }
            let day = Filter.NumberRange(atLeast: 1_704_844_800, below: 1_704_931_200)
            let trials: [(Filter, Int)] = [
                (.init(must: [.match(kind, .string("1"))]), 250),
                (.init(must: [.any(kind, [.string("1"), .string("2"), .string("9")])]), 500),
                (.init(must: [.except(kind, [.string("1"), .string("0")])]), 500),
                (.init(mustNot: [.match(kind, .string("1"))]), 750),
                (.init(must: [.match(sold, .bool(true)), .match(kind, .string("2"))]), 250),
                (.init(must: [.range(price, .init(below: 50))]), 500),
                (.init(must: [.range(size, .init(atLeast: 9))]), 100),
                (.init(must: [.match(size, .integer(9))]), 100),
                (.init(must: [.time(seen, day)]), 50),
                (.init(must: [.isEmpty(try path("brand"))]), 10),
                (.init(must: [.isNull(try path("brand"))]), 0),
                (.init(should: [.match(kind, .string("1")), .match(sold, .bool(true))]), 750),
                (.init(atLeast: .init(2, of: [.match(kind, .string("0")), .match(sold, .bool(true))])), 250),
                (.init(must: [.hasID([.number(1), .number(5), .number(5000)])]), 2),
                (.init(must: [.filter(.init(mustNot: [.match(sold, .bool(true))]))]), 500),
            ]
            for (filter, count) in trials {
                let (rows, lookedUp) = try catalog.lookUp(filter)
                #expect(rows.count == count, "\(filter)")
                #expect(lookedUp == 0, "\(filter)")
            }
            // The names leave few points, whose payloads are cheaper than the entries of the other condition.
            let both = Filter(must: [.range(price, .init(atLeast: 0)), .hasID([.number(3)])])
            #expect(try catalog.lookUp(both).lookedUp == 1)
            let nested = Filter(must: [.match(try path("none"), .string("x"))])
            #expect(try catalog.lookUp(nested).lookedUp == 1000)
        }
    }

    @Test func anIndexMadeInATransactionHoldsWhatItStoresAfterwards() throws {
        let kind = try #require(FieldPath("kind"))
        try withTemporaryDirectory { folder in
            let catalog = try Catalog(
                creatingAt: folder + "/c", configuration: CollectionConfiguration(dimension: 1, metric: .l2))
            let filter = Filter(must: [.match(kind, .string("x"))])
            try catalog.write { writer in
                try writer.upsert(.number(1), payload: Array(#"{"kind":"x"}"#.utf8), row: 0)
                try writer.createIndex(kind, .keyword)
                try writer.upsert(.number(2), payload: Array(#"{"kind":"x"}"#.utf8), row: 1)
                try writer.upsert(.number(1), payload: [], row: 2)
            }
            #expect(try catalog.matches(filter).rows == [1])
            #expect(try catalog.payloadIndexes() == [kind: .keyword])
            try catalog.write { writer in
                try writer.deleteIndex(kind)
                try writer.upsert(.number(1), payload: Array(#"{"kind":"x"}"#.utf8), row: 3)
            }
            #expect(try catalog.matches(filter).rows == [1, 3])
            #expect(try catalog.payloadIndexes().isEmpty)
        }
    }

    @Test func estimatesAreNear() throws {
        let (kind, size) = (try #require(FieldPath("kind")), try #require(FieldPath("size")))
        try withTemporaryDirectory { folder in
            let catalog = try Catalog(
                creatingAt: folder + "/c", configuration: CollectionConfiguration(dimension: 1, metric: .l2))
            #expect(try catalog.estimate(.init()) == 0)
            #expect(try catalog.estimate(.init(must: [.isEmpty(kind)])) == 0)
            try catalog.write { writer in
                try writer.createIndex(kind, .keyword)
                for i in 0..<20_000 {
                    let payload = #"{"kind":"\#(i % 100 == 0 ? "rare" : "common")","size":\#(i % 4)}"#
                    try writer.upsert(.number(UInt64(i)), payload: Array(payload.utf8), row: Int64(i * 3))
                }
            }
            #expect(try catalog.estimate(.init()) == 20_000)
            #expect(try catalog.estimate(.init(must: [.match(kind, .string("rare"))])) == 200)
            #expect(try catalog.estimate(.init(must: [.match(kind, .string("none"))])) == 0)
            // Five standard errors of a sample of 256.
            let common = try catalog.estimate(.init(must: [.match(kind, .string("common"))]))
            #expect(abs(common - 19_800) < 700)
            #expect(abs(try catalog.estimate(.init(must: [.match(size, .integer(1))])) - 5000) < 2800)
        }
    }

    @Test(arguments: [false, true])
    func spellingsOfOneCharacterAreToldApart(isIndexed: Bool) throws {
        try withTemporaryDirectory { folder in
            var costs = FilterCosts()
            costs.keptRows = 0
            let catalog = try Catalog(
                creatingAt: folder + "/c", configuration: CollectionConfiguration(dimension: 1, metric: .l2),
                costs: costs)
            let (short, long) = ("\u{e9}", "e\u{301}")
            let paths = try [short, long].map { try #require(FieldPath($0)) }
            try catalog.write { writer in
                if isIndexed { try writer.createIndex(paths[0], .keyword) }
                try writer.upsert(.number(1), payload: JSON.object([short: .string(short)]).encoded, row: 0)
            }
            func rows(_ path: FieldPath, _ text: String) throws -> [Int64] {
                try catalog.matches(Filter(must: [.match(path, .string(text))])).rows
            }
            for _ in 0..<2 {
                #expect(try rows(paths[0], short) == [0])
                #expect(try rows(paths[0], long) == [])
                #expect(try rows(paths[1], short) == [])
            }
            try catalog.write { try $0.createIndex(paths[1], .keyword) }
            #expect(try catalog.payloadIndexes().count == (isIndexed ? 2 : 1))
            #expect(try rows(paths[1], short) == [])
            #expect(Filter(must: [.any(paths[0], [.string(short)])]) != Filter(must: [.any(paths[0], [.string(long)])]))
        }
    }
}
