import Akin
import AkinCluster
import AkinServer
import AkinStore
import AkinTestSupport
import Testing

@Suite("Messages about pictures") struct EmbeddingMessageTests {
    private static let questions: [EmbeddingQuestion] = [
        .model, .embed(space: "s", pictures: []), .embed(space: "cafe", pictures: [[], [1, 2, 3], [255]]),
    ]

    private static let answers: [EmbeddingAnswer] = {
        var error = RequestError(status: 422, "damaged_image", "the file ends early")
        error.field = "image"
        error.expected = "a whole file"
        error.retryAfterSeconds = 3
        let model = EmbeddingModel(space: EmbeddingSpace(id: "ab12", name: "räume"), dimension: 3)
        return [
            .model(model), .otherSpace(model), .overload("much", retryAfterSeconds: 7), .vectors([]),
            .vectors([.success([1, -2.5, .leastNonzeroMagnitude]), .failure(error), .success([])]),
        ]
    }()

    @Test("are what they were after they were sent")
    func roundTrips() throws {
        for question in Self.questions { #expect(try EmbeddingQuestion(decoding: question.encoded()) == question) }
        for answer in Self.answers { #expect(try EmbeddingAnswer(decoding: answer.encoded()) == answer) }
    }

    @Test("that are cut or damaged are refused or read as others, and never end the program")
    func damage() {
        var random = SeededRandom(seed: 11)
        for question in Self.questions.map({ $0.encoded() }) {
            for count in question.indices {
                #expect(throws: DecodingFailure.self) { try EmbeddingQuestion(decoding: Array(question.prefix(count))) }
            }
            #expect(throws: DecodingFailure.self) { try EmbeddingQuestion(decoding: question + [0]) }
        }
        for answer in Self.answers.map({ $0.encoded() }) {
            for count in answer.indices {
                #expect(throws: DecodingFailure.self) { try EmbeddingAnswer(decoding: Array(answer.prefix(count))) }
            }
            #expect(throws: DecodingFailure.self) { try EmbeddingAnswer(decoding: answer + [0]) }
        }
        for bytes in Self.questions.map({ $0.encoded() }) + Self.answers.map({ $0.encoded() }) {
            for _ in 0..<2_000 {
                var damaged = bytes
                for _ in 0...Int.random(in: 0...2, using: &random) {
                    damaged[Int.random(in: damaged.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
                }
                _ = try? EmbeddingQuestion(decoding: damaged)
                _ = try? EmbeddingAnswer(decoding: damaged)
            }
        }
    }

    @Test("of another format say which release to run")
    func versions() {
        var bytes = EmbeddingQuestion.model.encoded()
        bytes[0] = 9
        #expect { try EmbeddingQuestion(decoding: bytes) } throws: { "\($0)".contains("same release") }
    }
}
