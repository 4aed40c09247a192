package import AkinServer
internal import AkinStore
package import Logging
internal import Synchronization

/// Makes vectors of the pictures that routers send: one of a queue group, so that any number share the work.
package final class EmbeddingWorker: Sendable {
    /// Questions under way at most; others are refused at once.
    private static let greatestCount = 1024

    private let connection: NATSConnection
    private let names: ClusterNames
    private let embedding: ImageEmbedding
    private let logger: Logger
    private let running = Mutex(0)
    private let subscription = Mutex<NATSSubscription?>(nil)

    /// Prepares to answer.
    ///
    /// - Parameters:
    ///   - connection: where questions come from.
    ///   - names: where they go.
    ///   - embedding: makes the vectors, pictures of several questions together; the caller closes it.
    ///   - logger: where it tells what is wrong.
    package init(_ connection: NATSConnection, _ names: ClusterNames, _ embedding: ImageEmbedding, _ logger: Logger) {
        self.connection = connection
        self.names = names
        self.embedding = embedding
        self.logger = logger
    }

    /// Begins to answer.
    ///
    /// - Throws: ``NATSFailure``.
    package func start() throws {
        let made = try connection.subscribe(names.pictures, queue: ClusterNames.embedders) { [self] message in
            running.withLock { $0 += 1 }
            Task {
                await answer(message)
                running.withLock { $0 -= 1 }
            }
        }
        subscription.withLock { $0 = made }
        try connection.flush()
    }

    /// Takes no more questions, and returns when those that came are answered.
    package func stop() async {
        let ending = subscription.withLock { subscription in
            defer { subscription = nil }
            return subscription
        }
        guard let ending else { return }
        // What the servers have sent already is still handled.
        _ = try? await Blocking.run { ending.drain(within: 10) }
        while running.withLock({ $0 }) > 0 { try? await Task.sleep(for: .milliseconds(5)) }
        _ = try? await Blocking.run { [connection] in try connection.flush() }
    }

    private func answer(_ message: NATSMessage) async {
        do {
            let answer = try await answer(EmbeddingQuestion(decoding: message.bytes))
            try connection.answer(message, answer.encoded())
        } catch {
            // Whoever asked hears nothing and asks somebody else.
            logger.warning("a question about pictures is not answered: \(error)")
        }
    }

    private func answer(_ question: EmbeddingQuestion) async throws -> EmbeddingAnswer {
        let model = try await embedding.model()
        guard case .embed(let space, let pictures) = question else { return .model(model) }
        guard space == model.space.id else { return .otherSpace(model) }
        guard running.withLock({ $0 }) <= Self.greatestCount else {
            return .overload("\(Self.greatestCount) questions about pictures wait already", retryAfterSeconds: 1)
        }
        do { return .vectors(try await embed(pictures)) } catch let overload as Overload {
            return .overload(overload.reason, retryAfterSeconds: overload.retryAfterSeconds)
        }
    }

    private func embed(_ pictures: [[UInt8]]) async throws -> [Result<[Float], RequestError>] {
        // All are begun before the first is waited for, so that they meet in a batch.
        let tasks = pictures.map { picture in Task { [embedding] in try await embedding.vector(of: picture) } }
        var results: [Result<[Float], RequestError>] = []
        for task in tasks { results.append(try await Self.result(task)) }
        return results
    }

    /// A vector, or what is wrong with the picture.
    private static func result(_ task: Task<[Float], any Error>) async throws -> Result<[Float], RequestError> {
        do { return .success(try await task.value) } catch {
            guard let error = error as? RequestError else { throw error }
            return .failure(error)
        }
    }
}
