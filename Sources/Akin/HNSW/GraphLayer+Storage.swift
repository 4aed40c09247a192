/// Layers in containers: sections `links.N` and `places.N`, with a prefix where a container holds more than one graph.
extension ContainerWriter {
    /// Writes the layers of a graph, level 0 first.
    func write(_ layers: [GraphLayer], prefix: String = "") throws(FileError) {
        for (level, layer) in layers.enumerated() {
            try write(layer.links, named: "\(prefix)links.\(level)", .int32)
            if level > 0 { try write(layer.places, named: "\(prefix)places.\(level)", .int32) }
        }
    }

    /// Writes rows as a section.
    func write(_ rows: RowStore, named name: String, _ kind: ContainerSection.Kind) throws(FileError) {
        try begin(name, kind)
        try write(UnsafeRawBufferPointer(start: rows.base, count: rows.byteCount))
    }
}

extension ContainerReader {
    /// Reads the layers of a graph and sees that every link leads to a member.
    ///
    /// - Parameters:
    ///   - members: of each level, level 0 first, none more than `rows`; those of level 0 are all rows.
    ///   - m: links of a member above level 0, which has twice as many.
    ///   - rows: vectors of the graph.
    ///   - prefix: of the names of the sections.
    ///   - verify: whether to compare the bytes with their checksums.
    /// - Returns: the layers, level 0 first.
    /// - Throws: ``FileError`` for links and places that lead nowhere.
    func layers(members: [Int], m: Int, rows: Int, prefix: String = "", verify: Bool) throws -> [GraphLayer] {
        let layers = try members.enumerated().map { level, count in
            try GraphLayer(
                self, prefix: prefix, level: level, count: count, degree: level == 0 ? 2 * m : m,
                below: level == 0 ? 0 : members[level - 1], rows: rows, verify: verify)
        }
        try checkPlaces(layers, prefix: prefix)
        return layers
    }

    /// Sees that a member of a higher level is the row that it is one level down, and is there once.
    private func checkPlaces(_ layers: [GraphLayer], prefix: String) throws(FileError) {
        for level in layers.indices.dropFirst() {
            let view = LayerView(layers[level], isBase: false)
            let below = LayerView(layers[level - 1], isBase: level == 1)
            var met = [Bool](repeating: false, count: below.count)
            for member in 0..<UInt32(view.count) {
                let place = view.below(member)
                guard below.row(of: place) == view.row(of: member), !met[Int(place)] else {
                    throw FileError(
                        .malformed, path: path,
                        "member \(member) of level \(level) is another one level down, or there twice",
                        section: "\(prefix)places.\(level)")
                }
                met[Int(place)] = true
            }
        }
    }
}

extension GraphLayer {
    fileprivate init(
        _ container: ContainerReader, prefix: String, level: Int, count: Int, degree: Int, below: Int, rows: Int,
        verify: Bool
    ) throws {
        let name = "\(prefix)links.\(level)"
        let stored: Matrix<Int32> = try container.matrix(name, .int32, rows: count, columns: degree)
        if verify { try container.check(container.section(name, .int32)) }
        let wrong = stored.withUnsafeElements { links in
            links.firstIndex { UInt32(bitPattern: $0) != Self.none && !(0..<count).contains(Int($0)) }
        }
        if let wrong {
            throw FileError(
                .malformed, path: container.path,
                "member \(wrong / degree) of level \(level) has a link outside the \(count) there are", section: name)
        }
        self.init(degree: degree)
        links = RowStore(showing: stored)
        guard level > 0 else { return }
        let placesName = "\(prefix)places.\(level)"
        let stations: Matrix<Int32> = try container.matrix(placesName, .int32, rows: count, columns: 2)
        if verify { try container.check(container.section(placesName, .int32)) }
        let isWhole = stations.withUnsafeElements { numbers in
            numbers.indices.allSatisfy { (0..<($0 % 2 == 0 ? rows : below)).contains(Int(numbers[$0])) }
        }
        guard isWhole else {
            throw FileError(
                .malformed, path: container.path, "a member of level \(level) is not in the level below",
                section: placesName)
        }
        places = RowStore(showing: stations)
    }
}
