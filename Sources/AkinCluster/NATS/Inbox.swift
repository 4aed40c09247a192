internal import CNATS
internal import Foundation
internal import Synchronization

/// Where answers to questions come in: one subscription for all of a connection's, told apart by the end of the subject.
final class Inbox: @unchecked Sendable {
    private let prefix: String
    private let waiting = Waiting()
    private let subscription: NATSSubscription
    private let counter = Atomic<UInt64>(0)

    init(_ connection: OpaquePointer) throws {
        var made: UnsafeMutablePointer<CChar>?
        try check(natsInbox_Create(&made), "an inbox")
        guard let made else { throw NATSFailure(.other, "an inbox cannot be made") }
        prefix = String(cString: made) + "."
        natsInbox_Destroy(made)
        let start = prefix.utf8.count
        subscription = try NATSSubscription(connection, prefix + "*", queue: nil) { [waiting] message in
            guard let subject = natsMsg_GetSubject(message),
                let number = UInt64(String(cString: subject + start), radix: 36)
            else { return }
            let isNobody = natsMsg_IsNoResponders(message)
            waiting.take(number, isNobody ? nil : NATSMessage(message).bytes)
        }
        waiting.start()
    }

    /// Sends a question with a subject for the answer, and waits.
    func wait(
        for what: String, within seconds: Double, isWhole: Bool, _ send: (String) throws -> Void
    ) async throws -> [UInt8] {
        let number = counter.add(1, ordering: .relaxed).newValue
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let end = ContinuousClock.now + .seconds(seconds)
                guard waiting.add(number, .init(what: what, end: end, isWhole: isWhole, continuation: continuation))
                else { return }
                do { try send(prefix + String(number, radix: 36)) } catch { waiting.fail(number, error) }
                // Whoever cancelled before the question was noted found nothing to fail.
                if Task.isCancelled { waiting.fail(number, CancellationError()) }
            }
        } onCancel: {
            waiting.fail(number, CancellationError())
        }
    }

    func close() {
        subscription.end()
        waiting.close()
    }
}

/// Questions without an answer yet.
private final class Waiting: Sendable {
    struct Question: Sendable {
        var what: String
        var end: ContinuousClock.Instant
        var isWhole: Bool
        var continuation: CheckedContinuation<[UInt8], any Error>
        var parts = Parts()
    }

    private struct State {
        var questions: [UInt64: Question] = [:]
        var isClosed = false
    }
    private let state = Mutex(State())

    /// Begins to look for questions whose time is over.
    func start() {
        let thread = Thread { [weak self] in
            while let self, self.expire() { Thread.sleep(forTimeInterval: 0.01) }
        }
        thread.name = "akin-inbox"
        thread.start()
    }

    /// Whether the question may be asked; it has been told of its end otherwise.
    func add(_ number: UInt64, _ question: Question) -> Bool {
        let refusal: (any Error)? = state.withLock { state in
            if state.isClosed { return NATSFailure(.away, "\(question.what): the connection is closed") }
            state.questions[number] = question
            return nil
        }
        if let refusal { question.continuation.resume(throwing: refusal) }
        return refusal == nil
    }

    /// Takes an answer, or a part of one; `nil` where nobody heard the question.
    func take(_ number: UInt64, _ bytes: [UInt8]?) {
        let done: (Question, Result<[UInt8], any Error>)? = state.withLock { state in
            guard var question = state.questions[number] else { return nil }
            let result: Result<[UInt8], any Error>
            if let bytes {
                if question.isWhole {
                    do {
                        guard let whole = try question.parts.add(bytes) else {
                            state.questions[number] = question
                            return nil
                        }
                        result = .success(whole)
                    } catch { result = .failure(error) }
                } else {
                    result = .success(bytes)
                }
            } else {
                result = .failure(NATSFailure(.noResponders, "\(question.what): nobody listens"))
            }
            state.questions[number] = nil
            return (question, result)
        }
        if let (question, result) = done { question.continuation.resume(with: result) }
    }

    func fail(_ number: UInt64, _ error: any Error) {
        let question = state.withLock { $0.questions.removeValue(forKey: number) }
        question?.continuation.resume(throwing: error)
    }

    /// Tells those that waited too long; false once nobody will ask any more.
    private func expire() -> Bool {
        let now = ContinuousClock.now
        let (late, goesOn) = state.withLock { state in
            let late = state.questions.filter { $0.value.end < now }
            for number in late.keys { state.questions[number] = nil }
            return (late, !state.isClosed)
        }
        for question in late.values {
            question.continuation.resume(throwing: NATSFailure(.timeout, "\(question.what): no answer in time"))
        }
        return goesOn
    }

    func close() {
        let left = state.withLock { state in
            defer { state.questions = [:] }
            state.isClosed = true
            return state.questions
        }
        for question in left.values {
            question.continuation.resume(throwing: NATSFailure(.away, "\(question.what): the connection is closed"))
        }
    }
}
