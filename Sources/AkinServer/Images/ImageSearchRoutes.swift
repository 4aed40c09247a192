internal import Akin
internal import AkinStore
internal import Foundation
internal import Hummingbird

extension Routes {
    /// Searches by picture: one that is sent, or one that is stored.
    mutating func addImageSearches(_ environment: ServerEnvironment, _ images: ImageEnvironment) {
        let search = ImageSearch(environment: environment, images: images)
        on(.post, "/v1/collections/:collection/search/image", .read) { try await search.byImage($0, $1) }
        on(.get, "/v1/collections/:collection/points/:id/similar", .read) { try await search.byPoint($0, $1) }
        on(.post, "/v1/collections/:collection/classify/image", .read) { try await search.classify($0, $1) }
    }
}

/// Finds what looks like a picture.
struct ImageSearch: Sendable {
    let environment: ServerEnvironment
    let images: ImageEnvironment

    private var service: any CollectionService { environment.service }

    /// What a request asks for beside its picture.
    private struct Options {
        var limit: Int
        var offset: Int
        var filter: Filter
        var fields: PointFields
        var isExact: Bool
        var efSearch: Int?

        init(_ query: inout QueryParameters, _ form: ImageForm?, _ limits: ServerLimits) throws {
            limit = try query.wholeNumber("limit", in: 1...limits.answers) ?? 10
            if let given = form?.fields["limit"] {
                guard let number = Int(String(decoding: given, as: UTF8.self)), (1...limits.answers).contains(number)
                else {
                    throw RequestError.invalid(
                        "limit", expected: "a whole number from 1 to \(limits.answers)",
                        actual: "\"\(String(decoding: given.prefix(64), as: UTF8.self))\"")
                }
                limit = number
            }
            offset = try query.wholeNumber("offset", in: 0...limits.answers) ?? 0
            guard limit + offset <= limits.answers else {
                throw RequestError.invalid(
                    "offset", expected: "limit + offset of at most \(limits.answers)", actual: "\(limit + offset)",
                    status: .unprocessableContent)
            }
            filter = try ImageSearch.filter(
                form?.fields["filter"] ?? query.text("filter").map { Array($0.utf8) }, limits)
            fields = PointFields(
                payload: try query.truth("with_payload") ?? true ? .all : .none,
                vector: try query.truth("with_vector") ?? false)
            isExact = try query.truth("exact") ?? false
            efSearch = try query.wholeNumber("ef", in: 1...limits.answers)
            try query.finish()
        }
    }

    /// Reads a filter in Qdrant's words.
    static func filter(_ text: [UInt8]?, _ limits: ServerLimits) throws -> Filter {
        guard let text else { return .init() }
        return try within("filter") {
            do {
                return try FilterParser.filter(JSONDocument(parsing: text).root, limits)
            } catch let error as JSONError {
                throw RequestError.invalid("", expected: "a filter as JSON", actual: error.description)
            }
        }
    }

    /// Answers `POST …/search/image`.
    func byImage(_ request: Request, _ context: ServerContext) async throws -> Response {
        let name = try context.collection()
        let configuration = try await service.configuration(of: name)
        try await images.check(configuration)
        let form = try await ImageForm(request, context, environment, fields: ["filter", "limit"], most: 1)
        var query = try QueryParameters(request)
        let options = try Options(&query, form, environment.limits)
        let vector = try await images.embedding.vector(of: form.images[0].bytes)
        return try reply(try await ask(vector, options, in: name), since: context.start)
    }

    /// `GET …/points/:id/similar`: the point itself is left out.
    func byPoint(_ request: Request, _ context: ServerContext) async throws -> Response {
        let (name, id) = (try context.collection(), try context.pointID())
        var query = try QueryParameters(request)
        let options = try Options(&query, nil, environment.limits)
        let stored = try await service.retrieve([id], PointFields(vector: true), from: name)
        guard let vector = stored.first?.vector else { throw StoreError.noPoint(id) }
        // One more is asked for, rather than a filter that would change how the search is done.
        var wider = options
        wider.limit += options.offset + 1
        wider.offset = 0
        var answer = try await ask(vector, wider, in: name)
        answer.hits.removeAll { $0.point.id == id }
        answer.hits = Array(answer.hits.dropFirst(options.offset).prefix(options.limit))
        return try reply(answer, since: context.start)
    }

