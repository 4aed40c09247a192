internal import Akin
public import AkinVision
internal import Synchronization

/// Turns image files into vectors, on a few threads for all requests together.
///
/// An embedder that likes batches gets pictures of several requests at once: while all threads are busy, and for
/// ``gathering`` in any case, pictures gather, and the next free thread takes as many as the embedder wants. Others get one
/// picture at a time, which is what suits them.
public final class ImageEmbedding: PictureEmbedding {
    /// What makes vectors.
    public let embedder: any Embedder
    /// Larger pictures are refused before anything is decoded.
    public let limits: ImageLimits
    /// Pictures of one request that are worked on at once.
    public let threads: Int
    /// How long the first picture of a batch waits for others, though a thread is free.
    public let gathering: Duration
    private let pool: WorkPool
    private let gathered = Mutex<[Prepared]>([])

    private struct Prepared: Sendable {
        var input: [Float]
        var answer: CheckedContinuation<[Float], any Error>
    }

    /// Starts threads.
    ///
    /// - Parameters:
    ///   - embedder: what makes vectors.
    ///   - threads: pictures that are decoded and embedded at once, 1 or more.
    ///   - limits: pixels of a picture; how many may wait, and how long.
    ///   - gathering: how long the first picture of a batch waits for others, though a thread is free.
    public init(_ embedder: any Embedder, threads: Int, limits: ServerLimits, gathering: Duration = .zero) {
        self.embedder = embedder
        self.threads = threads
        self.gathering = gathering
        self.limits = ImageLimits(pixels: limits.imagePixels)
        pool = WorkPool("images", threads: threads, queueLength: limits.queue, seconds: limits.queueSeconds)
    }

    /// What makes the vectors.
    public func model() async throws -> EmbeddingModel {
        EmbeddingModel(space: embedder.space, dimension: embedder.dimension)
    }

    /// The vector of an image file.
    ///
    /// - Throws: ``RequestError`` for a file that is no picture, is damaged or too large; ``Overload``.
    public func vector(of file: [UInt8]) async throws -> [Float] {
        let (embedder, limits) = (embedder, limits)
        let vector: [Float]
        if embedder.preferredBatch <= 1 {
            vector = try await pool.run {
                let input = try embedder.prepare(Self.decode(file, limits))
                return try embedder.embed([input]).withUnsafeElements { Array($0) }
            }
        } else {
            let input = try await pool.run { try embedder.prepare(Self.decode(file, limits)) }
            vector = try await embedTogether(input)
        }
        guard vector.allSatisfy(\.isFinite) else {
            throw RequestError(
                .unprocessableContent, "image_not_embeddable", "the model makes no finite vector of this picture")
        }
        return vector
    }

    /// Does other work with pictures on the same threads.
    public func work<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
        try await pool.run(body)
    }

    /// Decodes a picture; what is wrong with it is the caller's fault.
    static func decode(_ file: [UInt8], _ limits: ImageLimits) throws -> RGBImage {
        do {
            return try RGBImage(decoding: file, limits: limits)
        } catch {
            throw RequestError(error)
        }
    }

    /// Ends the threads once what waits is done.
    public func close() async { await pool.close() }

    private func embedTogether(_ input: [Float]) async throws -> [Float] {
        try await withCheckedThrowingContinuation { answer in
            let count = gathered.withLock { gathered in
                gathered.append(Prepared(input: input, answer: answer))
                return gathered.count
            }
            // So many are taken, or refused, at once.
            let batch = gathering == .zero ? 1 : embedder.preferredBatch
            // The last of a batch sends it off; the first does so later, in case no last one comes.
            if count % batch == 0 {
                Task { await takeGathered(refusing: batch) }
            } else if count % batch == 1 {
                Task {
                    try? await Task.sleep(for: gathering)
                    await takeGathered(refusing: batch)
                }
            }
        }
    }

    /// Sends a thread for what has gathered.
    ///
    /// Where none can come, nobody else may come either: then some of it is refused.
    private func takeGathered(refusing count: Int) async {
        do {
            try await pool.run { self.embedGathered() }
        } catch {
            let refused = gathered.withLock { gathered in
                let refused = Array(gathered.prefix(count))
                gathered.removeFirst(refused.count)
                return refused
            }
            for picture in refused { picture.answer.resume(throwing: error) }
        }
    }

    private func embedGathered() {
        let batch = gathered.withLock { gathered in
            let taken = Array(gathered.prefix(embedder.preferredBatch))
            gathered.removeFirst(taken.count)
            return taken
        }
        guard !batch.isEmpty else { return }
        do {
            let vectors = try embedder.embed(batch.map(\.input))
            vectors.withUnsafeElements { elements in
                for (row, picture) in batch.enumerated() {
                    picture.answer.resume(
                        returning: Array(elements[row * vectors.columns..<(row + 1) * vectors.columns]))
                }
            }
        } catch {
            for picture in batch { picture.answer.resume(throwing: error) }
        }
    }
}

extension RequestError {
    /// What a picture that cannot be read becomes.
    public init(_ error: ImageError) {
        switch error {
        case .empty:
            self.init(.badRequest, "no_image", "\(error)")
        case .notAnImage, .unsupported:
            self.init(.unsupportedMediaType, "not_an_image", "\(error)")
        case .tooLarge(let width, let height, let limits):
            self.init(.contentTooLarge, "image_too_large", "\(error)")
            expected = "at most \(limits.pixels) pixels"
            actual = "\(width) x \(height)"
        case .truncated, .corrupt:
            self.init(.unprocessableContent, "damaged_image", "\(error)")
        case .outOfMemory:
            self.init(.serviceUnavailable, "overloaded", "\(error)")
            retryAfterSeconds = 1
        case .notEncodable:
            self.init(.unprocessableContent, "not_encodable", "\(error)")
        }
        field = "image"
    }
}
