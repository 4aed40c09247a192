/// What a container says of an index of trees or hashes, beside what it says of every index.
struct HashManifest: Codable, Equatable, Sendable {
    static let sectionName = "hash"

    /// Components of what is coded.
    var codedDimension: Int
    /// `[rows, columns]` of the tables of the finer code, sections `refinement.0` and on.
    var refinementTables: [[Int]]
    /// Transforms of the vectors before they are coded, sections `transform.0` and on.
    var transforms: [TransformRecord]
    /// Search breadth where a call does not say.
    var refineFactor: Double
    var breadth: Int?
    /// Greater than every id.
    var nextID: Int64
    /// Whether ids are the numbers in which vectors were added.
    var idsAreRows: Bool
    /// Trees: what bounds of keys depend on (see ``TreeSpace``), and what chooses their splits.
    var largestSquare: Double?
    var seed: UInt64?
    /// Hash tables: of a slice.
    var width: Float?
}

/// Trees and hashes in containers.
///
/// | section | holds |
/// | --- | --- |
/// | `manifest`, `hash` | what the index is |
/// | `transform.N`, `refinement.N` | what training found |
/// | `hyperplanes`, `hashes.N` | directions that hashes are made of, and where slices begin |
/// | `ids`, `codes`, `refined` | of each row: its id, its code or the vector itself, its finer code |
/// | `nodes.N`, `rows.N` | trees |
extension IndexedVectors {
    /// Writes what is common; the caller writes what is its own, and finishes.
    func write(
        _ index: some VectorIndex, breadth: Int? = nil, largestSquare: Double? = nil, seed: UInt64? = nil,
        width: Float? = nil, elementType: ElementType,
        to writer: ContainerWriter
    ) throws {
        try writer.write(
            json: IndexManifest(index, elementType: elementType, hasIDs: !rows.idsAreRows),
            named: IndexManifest.sectionName)
        try writer.write(
            json: HashManifest(
                codedDimension: codedDimension,
                refinementTables: refinement?.codec.tables.map { [$0.rows, $0.columns] } ?? [],
                transforms: transforms.transforms.map(\.record), refineFactor: refineFactor, breadth: breadth,
                nextID: rows.nextID, idsAreRows: rows.idsAreRows, largestSquare: largestSquare,
                seed: seed, width: width),
            named: HashManifest.sectionName)
        try writer.write(transforms)
        try writer.write(refinement?.codec.tables ?? [], named: "refinement")
        try rows.write(to: writer)
    }

    /// Reads what is common, and gives the manifest for what is not.
    ///
    /// - Parameters:
    ///   - container: the file.
    ///   - verify: whether all bytes are compared with their checksums, or only what training found and the ids.
    ///   - monitor: told of the bytes compared.
    ///   - rowByteCount: bytes of a row, given the dimension of what is coded; `nil` for a spec of another kind.
    /// - Returns: what is common, and the manifest.
    /// - Throws: ``FileError`` for a damaged file and another kind of index; `CancellationError`.
    static func read(
        _ container: ContainerReader, verify: Bool, monitor: ProgressMonitor,
        rowByteCount: (IndexSpec, _ codedDimension: Int) -> Int?
    ) throws -> (IndexedVectors, HashManifest) {
        let manifest = try IndexManifest(container)
        let owner = HashManifest.sectionName
        let spec = try manifest.specification(of: container)
        let coded = spec.codedDimension(manifest.dimension)
        guard let size = rowByteCount(spec, coded), container.find(owner) != nil else {
            throw FileError(
                .mismatch, path: container.path, "expected another kind of index, found \(manifest.spec)",
                section: IndexManifest.sectionName)
        }
        if verify { try container.verify(monitor) }
        let stored: HashManifest = try container.json(owner)
        func malformed(_ message: String) -> FileError {
            FileError(.malformed, path: container.path, message, section: owner)
        }
        guard stored.codedDimension == coded, stored.transforms.count == spec.transforms.count,
            stored.refinementTables.count <= 8, stored.refineFactor >= 1, stored.nextID >= 0 || !stored.idsAreRows,
            stored.breadth ?? 1 >= 1, stored.largestSquare.map({ $0 >= 0 && $0.isFinite }) ?? true
        else { throw malformed("its numbers contradict the spec \(manifest.spec)") }
        let transforms: TransformChain, refinement: Refinement?
        do {
            transforms = try container.transforms(
                stored.transforms, dimension: manifest.dimension, of: owner, verify: !verify)
            guard transforms.outputDimension == coded else {
                throw IndexError.dimensionMismatch(expected: coded, actual: transforms.outputDimension)
            }
            refinement = try spec.refinement.map { refinement in
                let kind: IndexSpec.Codec = if case .codec(let codec) = refinement { codec } else { .flat }
                return Refinement(
                    codec: try ListCodecs.restore(
                        kind, dimension: manifest.dimension, metric: .l2,
                        tables: container.tables("refinement", stored.refinementTables, of: owner, verify: !verify)))
            }
        } catch let error as IndexError {
            throw malformed("what training found does not fit: \(error)")
        }
        let rows = try OrderedRows(
            container, count: manifest.count, rowByteCount: size, fineByteCount: refinement?.codec.codeByteCount ?? 0,
            nextID: stored.nextID, idsAreRows: stored.idsAreRows, verify: !verify)
        let vectors = IndexedVectors(
            specification: spec, dimension: manifest.dimension, metric: manifest.metric, transforms: transforms,
            refinement: refinement, space: manifest.space, rows: rows, refineFactor: stored.refineFactor)
        return (vectors, stored)
    }
}

extension ContainerReader {
    /// Opens a file that is mapped, or read into memory at once.
    static func open(_ path: String, isMapped: Bool) throws -> ContainerReader {
        isMapped ? try ContainerReader(path: path) : try ContainerReader(ResidentFile(path: path), path: path)
    }
}