    /// `POST …/classify/image`: the nearest neighbours that have the member vote.
    func classify(_ request: Request, _ context: ServerContext) async throws -> Response {
        let name = try context.collection()
        let configuration = try await service.configuration(of: name)
        try await images.check(configuration)
        let form = try await ImageForm(request, context, environment, fields: ["filter"], most: 1)
        var query = try QueryParameters(request)
        let member = query.text("field") ?? "label"
        guard let path = FieldPath(member) else {
            throw RequestError.invalid("field", expected: "a path inside payloads", actual: "\"\(member.prefix(64))\"")
        }
        let k = try query.wholeNumber("k", in: 1...environment.limits.answers) ?? 10
        let vote: NeighborVote
        switch query.text("vote") {
        case nil, "majority": vote = .majority
        case "softmax": vote = .softmax
        case let other?:
            throw RequestError.invalid("vote", expected: "majority or softmax", actual: "\"\(other.prefix(64))\"")
        }
        var options = try Options(&query, form, environment.limits)
        options.limit = k
        if options.fields.payload == .none { options.fields.payload = .only([path]) }
        // Who has no label cannot vote.
        options.filter = Filter(must: [.filter(options.filter)], mustNot: [.isEmpty(path)])
        let vector = try await images.embedding.vector(of: form.images[0].bytes)
        let answer = try await ask(vector, options, in: name)
        let ballot = try LabelVote(answer.hits, member: path, metric: configuration.metric, vote: vote)
        return Reply.ok(since: context.start) { bytes in
            JSONWriter.append(#"{"label":"#, to: &bytes)
            JSONWriter.append(ballot.ranked.first?.label ?? .null, to: &bytes)
            JSONWriter.append(#","votes":"#, to: &bytes)
            JSONWriter.append(each: ballot.ranked, to: &bytes) { entry, bytes in
                JSONWriter.append(["label": entry.label, "count": .integer(Int64(entry.count))], to: &bytes)
            }
            JSONWriter.append(",", to: &bytes)
            JSONWriter.append(answer, to: &bytes)
            JSONWriter.append("}", to: &bytes)
        }
    }

    private func ask(_ vector: [Float], _ options: Options, in name: String) async throws -> SearchAnswer {
        let query = SearchQuery(
            vector: vector, limit: options.limit, offset: options.offset, filter: options.filter,
            fields: options.fields, isExact: options.isExact, efSearch: options.efSearch)
        guard let answer = try await service.search([query], in: name).first else {
            throw StoreError.unavailable("the search gave no answer")
        }
        return answer
    }

    private func reply(_ answer: SearchAnswer, since start: ContinuousClock.Instant) throws -> Response {
        var result: [UInt8] = []
        JSONWriter.append("{", to: &result)
        JSONWriter.append(answer, to: &result)
        JSONWriter.append("}", to: &result)
        try environment.checkReply(result)
        return Reply.ok(since: start) { $0 += result }
    }
}

extension JSONWriter {
    /// Adds a point as Akin's own paths give it, perhaps with its score: `{"id":…,"image":…}`.
    static func append(own point: StoredPoint, score: Float? = nil, to bytes: inout [UInt8]) {
        append(#"{"id":"#, to: &bytes)
        append(point.id, to: &bytes)
        if let score {
            append(#","score":"#, to: &bytes)
            append(score, to: &bytes)
        }
        append(point.hasImage ? #","image":true"# : #","image":false"#, to: &bytes)
        append(fieldsOf: point, to: &bytes)
    }

    /// Adds the members of an answer: hits in Akin's own scores, whether they are exact, and how the filter was
    /// applied.
    static func append(_ answer: SearchAnswer, to bytes: inout [UInt8]) {
        append(#""hits":"#, to: &bytes)
        append(each: answer.hits, to: &bytes) { append(own: $0.point, score: $0.score, to: &$1) }
        append(answer.isExact ? #","exact":true,"plan":"# : #","exact":false,"plan":"#, to: &bytes)
        append(quoted: answer.plan.rawValue, to: &bytes)
    }
}
