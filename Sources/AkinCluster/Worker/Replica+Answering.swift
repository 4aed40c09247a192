internal import AkinServer
internal import AkinStore
internal import Foundation

extension Replica {
    /// Answers a question; called on a thread of the NATS library, which does not wait.
    func take(_ message: NATSMessage) {
        guard message.reply != nil else { return }
        guard context.budget.take() else {
            let reason = "worker \"\(context.worker)\" answers \(context.budget.limit) questions already"
            return send(answer(.failure(.overload(reason)), since: .now), to: message)
        }
        let start = ContinuousClock.now
        Task { [self] in
            defer { context.budget.giveBack() }
            send(await answer(message.bytes, since: start), to: message)
        }
    }

    /// An answer that cannot be sent is none: whoever asked asks another replica.
    private func send(_ answer: ShardAnswer, to message: NATSMessage) {
        do { try context.connection.answer(message, answer.encoded()) } catch {
            context.logger.debug("an answer cannot be sent: \(error)")
        }
    }

    private func answer(_ bytes: [UInt8], since start: ContinuousClock.Instant) async -> ShardAnswer {
        let result: Result<ShardAnswer.Body, ShardFailure>
        var position = gate.position
        do {
            let question = try ShardQuestion(decoding: bytes)
            try checkState()
            if await !gate.wait(for: question.after, milliseconds: question.patience) {
                throw ShardFailure.behind(gate.position)
            }
            // It may have been restored, or have failed, meanwhile.
            try checkState()
            position = gate.position
            result = .success(try await body(question.body))
        } catch let failure as ShardFailure {
            result = .failure(failure)
        } catch let failure as DecodingFailure {
            let error = StoreError.invalid(
                field: "question", expected: "a message that this release knows", actual: failure.description)
            result = .failure(.store(error))
        } catch let overload as Overload {
            result = .failure(.overload(overload.reason))
        } catch is CancellationError {
            result = .failure(.notHere)
        } catch {
            let error = StoreError(error)
            // It is being dropped, restored or closed: others are not.
            switch error {
            case .unavailable, .noCollection: result = .failure(.notHere)
            default: result = .failure(.store(error))
            }
        }
        return answer(result, at: position, since: start)
    }

    private func answer(
        _ result: Result<ShardAnswer.Body, ShardFailure>, at position: UInt64? = nil,
        since start: ContinuousClock.Instant
    ) -> ShardAnswer {
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        counts.withLock { counts in
            counts.questions += 1
            counts.seconds += seconds
            if case .failure = result { counts.failures += 1 }
        }
        return ShardAnswer(
            position: position ?? gate.position, microseconds: UInt32(clamping: Int(seconds * 1e6)),
            worker: context.worker, result: result)
    }

    /// Refuses to answer where answers may be wrong.
    private func checkState() throws {
        let current = current
        switch current.state {
        case .ready, .catchingUp: return
        case .restoring: throw ShardFailure.notHere
        case .gap, .failed: throw ShardFailure.gap(current.problem ?? "writes are missing")
        }
    }

    private func body(_ question: ShardQuestion.Body) async throws -> ShardAnswer.Body {
        let (service, name) = (context.service, shard.description)
        return switch question {
        case .search(let queries): .search(try await service.search(queries, in: name))
        case .retrieve(let ids, let fields): .retrieve(try await service.retrieve(ids, fields, from: name))
        case .scroll(let query): .scroll(try await service.scroll(query, in: name))
        case .count(let filter): .count(try await service.count(filter, in: name))
        case .image(let id): .image(try await service.image(of: id, in: name))
        case .describe: .describe(try await service.describe(name))
        case .searchSet: throw ShardFailure.notHere
        }
    }
}
