import Akin
import AkinTestSupport
import CAkinKernels
import Testing

@Suite("Graph kernels")
struct GraphKernelTests {
    static let levels: [akin_simd_level] = [
        AKIN_SIMD_SCALAR, AKIN_SIMD_AVX2, AKIN_SIMD_AVX512, AKIN_SIMD_NEON,
    ].filter { akin_graph_at($0) != nil }
    static let widths = [32, 64, 96, 128, 160, 256, 288, 800, 3136, 65_536]

    private typealias Keys = (UnsafeRawPointer, [UInt8], Int, [UInt32]) -> [Float]

    /// The kernel of a kind at a level, for rows of `width` bytes.
    private func keys(
        _ level: akin_simd_level, _ kind: akin_row_kind, query: [UInt8], rows: [UInt8], width: Int, which: [UInt32]
    ) -> [Float] {
        let all = akin_graph_at(level).pointee.keys
        let kernel = [all.0, all.1, all.2, all.3, all.4, all.5][Int(kind.rawValue)]
        var keys = [Float](repeating: .nan, count: which.count)
        rows.withUnsafeBufferPointer { rows in
            var described = akin_graph_rows(rows: rows.baseAddress, stride: width, width: width)
            query.withUnsafeBytes { kernel?($0.baseAddress, &described, which, which.count, &keys) }
        }
        return keys
    }

    private func bytes(_ values: [Float]) -> [UInt8] { values.withUnsafeBytes { Array($0) } }

