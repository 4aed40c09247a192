import AkinCluster
import AkinStore

/// Any bytes as a message between routers and workers: a write, a question, an answer.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzShardMessage(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let start, count > 0 else { return 0 }
    let message = Array(UnsafeBufferPointer(start: start + 1, count: count - 1))
    // What was read and written once keeps its bytes: payloads keep their meaning, not their spelling.
    switch start[0] % 3 {
    case 0:
        guard let write = try? ShardWrite(decoding: message) else { return 0 }
        let bytes = write.encoded()
        guard let again = try? ShardWrite(decoding: bytes) else { fatalError("a write is not read again") }
        precondition(again.encoded() == bytes)
        for part in (try? write.messages(limit: max(64, bytes.count / 3))) ?? [] {
            guard (try? ShardWrite(decoding: part)) != nil else { fatalError("a part is not read") }
        }
    case 1:
        guard let question = try? ShardQuestion(decoding: message) else { return 0 }
        let bytes = question.encoded()
        guard let again = try? ShardQuestion(decoding: bytes) else { fatalError("a question is not read again") }
        precondition(again.encoded() == bytes)
    default:
        guard let answer = try? ShardAnswer(decoding: message) else { return 0 }
        let bytes = answer.encoded()
        guard let again = try? ShardAnswer(decoding: bytes) else { fatalError("an answer is not read again") }
        precondition(again.encoded() == bytes)
    }
    return 0
}
