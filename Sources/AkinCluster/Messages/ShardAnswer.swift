package import AkinServer
package import AkinStore
package import Foundation

/// What a replica of a shard answers.
package struct ShardAnswer: Sendable, Equatable {
    /// Up to which message of its stream the replica had come before it looked.
    package var position: UInt64
    /// How long the replica worked, waiting for a thread and for its position included.
    package var microseconds: UInt32
    /// Who answers.
    package var worker: String
    /// The answer, or why there is none.
    package var result: Result<Body, ShardFailure>

    /// The answer to a question, of the same name.
    package enum Body: Sendable, Equatable {
        /// An answer to each query.
        case search([SearchAnswer])
        /// Those points that there are, in the order asked.
        case retrieve([StoredPoint])
        /// A page of points.
        case scroll(ScrollPage)
        /// How many points pass.
        case count(Int)
        /// The bytes of an image; `nil` where the point has none.
        case image(Data?)
        /// How the replica is.
        case describe(CollectionDescription)
    }

    /// Puts an answer together.
    package init(position: UInt64, microseconds: UInt32, worker: String, result: Result<Body, ShardFailure>) {
        self.position = position
        self.microseconds = microseconds
        self.worker = worker
        self.result = result
    }

    /// Its bytes, which may take several messages.
    package func encoded() -> [UInt8] {
        var writer = ByteWriter()
        writer.append(MessageFormat.version)
        writer.append(position)
        writer.append(microseconds)
        writer.append(text: worker)
        switch result {
        case .success(let body): Self.append(body, to: &writer)
        case .failure(let failure):
            writer.append(UInt8(0))
            writer.append(failure)
        }
        return writer.bytes
    }

    private static func append(_ body: Body, to writer: inout ByteWriter) {
        switch body {
        case .search(let answers):
            writer.append(UInt8(1))
            writer.append(answers) { $0.append($1) }
        case .retrieve(let points):
            writer.append(UInt8(2))
            writer.append(points) { $0.append($1) }
        case .scroll(let page):
            writer.append(UInt8(3))
            writer.append(page.points) { $0.append($1) }
            writer.append(page.values) { $0.append(json: $1) }
            writer.append(optional: page.next) { $0.append($1) }
        case .count(let count):
            writer.append(UInt8(4))
            writer.append(count)
        case .image(let image):
            writer.append(UInt8(5))
            writer.append(optional: image) { writer, image in image.withUnsafeBytes { writer.append($0) } }
        case .describe(let description):
            writer.append(UInt8(6))
            writer.append(description)
        }
    }

    /// Reads an answer, which may be anything.
    package init(decoding bytes: [UInt8]) throws(DecodingFailure) {
        self = try bytes.decoded { reader throws(DecodingFailure) in
            try MessageFormat.check(&reader)
            return ShardAnswer(
                position: try reader.number(), microseconds: try reader.number(), worker: try reader.text(0...256),
                result: try Self.result(&reader))
        }
    }

    private static func result(_ reader: inout ByteReader) throws(DecodingFailure) -> Result<Body, ShardFailure> {
        switch try reader.number(UInt8.self) {
        case 0: return .failure(try reader.failure())
        case 1: return .success(.search(try reader.answers()))
        case 2: return .success(.retrieve(try reader.storedPoints()))
        case 3:
            let points = try reader.storedPoints()
            let values = try reader.array(ofSize: 5) { reader throws(DecodingFailure) in try reader.json() }
            let next = try reader.optional { reader throws(DecodingFailure) in try reader.id() }
            return .success(.scroll(ScrollPage(points: points, values: values, next: next)))
        case 4: return .success(.count(try reader.size()))
        case 5:
            return .success(
                .image(
                    try reader.optional { reader throws(DecodingFailure) in Data(try reader.raw(reader.remaining)) }))
        case 6: return .success(.describe(try reader.collectionDescription()))
        case let kind: throw reader.unknown("answer", kind)
        }
    }
}
