internal import AkinStore

/// A JSON array of points that ends where a reply holds no more.
struct PointList {
    /// Points that are fetched before anything is known about their size.
    private static let firstCount = 16

    /// The array, without its end.
    private var text = [UInt8(ascii: "[")]
    private(set) var count = 0
    private let limit: Int
    /// Whether every point is as short as its name.
    private let isShort: Bool

    init(_ fields: PointFields, _ limits: ServerLimits) {
        limit = limits.replyBytes
        isShort = fields.payload == .none && !fields.vector
    }

    /// The whole array.
    var json: [UInt8] { text + [UInt8(ascii: "]")] }

    /// How many of the next `rest` points to fetch at once: about as many as fit, judged by those that are there.
    func next(_ rest: Int) -> Int {
        if isShort { return rest }
        guard count > 0 else { return min(rest, Self.firstCount) }
        return min(rest, max(Self.firstCount, (limit - text.count) / (text.count / count + 1)))
    }

    /// Adds a point; false, and nothing is added, where it does not fit, which the first always does.
    mutating func add(_ append: (inout [UInt8]) -> Void) -> Bool {
        let end = text.count
        if count > 0 { text.append(UInt8(ascii: ",")) }
        append(&text)
        if count > 0, text.count > limit {
            text.removeSubrange(end...)
            return false
        }
        count += 1
        return true
    }

    /// Why a reply that must carry all points is not given.
    func refusal(_ field: String) -> RequestError {
        var error = RequestError(
            .unprocessableContent, "reply_too_large",
            "\(field): the reply would be longer than \(limit) bytes; ask for fewer points, or for less of each")
        error.field = field
        error.expected = "points of at most \(limit) bytes together"
        error.actual = "more than that"
        return error
    }
}

extension ServerEnvironment {
    /// Writes the points of a page, and fewer than asked for where they are large; the page then says where to go on.
    ///
    /// - Parameters:
    ///   - query: the page.
    ///   - name: the collection.
    ///   - append: writes a point, and the value that ordered it.
    /// - Returns: an array as text, and where the next page starts.
    /// - Throws: ``RequestError`` where points in another order than that of names do not fit.
    func page(
        _ query: ScrollQuery, in name: String, _ append: (StoredPoint, JSON?, inout [UInt8]) -> Void
    ) async throws -> (json: [UInt8], next: PointID?) {
        var list = PointList(query.fields, limits)
        var part = query
        while true {
            // Another order has no place to go on from.
            part.limit = query.order == nil ? list.next(query.limit - list.count) : query.limit
            let page = try await service.scroll(part, in: name)
            for (number, point) in page.points.enumerated() {
                let value = page.values.isEmpty ? nil : page.values[number]
                guard list.add({ append(point, value, &$0) }) else {
                    guard query.order == nil else { throw list.refusal("limit") }
                    return (list.json, point.id)
                }
            }
            guard let next = page.next, list.count < query.limit else { return (list.json, page.next) }
            part.start = next
        }
    }

    /// Writes the points of some names that there are.
    ///
    /// - Returns: an array as text.
    /// - Throws: ``RequestError`` where they do not fit into a reply.
    func points(
        _ ids: [PointID], _ fields: PointFields, from name: String, _ append: (StoredPoint, inout [UInt8]) -> Void
    ) async throws -> [UInt8] {
        var list = PointList(fields, limits)
        var start = 0
        repeat {
            let end = start + list.next(ids.count - start)
            for point in try await service.retrieve(Array(ids[start..<end]), fields, from: name) {
                guard list.add({ append(point, &$0) }) else { throw list.refusal("ids") }
            }
            start = end
        } while start < ids.count
        return list.json
    }

    /// Refuses a reply that has become too long.
    func checkReply(_ bytes: [UInt8]) throws {
        guard bytes.count > limits.replyBytes else { return }
        throw PointList(PointFields(), limits).refusal("limit")
    }
}
