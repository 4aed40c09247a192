internal import Akin
package import AkinServer
internal import AkinStore
package import AkinVision
internal import Synchronization

/// Turns image files into vectors by asking embedding workers; which of them, NATS decides.
package final class RemoteEmbedding: PictureEmbedding {
    /// Pictures of one request that are on their way at once.
    package let threads = 16
    /// For thumbnails, which are made here.
    package let limits: ImageLimits

    private let connection: @Sendable () throws -> NATSConnection
    private let names: ClusterNames
    private let seconds: Double
    private let pool: WorkPool
    private let known = Mutex<EmbeddingModel?>(nil)

    /// Prepares to ask.
    ///
    /// - Parameters:
    ///   - names: whom.
    ///   - limits: pixels of a thumbnail's picture; how many of them may wait.
    ///   - threads: thumbnails that are made at once.
    ///   - seconds: how long an answer may take; then somebody else is asked once.
    ///   - connection: where to ask; throws where no NATS server has answered yet.
    package init(
        _ names: ClusterNames, limits: ServerLimits = .init(), threads: Int = 2, seconds: Double = 15,
        through connection: @escaping @Sendable () throws -> NATSConnection
    ) {
        self.connection = connection
        self.names = names
        self.limits = ImageLimits(pixels: limits.imagePixels)
        self.seconds = seconds
        pool = WorkPool("thumbnails", threads: threads, queueLength: limits.queue, seconds: limits.queueSeconds)
    }

    /// The model of the embedding workers; asked for once, and again when they turn out to have another.
    package func model() async throws -> EmbeddingModel {
        if let model = known.withLock({ $0 }) { return model }
        // Many pages ask first what there is, so this must not take long.
        guard case .model(let model) = try await ask(.model, within: min(2, seconds)) else { throw unexpected }
        known.withLock { $0 = model }
        return model
    }

    /// The vector of an image file.
    package func vector(of file: [UInt8]) async throws -> [Float] {
        let model = try await model()
        switch try await ask(.embed(space: model.space.id, pictures: [file]), within: seconds) {
        case .vectors(let vectors):
            guard vectors.count == 1 else { throw unexpected }
            let vector = try vectors[0].get()
            guard vector.count == model.dimension, vector.allSatisfy(\.isFinite) else { throw unexpected }
            return vector
        case .otherSpace(let other):
            // Workers with another model have come; the next request is told from the beginning.
            known.withLock { $0 = nil }
            throw StoreError.spaceMismatch(
                expected: "\(model.space.name) (\(model.space.id.prefix(12)))",
                actual: "\(other.space.name) (\(other.space.id.prefix(12)))")
        case .overload(let reason, let seconds): throw Overload(reason, retryAfterSeconds: seconds)
        case .model: throw unexpected
        }
    }

    /// Makes thumbnails, in this process.
    package func work<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
        try await pool.run(body)
    }

    /// Ends the threads of thumbnails.
    package func close() async { await pool.close() }

    private func ask(_ question: EmbeddingQuestion, within seconds: Double) async throws -> EmbeddingAnswer {
        let bytes = question.encoded()
        let connection = try connection()
        let room = connection.greatestMessage
        guard room <= 0 || bytes.count <= room else {
            // A message holds a few bytes beside the picture.
            var error = RequestError(
                status: 413, "image_too_large",
                "image: a file of about \(bytes.count) bytes does not fit into a message of NATS; expected at most \(room) "
                    + "bytes, which max_payload in nats-server's configuration can raise")
            error.field = "image"
            error.expected = "at most \(room) bytes, as nats-server's max_payload allows"
            error.actual = "\(bytes.count)"
            throw error
        }
        for isLast in [false, true] {
            do {
                let answer = try await connection.ask(bytes, to: names.pictures, within: seconds)
                return try EmbeddingAnswer(decoding: answer)
            } catch let failure as NATSFailure where failure.kind == .timeout && !isLast {
                // Whoever had it may have died with it.
                continue
            } catch let failure as NATSFailure {
                throw Self.error(failure, names)
            } catch let failure as DecodingFailure {
                throw Self.unavailable("embedder", failure.description)
            }
        }
        throw unexpected
    }

    private static func error(_ failure: NATSFailure, _ names: ClusterNames) -> RequestError {
        switch failure.kind {
        case .noResponders:
            let prefix = names.prefix == "akin" ? "" : " --prefix \(names.prefix)"
            return unavailable(
                "no_embedder",
                "nobody makes vectors of pictures; start it with: akin-server embedder --nats URL\(prefix)")
        case .timeout: return unavailable("embedder_slow", "the embedding workers do not answer in time")
        default: return unavailable("unavailable", failure.description)
        }
    }

    private static func unavailable(_ code: String, _ message: String) -> RequestError {
        var error = RequestError(status: 503, code, message)
        error.retryAfterSeconds = 1
        return error
    }

    private var unexpected: RequestError {
        Self.unavailable("embedder", "an embedding worker answered something else than was asked")
    }
}
