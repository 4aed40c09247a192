/// What training finds, in containers: tables of floats, a section each, whose shapes the JSON of another section gives.
extension ContainerWriter {
    /// Writes a table as a section.
    func write(_ table: Matrix<Float>, named name: String) throws(FileError) {
        try begin(name, .float32)
        try table.withUnsafeElements { (elements) throws(FileError) in try write(elements) }
    }

    /// Writes tables as sections `name.0` and on.
    func write(_ tables: [Matrix<Float>], named name: String) throws(FileError) {
        for (i, table) in tables.enumerated() { try write(table, named: "\(name).\(i)") }
    }

    /// Writes transforms as sections `transform.0` and on.
    func write(_ chain: TransformChain) throws(FileError) {
        try write(chain.transforms.map { Matrix([$0.values]) }, named: "transform")
    }
}

extension ContainerReader {
    /// The table of a section, of the shape that section `owner` says it has.
    func table(_ name: String, _ shape: [Int], of owner: String, verify: Bool) throws -> Matrix<Float> {
        guard shape.count == 2, shape.allSatisfy({ $0 >= 0 }) else {
            throw FileError(
                .malformed, path: path, "expected rows and columns of '\(name)', found \(shape.count) numbers",
                section: owner)
        }
        let matrix: Matrix<Float> = try matrix(name, .float32, rows: shape[0], columns: shape[1])
        if verify { try check(section(name, .float32)) }
        return matrix
    }

    /// The tables of sections `name.0` and on.
    func tables(_ name: String, _ shapes: [[Int]], of owner: String, verify: Bool) throws -> [Matrix<Float>] {
        try shapes.enumerated().map { try table("\(name).\($0)", $1, of: owner, verify: verify) }
    }

    /// The transforms of sections `transform.0` and on, of vectors of `dimension` components.
    func transforms(
        _ records: [TransformRecord], dimension: Int, of owner: String, verify: Bool
    ) throws -> TransformChain {
        var chain: [any VectorTransform] = []
        var current = dimension
        for (i, record) in records.enumerated() {
            let name = "transform.\(i)"
            guard record.inputDimension == current, let count = record.valueCount else {
                throw FileError(
                    .malformed, path: path, "transform \(i) contradicts itself or the one before", section: owner)
            }
            let values = try table(name, [1, count], of: owner, verify: verify)
            guard let transform = record.transform(values: values[0]) else {
                throw FileError(.malformed, path: path, "its numbers are no \(record.kind)", section: name)
            }
            chain.append(transform)
            current = transform.outputDimension
        }
        return TransformChain(chain, inputDimension: dimension)
    }
}
