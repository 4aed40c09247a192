/// What a container says of a graph over centroids; its links are in sections `coarse.links.N` and `coarse.places.N`.
struct CoarseGraphManifest: Codable, Equatable, Sendable {
    /// Members of each level, level 0 first.
    var members: [Int]
    /// Member of the top level where searching begins.
    var entry: Int
}

extension CoarseGraph {
    private static let prefix = "coarse."

    var manifest: CoarseGraphManifest { .init(members: index.layers.map(\.count), entry: Int(index.entry)) }

    func write(to writer: ContainerWriter) throws(FileError) { try writer.write(index.layers, prefix: Self.prefix) }

    /// Reads the graph over some centroids; codes are made again of these.
    ///
    /// - Throws: ``FileError`` for links that lead nowhere, and numbers that contradict each other.
    init(
        _ container: ContainerReader, _ manifest: CoarseGraphManifest?, m: Int, centroids: Matrix<Float>,
        metric: Metric, verify: Bool
    ) throws {
        let nlist = centroids.rows
        guard let manifest, (1...PlainGraph.maximumTop).contains(manifest.members.count),
            manifest.members[0] == nlist, manifest.members.allSatisfy({ (1...nlist).contains($0) }),
            (0..<manifest.members[manifest.members.count - 1]).contains(manifest.entry)
        else {
            throw FileError(
                .malformed, path: container.path,
                "the numbers of the graph over the centroids contradict \(nlist) lists",
                section: IVFManifest.sectionName)
        }
        let layers = try container.layers(
            members: manifest.members, m: m, rows: nlist, prefix: Self.prefix, verify: verify)
        let plain = PlainGraph(layers, entry: UInt32(manifest.entry), numbers: (0..<UInt32(nlist)).map { $0 })
        try self.init(plain, centroids, metric: metric, path: container.path)
    }
}
