/// Writes small ONNX models, field by field, as protocol buffers.
struct ONNXMessage {
    private(set) var bytes: [UInt8] = []

    mutating func number(_ field: Int, _ value: Int) {
        varint(field << 3)
        varint(value)
    }

    mutating func data(_ field: Int, _ value: [UInt8]) {
        varint(field << 3 | 2)
        varint(value.count)
        bytes += value
    }

    mutating func text(_ field: Int, _ value: String) { data(field, Array(value.utf8)) }

    mutating func message(_ field: Int, _ fill: (inout ONNXMessage) -> Void) {
        var inner = ONNXMessage()
        fill(&inner)
        data(field, inner.bytes)
    }

    private mutating func varint(_ value: Int) {
        var rest = UInt64(bitPattern: Int64(value))
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}

/// A model of a few operators; numbers of fields are those of `onnx.proto`.
package struct ONNXModelBuilder {
    package static let float = 1
    package static let int64 = 7

    private var nodes: [[UInt8]] = []
    private var initializers: [[UInt8]] = []
    private var inputs: [[UInt8]] = []
    private var outputs: [[UInt8]] = []

    package init() {}

    /// Sizes that are `nil` are left open.
    package mutating func input(_ name: String, _ shape: [Int?], type: Int = float) {
        inputs.append(Self.value(name, shape, type))
    }

    package mutating func output(_ name: String, _ shape: [Int?], type: Int = float) {
        outputs.append(Self.value(name, shape, type))
    }

    package mutating func node(_ type: String, _ inputs: [String], _ output: String, integers: [String: Int] = [:]) {
        var node = ONNXMessage()
        for input in inputs { node.text(1, input) }
        node.text(2, output)
        node.text(4, type)
        for (name, value) in integers {
            node.message(5) {
                $0.text(1, name)
                $0.number(3, value)
                $0.number(20, 2)
            }
        }
        nodes.append(node.bytes)
    }

    package mutating func constant(_ name: String, _ shape: [Int], _ values: [Float]) {
        tensor(name, shape, type: Self.float) { $0.data(9, Self.bytes(of: values)) }
    }

    package mutating func constant(_ name: String, _ values: [Int64]) {
        tensor(name, [values.count], type: Self.int64) {
            $0.data(9, values.flatMap { value in (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } })
        }
    }

    /// A constant whose values are in another file.
    package mutating func constant(_ name: String, _ shape: [Int], inFile file: String) {
        tensor(name, shape, type: Self.float) {
            $0.message(13) {
                $0.text(1, "location")
                $0.text(2, file)
            }
            $0.number(14, 1)
        }
    }

    /// The model's bytes.
    package func build() -> [UInt8] {
        var model = ONNXMessage()
        model.number(1, 8)
        model.message(8) {
            $0.text(1, "")
            $0.number(2, 13)
        }
        model.message(7) { graph in
            for node in nodes { graph.data(1, node) }
            graph.text(2, "test")
            for tensor in initializers { graph.data(5, tensor) }
            for input in inputs { graph.data(11, input) }
            for output in outputs { graph.data(12, output) }
        }
        return model.bytes
    }

    /// Little-endian bytes.
    package static func bytes(of values: [Float]) -> [UInt8] {
        values.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) } }
    }

    private mutating func tensor(
        _ name: String, _ shape: [Int], type: Int, _ fill: (inout ONNXMessage) -> Void
    ) {
        var tensor = ONNXMessage()
        for size in shape { tensor.number(1, size) }
        tensor.number(2, type)
        tensor.text(8, name)
        fill(&tensor)
        initializers.append(tensor.bytes)
    }

    private static func value(_ name: String, _ shape: [Int?], _ type: Int) -> [UInt8] {
        var value = ONNXMessage()
        value.text(1, name)
        value.message(2) {
            $0.message(1) { tensor in
                tensor.number(1, type)
                tensor.message(2) { shapeMessage in
                    for (axis, size) in shape.enumerated() {
                        shapeMessage.message(1) { dimension in
                            if let size { dimension.number(1, size) } else { dimension.text(2, "axis\(axis)") }
                        }
                    }
                }
            }
        }
        return value.bytes
    }
}
