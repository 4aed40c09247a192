package import AkinStore

extension ShardWrite {
    /// Its bytes in as many messages as it takes, to be made in their order.
    ///
    /// - Parameter limit: bytes of one message at most, its headers left out.
    /// - Returns: the messages; none for no points or names.
    /// - Throws: `StoreError.invalid` where a part that cannot be divided, such as one point, takes more.
    package func messages(limit: Int) throws -> [[UInt8]] {
        switch self {
        case .upsert(let points): return try Self.messages(upsert: points, limit: limit)
        case .delete(.ids(let ids)):
            return try Self.split(ids, limit: limit, Self.delete(.ids([])).encoded(), ("ids", "one name")) {
                $0.append($1)
            } naming: {
                "\($0)"
            }
        case .change(let change, .ids(let ids)):
            let beginning = Self.change(change, .ids([])).encoded()
            return try Self.split(ids, limit: limit, beginning, ("payload", "one change and the name of a point")) {
                $0.append($1)
            } naming: {
                "\($0)"
            }
        case .delete, .change, .createPayloadIndex, .deletePayloadIndex:
            let bytes = encoded()
            guard bytes.count <= limit else { throw Self.tooLarge("filter", "one write", bytes.count, limit) }
            return [bytes]
        }
    }

    /// Points in as many messages as it takes; see ``messages(limit:)``.
    package static func messages(upsert points: [Point], limit: Int) throws -> [[UInt8]] {
        try split(points, limit: limit, Self.upsert([]).encoded(), ("points", "one point")) {
            $0.append($1)
        } naming: {
            "point \($0.id)"
        }
    }

    /// Divides a list that ends a message.
    ///
    /// - Parameters:
    ///   - elements: the list.
    ///   - limit: bytes of one message.
    ///   - beginning: a message whose list is empty; its last four bytes are the list's length.
    ///   - name: the field of an element, and what it is, for the error.
    ///   - append: adds an element.
    ///   - naming: tells an element from others, for the error.
    /// - Returns: the messages.
    /// - Throws: `StoreError.invalid` where one element takes more than a message.
    private static func split<Element>(
        _ elements: [Element], limit: Int, _ beginning: [UInt8], _ name: (field: String, what: String),
        _ append: (inout ByteWriter, Element) -> Void, naming: (Element) -> String
    ) throws -> [[UInt8]] {
        var messages: [[UInt8]] = []
        var writer = ByteWriter(), count: UInt32 = 0
        func begin() {
            writer = ByteWriter()
            beginning.withUnsafeBytes { writer.append($0) }
            count = 0
        }
        func end() {
            writer.set(count, at: beginning.count - 4)
            messages.append(writer.bytes)
        }
        begin()
        for element in elements {
            let start = writer.bytes.count
            append(&writer, element)
            let size = writer.bytes.count - start
            guard beginning.count + size <= limit else {
                throw tooLarge(name.field, name.what, beginning.count + size, limit, " in \(naming(element))")
            }
            if writer.bytes.count > limit {
                let last = Array(writer.bytes[start...])
                writer.bytes.removeSubrange(start...)
                end()
                begin()
                last.withUnsafeBytes { writer.append($0) }
            }
            count += 1
        }
        if count > 0 { end() }
        return messages
    }

    private static func tooLarge(_ field: String, _ what: String, _ size: Int, _ limit: Int, _ place: String = "")
        -> StoreError
    {
        .invalid(
            field: field, expected: "at most \(limit) bytes in \(what), as nats-server's max_payload allows",
            actual: "\(size) bytes\(place)")
    }
}
