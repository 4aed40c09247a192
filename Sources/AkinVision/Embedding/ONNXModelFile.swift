/// Reads from an ONNX file which other files hold its weights.
///
/// An ONNX file is one protocol-buffers message. Tensors hold their values themselves or name a file beside the model
/// (`TensorProto.external_data`, key `location`); they sit in graphs, in attributes of nodes, and in graphs within those.
enum ONNXModelFile {
    /// The messages on the way to a tensor, with the numbers of the fields that lead on.
    private enum Message {
        case model, training, function, graph, node, attribute, sparseTensor, tensor, entry

        func child(_ field: UInt64) -> Message? {
            switch (self, field) {
            case (.model, 7): .graph
            case (.model, 20): .training
            case (.model, 25): .function
            case (.training, 1), (.training, 2): .graph
            case (.function, 7): .node
            case (.graph, 1): .node
            case (.graph, 5): .tensor
            case (.graph, 15): .sparseTensor
            case (.node, 5): .attribute
            case (.attribute, 5), (.attribute, 10): .tensor
            case (.attribute, 6), (.attribute, 11): .graph
            case (.attribute, 22), (.attribute, 23): .sparseTensor
            case (.sparseTensor, 1), (.sparseTensor, 2): .tensor
            case (.tensor, 13): .entry
            default: nil
            }
        }
    }

    /// Graphs within graphs that are followed.
    private static let largestDepth = 200

    /// The files that the model's tensors name, each once, sorted.
    ///
    /// - Throws: ``EmbeddingError/damagedModel(file:reason:)`` where the bytes are no such message, or name a file that is
    ///   not beside the model.
    static func externalFiles(in bytes: UnsafeRawBufferPointer, file: String) throws(EmbeddingError) -> [String] {
        var reader = Reader(bytes: bytes, file: file)
        try reader.read(.model, 0..<bytes.count, depth: 0)
        for location in reader.locations {
            let isInside = !location.hasPrefix("/") && !location.split(separator: "/").contains("..")
            guard !location.isEmpty, isInside, !location.utf8.contains(0) else {
                throw .damagedModel(
                    file: file, reason: "expected weights in the model's directory, it names \"\(location)\"")
            }
        }
        return reader.locations.sorted()
    }

    private struct Reader {
        let bytes: UnsafeRawBufferPointer
        let file: String
        var locations: Set<String> = []

        mutating func read(_ message: Message, _ range: Range<Int>, depth: Int) throws(EmbeddingError) {
            guard depth < largestDepth else {
                throw .damagedModel(file: file, reason: "graphs are nested more than \(largestDepth) deep")
            }
            var position = range.lowerBound
            var key: Range<Int>?
            var value: Range<Int>?
            while position < range.upperBound {
                let tag = try varint(&position, range.upperBound)
                switch tag & 7 {
                case 0: _ = try varint(&position, range.upperBound)
                case 1: try skip(8, &position, range.upperBound)
                case 5: try skip(4, &position, range.upperBound)
                case 2:
                    let length = try varint(&position, range.upperBound)
                    let start = position
                    try skip(length, &position, range.upperBound)
                    if message == .entry {
                        if tag >> 3 == 1 { key = start..<position }
                        if tag >> 3 == 2 { value = start..<position }
                    } else if let child = message.child(tag >> 3) {
                        try read(child, start..<position, depth: depth + 1)
                    }
                default:
                    throw .damagedModel(file: file, reason: "wire type \(tag & 7) before offset \(position)")
                }
            }
            if let key, let value, text(key) == "location" { locations.insert(text(value)) }
        }

        private func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

        private func skip(_ length: UInt64, _ position: inout Int, _ end: Int) throws(EmbeddingError) {
            guard length <= UInt64(end - position) else {
                throw .damagedModel(
                    file: file, reason: "\(length) bytes announced at offset \(position), \(end - position) are left")
            }
            position += Int(length)
        }

        private func varint(_ position: inout Int, _ end: Int) throws(EmbeddingError) -> UInt64 {
            var value: UInt64 = 0
            for shift in stride(from: UInt64(0), through: 63, by: 7) {
                guard position < end else { break }
                let byte = bytes[position]
                position += 1
                value |= UInt64(byte & 0x7f) << shift
                if byte < 0x80 { return value }
            }
            throw .damagedModel(file: file, reason: "unfinished number before offset \(position)")
        }
    }
}