    private func random(_ count: Int, seed: UInt64) -> [UInt8] {
        var random = SeededRandom(seed: seed)
        return (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    }

    private let which: [UInt32] = [4, 0, 2, 2, 1, 3, 4]

    @Test("every level has graph kernels where it has others")
    func everyLevel() {
        for level in [AKIN_SIMD_SCALAR, AKIN_SIMD_AVX2, AKIN_SIMD_AVX512, AKIN_SIMD_NEON] {
            #expect((akin_graph_at(level) == nil) == (akin_kernels_at(level) == nil))
        }
    }

    @Test("bytes are compared exactly at every level", arguments: widths)
    func eightBits(width: Int) {
        let query = random(width, seed: 1)
        var rows = random(5 * width, seed: 2)
        // The greatest sum: 255 everywhere against 0.
        for i in 0..<width { rows[3 * width + i] = query[i] < 128 ? 255 : 0 }
        let expected = which.map { row in
            Float(
                (0..<width).reduce(0) { sum, i in
                    let difference = Int(query[i]) - Int(rows[Int(row) * width + i])
                    return sum + difference * difference
                })
        }
        for level in Self.levels {
            let found = keys(level, AKIN_ROWS_U8, query: query, rows: rows, width: width, which: which)
            #expect(found == expected, "level \(level.rawValue)")
        }
        let black = [UInt8](repeating: 0, count: width), white = [UInt8](repeating: 255, count: width)
        for level in Self.levels {
            let found = keys(level, AKIN_ROWS_U8, query: black, rows: white, width: width, which: [0])
            #expect(found == [Float(65_025 * width)], "level \(level.rawValue)")
        }
    }

    @Test("halves of bytes are compared exactly at every level", arguments: widths)
    func fourBits(width: Int) {
        let dimension = 2 * width - (width > 32 ? 3 : 31)
        var seeds = SeededRandom(seed: 3)
        let x = (0..<dimension).map { _ in Int8(Int.random(in: -7...127, using: &seeds)) }
        let numbers = (0..<5).map { _ in (0..<dimension).map { _ in UInt8.random(in: 0...15, using: &seeds) } }
        var rows = [UInt8](repeating: 0, count: 5 * width)
        var query = [Int8](repeating: 0, count: 2 * width)
        for i in 0..<5 {
            rows.withUnsafeMutableBufferPointer { rows in
                akin_graph_pack_u4(numbers[i], dimension, width, rows.baseAddress.map { $0 + i * width })
            }
            var back = [UInt8](repeating: 99, count: dimension)
            akin_graph_unpack_u4(Array(rows[i * width..<(i + 1) * width]), dimension, width, &back)
            #expect(back == numbers[i])
            akin_graph_widen_u4(Array(rows[i * width..<(i + 1) * width]), width, &query)
            let padding = [Int8](repeating: 0, count: 2 * width - dimension)
            #expect(query == numbers[i].map { Int8($0 * 8) } + padding)
        }
        query = x + [Int8](repeating: 0, count: 2 * width - dimension)
        let expected = which.map { row in
            Float(
                (0..<dimension).reduce(0) { sum, d in
                    let difference = Int(x[d]) - 8 * Int(numbers[Int(row)][d])
                    return sum + difference * difference
                })
        }
        for level in Self.levels {
            let found = keys(
                level, AKIN_ROWS_U4, query: query.map { UInt8(bitPattern: $0) }, rows: rows, width: width,
                which: which)
            #expect(found == expected, "level \(level.rawValue)")
        }
    }

    @Test(
        "floats of 32 and 16 bits, and bytes, give the same bits at every level, and what doubles give",
        arguments: widths)
    func floats(width: Int) {
        for kind in [AKIN_ROWS_F32, AKIN_ROWS_FP16, AKIN_ROWS_BF16, AKIN_ROWS_U8F] {
            let count = width / (kind == AKIN_ROWS_F32 ? 4 : kind == AKIN_ROWS_U8F ? 1 : 2)
            var random = SeededRandom(seed: 5)
            let query = (0..<count).map { _ in random.gaussian() }
            var values = (0..<5 * count).map { _ in random.gaussian() }
            if kind == AKIN_ROWS_FP16 { values[0] = 0x1p-20 }
            let rows: [UInt8]
            switch kind {
            case AKIN_ROWS_F32: rows = bytes(values)
            case AKIN_ROWS_U8F:
                rows = self.random(5 * count, seed: 6)
                values = rows.map(Float.init)
            case AKIN_ROWS_FP16:
                values = values.map { Float(Float16($0)) }
                rows = values.map { Float16($0).bitPattern }.withUnsafeBytes { Array($0) }
            default:
                values = values.map { Float(bitPattern: $0.bitPattern & 0xffff_0000) }
                rows = values.map { UInt16($0.bitPattern >> 16) }.withUnsafeBytes { Array($0) }
            }
            let expected = keys(
                AKIN_SIMD_SCALAR, kind, query: bytes(query), rows: rows, width: width, which: which)
            for (row, key) in zip(which, expected) {
                let exact = (0..<count).reduce(0.0) { sum, i in
                    let difference = Double(query[i]) - Double(values[Int(row) * count + i])
                    return sum + difference * difference
                }
                #expect(abs(Double(key) - exact) <= exact * Double(count / 64 + 8) * 0x1p-23)
            }
            for level in Self.levels {
                let found = keys(level, kind, query: bytes(query), rows: rows, width: width, which: which)
                #expect(found == expected, "level \(level.rawValue), kind \(kind.rawValue)")
            }
        }
    }
}

@Suite("Walks of graphs")
struct GraphWalkTests {
    private static let width = 64, members = 300, degree = 12

