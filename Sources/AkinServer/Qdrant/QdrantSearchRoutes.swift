internal import Akin
internal import AkinStore
internal import Hummingbird

extension Routes {
    /// Qdrant's paths for searches.
    public mutating func addQdrantSearch(_ environment: ServerEnvironment) {
        let limits = environment.limits
        typealias Read = @Sendable (JSONReader, ServerLimits) throws -> QdrantSearch
        let kinds: [(String, isQuery: Bool, Read)] = [
            ("search", false, { try QdrantSearch(search: $0, $1) }),
            ("recommend", false, { try QdrantSearch(recommend: $0, $1) }),
            ("query", true, { try QdrantSearch(query: $0, $1) }),
        ]
        for (kind, isQuery, read) in kinds {
            on(.post, "/collections/:collection/points/" + kind, .read, isShort: true) { request, context in
                let name = try context.collection()
                let search = try read(try await environment.json(of: request, context), limits)
                @Sendable func reply() async throws -> Response {
                    let (answers, metric) = try await environment.answers([search], in: name) { _ in "" }
                    var result: [UInt8] = []
                    try Reply.append(answers[0], metric, isQuery, environment, to: &result)
                    return Reply.ok(since: context.start, extra: Reply.plan(answers, isBatch: false)) { $0 += result }
                }
                let isShort = search.hasShortReply && environment.service.isLocal
                return isShort ? try await reply() : try await aside { try await reply() }
            }
            on(.post, "/collections/:collection/points/\(kind)/batch", .read) { request, context in
                let name = try context.collection()
                var object = try RequestObject(try await environment.json(of: request, context))
                let searches = try object.required("searches", "an array of searches") {
                    try $0.array(atMost: limits.searches) { try read($0, limits) }
                }
                try object.finish()
                let asked = searches.reduce(0) { $0 + $1.query.limit + $1.query.offset }
                guard asked <= limits.answers * 10 else {
                    throw RequestError.invalid(
                        "searches", expected: "limits that make at most \(limits.answers * 10) together",
                        actual: "\(asked)", status: .unprocessableContent)
                }
                let (answers, metric) = try await environment.answers(searches, in: name) { "searches[\($0)]" }
                var result = [UInt8(ascii: "[")]
                for answer in answers {
                    if result.count > 1 { result.append(UInt8(ascii: ",")) }
                    try Reply.append(answer, metric, isQuery, environment, to: &result)
                }
                result.append(UInt8(ascii: "]"))
                return Reply.ok(since: context.start, extra: Reply.plan(answers, isBatch: true)) { $0 += result }
            }
        }
    }
}

extension Reply {
    fileprivate static func append(
        _ answer: QdrantAnswer, _ metric: Metric, _ isQuery: Bool, _ environment: ServerEnvironment,
        to bytes: inout [UInt8]
    ) throws {
        if isQuery { JSONWriter.append(#"{"points":"#, to: &bytes) }
        bytes.append(UInt8(ascii: "["))
        for (number, hit) in answer.hits.enumerated() {
            if number > 0 { bytes.append(UInt8(ascii: ",")) }
            JSONWriter.append(hit: hit, metric, to: &bytes)
            try environment.checkReply(bytes)
        }
        bytes.append(UInt8(ascii: "]"))
        if isQuery { bytes.append(UInt8(ascii: "}")) }
    }

    /// How answers were found, beside the fields that Qdrant's replies have: an object, or an array of them.
    fileprivate static func plan(_ answers: [QdrantAnswer], isBatch: Bool) -> String {
        let plans = answers.map { #"{"exact":\#($0.isExact),"plan":"\#($0.plan.rawValue)"}"# }
        return #""search":"# + (isBatch ? "[\(plans.joined(separator: ","))]" : plans[0]) + ","
    }
}
