internal import AkinServer
internal import AkinStore

extension ByteWriter {
    /// What most queries do not say takes no bytes.
    mutating func append(_ query: SearchQuery) {
        let hasFilter = !query.filter.isEmpty, hasFields = query.fields != PointFields()
        append(
            UInt8(
                (hasFilter ? 1 : 0) | (hasFields ? 2 : 0) | (query.threshold == nil ? 0 : 4)
                    | (query.efSearch == nil ? 0 : 8) | (query.isExact ? 16 : 0) | (query.offset == 0 ? 0 : 32)))
        append(vector: query.vector)
        append(query.limit)
        if hasFilter { append(query.filter) }
        if hasFields { append(query.fields) }
        if let threshold = query.threshold { append(threshold) }
        if let breadth = query.efSearch { append(breadth) }
        if query.offset != 0 { append(query.offset) }
    }

    mutating func append(_ query: ScrollQuery) {
        append(query.limit)
        append(query.filter)
        append(optional: query.start) { $0.append($1) }
        append(query.fields)
        append(optional: query.order) { writer, order in
            writer.append(order.path)
            writer.append(order.isDescending)
            writer.append(optional: order.start) { $0.append($1) }
        }
    }
}

extension ByteReader {
    mutating func queries() throws(DecodingFailure) -> [SearchQuery] {
        try array(ofSize: 13) { reader throws(DecodingFailure) in try reader.query() }
    }

    private mutating func query() throws(DecodingFailure) -> SearchQuery {
        let parts = try number(UInt8.self)
        guard parts < 64 else { throw DecodingFailure(description: "a query has no parts \(parts)") }
        var query = SearchQuery(vector: try vector(), limit: try int())
        if parts & 1 != 0 { query.filter = try filter() }
        if parts & 2 != 0 { query.fields = try fields() }
        if parts & 4 != 0 { query.threshold = try float() }
        if parts & 8 != 0 { query.efSearch = try int() }
        query.isExact = parts & 16 != 0
        if parts & 32 != 0 { query.offset = try int() }
        return query
    }

    mutating func scrollQuery() throws(DecodingFailure) -> ScrollQuery {
        let limit = try int(), filter = try filter()
        let start = try optional { reader throws(DecodingFailure) in try reader.id() }
        let fields = try fields()
        let order = try optional { reader throws(DecodingFailure) in
            let path = try reader.path(), isDescending = try reader.flag()
            return ScrollQuery.Order(
                path: path, isDescending: isDescending,
                start: try reader.optional { reader throws(DecodingFailure) in try reader.double() })
        }
        return ScrollQuery(limit: limit, filter: filter, start: start, fields: fields, order: order)
    }
}