    /// A layer of random links; `levels` above 0 have places.
    private func walk(
        _ level: akin_simd_level, _ rows: [UInt8], _ links: [UInt32], places: [UInt32]?, queries: [[UInt8]],
        entries: [UInt32], ef: Int
    ) -> [[UInt64]] {
        let count = links.count / Self.degree
        return rows.withUnsafeBufferPointer { rows in
            links.withUnsafeBufferPointer { links in
                (places ?? []).withUnsafeBufferPointer { stations in
                    var layer = akin_graph_layer(
                        rows: akin_graph_rows(rows: rows.baseAddress, stride: Self.width, width: Self.width),
                        links: links.baseAddress, places: places == nil ? nil : stations.baseAddress,
                        degree: Self.degree)
                    let pools = queries.map { _ in Buffer<UInt64>(repeating: 0, count: ef) }
                    let met = queries.map { _ in Buffer<UInt32>(repeating: 0, count: (count + 31) / 32) }
                    let seen = queries.map { _ in Buffer<UInt32>(repeating: 0, count: count + Self.degree + 16) }
                    let copies = queries.map { query in
                        let copy = Buffer<UInt8>(repeating: 0, count: query.count)
                        copy.pointer.update(from: query, count: query.count)
                        return copy
                    }
                    var walks = queries.indices.map { i in
                        akin_graph_walk(
                            query: copies[i].pointer, member: entries[i], pool: pools[i].pointer, count: 0,
                            met: met[i].pointer, seen: seen[i].pointer, seen_count: 0, next: 0, fresh: 0)
                    }
                    withExtendedLifetime((pools, met, seen, copies)) {
                        akin_graph_beam_of(akin_graph_at(level), AKIN_ROWS_U8)?(&layer, &walks, walks.count, ef)
                    }
                    return queries.indices.map { i in
                        #expect((0..<met[i].count).allSatisfy { met[i][$0] == 0 })
                        return (0..<walks[i].count).map { pools[i][$0] }
                    }
                }
            }
        }
    }

    /// The textbook's walk: a set of candidates and one of results.
    private func plain(
        _ rows: [UInt8], _ links: [UInt32], places: [UInt32]?, query: [UInt8], entry: UInt32, ef: Int
    ) -> [UInt64] {
        func item(_ member: UInt32) -> UInt64 {
            let row = Int(places?[2 * Int(member)] ?? member)
            let key = (0..<Self.width).reduce(0) { sum, i in
                let difference = Int(query[i]) - Int(rows[row * Self.width + i])
                return sum + difference * difference
            }
            return UInt64(Float(key).bitPattern) << 32 | UInt64(member) << 1
        }
        var met: Set = [entry], results = [item(entry)], open = results
        while let next = open.min() {
            open.removeAll { $0 == next }
            if results.count == ef, next > results[ef - 1] { break }
            for link in links[Int(UInt32(truncatingIfNeeded: next) >> 1) * Self.degree..<links.count].prefix(
                Self.degree)
            where link != UInt32.max && met.insert(link).inserted {
                let found = item(link)
                open.append(found)
                results.append(found)
                results.sort()
                if results.count > ef { results.removeLast() }
            }
        }
        return results.map { $0 | 1 }
    }

    @Test(
        "every level finds what the plain algorithm finds, one query at a time and many", arguments: [1, 7, 8, 40, 299])
    func walks(ef: Int) {
        var random = SeededRandom(seed: 9)
        let rows = (0..<Self.width * Self.members).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        var links = [UInt32](repeating: .max, count: Self.members * Self.degree)
        for member in 0..<Self.members {
            let count = Int.random(in: 0...Self.degree, using: &random)
            var chosen: Set<UInt32> = []
            while chosen.count < count { chosen.insert(.random(in: 0..<UInt32(Self.members), using: &random)) }
            for (i, link) in chosen.sorted().enumerated() { links[member * Self.degree + i] = link }
        }
        let places = (0..<UInt32(Self.members)).flatMap { [UInt32(Self.members) - 1 - $0, $0] }
        let queries = (0..<Int(AKIN_GRAPH_WALKS)).map { _ in
            (0..<Self.width).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        }
        let entries = queries.indices.map { UInt32($0 * 31) }
        for places in [nil, places] {
            let expected = queries.indices.map {
                plain(rows, links, places: places, query: queries[$0], entry: entries[$0], ef: ef)
            }
            for level in GraphKernelTests.levels {
                let together = walk(
                    level, rows, links, places: places, queries: queries, entries: entries, ef: ef)
                #expect(together == expected, "level \(level.rawValue)")
                for i in queries.indices.prefix(2) {
                    let alone = walk(
                        level, rows, links, places: places, queries: [queries[i]], entries: [entries[i]], ef: ef)
                    #expect(alone == [expected[i]], "level \(level.rawValue)")
                }
            }
        }
    }
}
