import AkinCluster
import AkinServer
import AkinStore
import AkinTestSupport
import Foundation
import Testing

@Suite struct ShardMessageTests {
    @Test func everyMessageComesBackFromItsBytes() throws {
        var messages = RandomMessages(seed: 1)
        for _ in 0..<1_000 {
            let write = messages.write(), question = messages.question(), answer = messages.answer()
            #expect(try ShardWrite(decoding: write.encoded()) == write)
            #expect(try ShardQuestion(decoding: question.encoded()) == question)
            #expect(try ShardAnswer(decoding: answer.encoded()) == answer)
        }
    }

    @Test func messagesCutShortOrTooLongAreRefused() throws {
        var messages = RandomMessages(seed: 2)
        for _ in 0..<60 {
            let all = [messages.write().encoded(), messages.question().encoded(), messages.answer().encoded()]
            for (kind, bytes) in all.enumerated() {
                for length in 0..<bytes.count {
                    // An image is what is left of its answer, and may be of any length.
                    if kind == 2, case .image? = try? ShardAnswer(decoding: bytes).result.get() { continue }
                    #expect(throws: DecodingFailure.self) { try Self.decode(kind, Array(bytes[..<length])) }
                }
                if kind < 2 { #expect(throws: DecodingFailure.self) { try Self.decode(kind, bytes + [0]) } }
            }
        }
    }

    @Test func damagedMessagesAreReadAsSomethingOrRefused() throws {
        var messages = RandomMessages(seed: 3)
        var refused = 0
        for round in 0..<6_000 {
            var bytes = [messages.write().encoded(), messages.question().encoded(), messages.answer().encoded()][
                round % 3]
            for _ in 0..<Int.random(in: 1...3, using: &messages.random) {
                let place = Int.random(in: 0..<bytes.count, using: &messages.random)
                bytes[place] = messages.pick([0, 1, 0x7F, 0x80, 0xFF, UInt8(round & 255)])
            }
            do { try Self.decode(round % 3, bytes) } catch is DecodingFailure { refused += 1 }
        }
        #expect(refused > 1_000)
    }

    private static func decode(_ kind: Int, _ bytes: [UInt8]) throws {
        switch kind {
        case 0: _ = try ShardWrite(decoding: bytes)
        case 1: _ = try ShardQuestion(decoding: bytes)
        default: _ = try ShardAnswer(decoding: bytes)
        }
    }

    @Test func aMessageOfAnotherFormatIsRefusedByItsNumber() throws {
        var bytes = ShardQuestion(.describe).encoded()
        bytes[0] = 2
        let failure = #expect(throws: DecodingFailure.self) { try ShardQuestion(decoding: bytes) }
        #expect(failure?.description.contains("format 2") == true)
    }

    @Test func filtersStandInOneAnotherUpToABound() throws {
        func nested(_ depth: Int) -> Filter {
            var filter = Filter(must: [.hasID([.number(1)])])
            for _ in 1..<depth { filter = Filter(must: [.filter(filter)]) }
            return filter
        }
        let deepest = ShardQuestion(.count(nested(64)))
        #expect(try ShardQuestion(decoding: deepest.encoded()) == deepest)
        for depth in [65, 1_000] {
            #expect(throws: DecodingFailure.self) {
                try ShardQuestion(decoding: ShardQuestion(.count(nested(depth))).encoded())
            }
        }
    }

    @Test func countsThatCannotBeAreRefusedBeforeMemoryIsTaken() throws {
        // A search of 2^32 - 1 queries, and one query of as many numbers.
        let beginning = Array(ShardQuestion(.search([])).encoded().dropLast(4))
        let many: [UInt8] = [255, 255, 255, 255]
        #expect(throws: DecodingFailure.self) { try ShardQuestion(decoding: beginning + many) }
        #expect(throws: DecodingFailure.self) {
            try ShardQuestion(decoding: beginning + [1, 0, 0, 0, 0] + many + [UInt8](repeating: 0, count: 64))
        }
    }

    @Test func aSearchAndItsAnswerAreLittleMoreThanTheirNumbers() {
        let question = ShardQuestion(.search([SearchQuery(vector: [Float](repeating: 1, count: 128))]))
        #expect(question.encoded().count <= 4 * 128 + 40)
        let hits = (0..<10).map { SearchAnswer.Hit(point: StoredPoint(id: .number($0)), score: 1) }
        let answer = ShardAnswer(
            position: 1, microseconds: 1, worker: "worker-1",
            result: .success(.search([SearchAnswer(hits: hits, isExact: true, plan: .unfiltered)])))
        #expect(answer.encoded().count <= 10 * 14 + 48)
    }

    @Test func aReasonThatIsNotKnownHereIsStillARefusal() throws {
        let error = StoreError.storage("a new reason")
        var bytes = ShardAnswer(position: 0, microseconds: 0, worker: "", result: .failure(.store(error))).encoded()
        let code = Array("storage".utf8)
        let place = try #require(bytes.indices.first { bytes[$0...].starts(with: code) })
        bytes[place] = UInt8(ascii: "S")
        #expect(try ShardAnswer(decoding: bytes).result == .failure(.store(error)))
    }

    @Test func writesAreDividedByBytesAndKeepTheirOrder() throws {
        var messages = RandomMessages(seed: 4)
        for limit in [700, 2_000, 100_000] {
            let points = (0..<200).map {
                Point(id: .number($0), vector: messages.vector(), payload: ["n": .integer(1)])
            }
            let parts = try ShardWrite.messages(upsert: points, limit: limit)
            #expect(parts.allSatisfy { $0.count <= limit })
            var found: [Point] = []
            for part in parts {
                guard case .upsert(let some) = try ShardWrite(decoding: part) else { continue }
                found += some
            }
            #expect(found == points)
            let ids = (0..<500).map { PointID.name("name \($0)") }
            var deleted: [PointID] = [], changed: [PointID] = []
            for part in try ShardWrite.delete(.ids(ids)).messages(limit: limit) {
                #expect(part.count <= limit)
                if case .delete(.ids(let some)) = try ShardWrite(decoding: part) { deleted += some }
            }
            let change = PayloadChange.set(["a": .string("b")], at: nil)
            for part in try ShardWrite.change(change, .ids(ids)).messages(limit: limit) {
                #expect(part.count <= limit)
                if case .change(change, .ids(let some)) = try ShardWrite(decoding: part) { changed += some }
            }
            #expect(deleted == ids && changed == ids)
        }
        #expect(try ShardWrite.messages(upsert: [], limit: 100) == [])
    }

    @Test func whatIsTooLargeForOneMessageIsRefusedWithTheLimit() throws {
        let large = [
            ShardWrite.upsert([
                Point(id: .number(1), vector: [1]), Point(id: .number(2), vector: [Float](repeating: 1, count: 500)),
            ]),
            .upsert([Point(id: .number(1), vector: [1], image: Data(count: 2_000))]),
            .change(.replace(["a": .string(String(repeating: "x", count: 2_000))]), .ids([.number(1)])),
            .delete(.matching(Filter(must: [.hasID(Set((0..<300).map { .number($0) }))]))),
        ]
        for write in large {
            #expect { try write.messages(limit: 1_000) } throws: { error in
                guard case StoreError.invalid(_, let expected, _) = error else { return false }
                return expected.contains("1000 bytes") && expected.contains("max_payload")
            }
        }
    }
}
