/// What a container says of the index in it: the JSON of its section `manifest`.
package struct IndexManifest: Codable, Equatable, Sendable {
    /// The section's name.
    package static let sectionName = "manifest"

    /// The index in Faiss's factory language: "Flat".
    package var spec: String
    package var metric: Metric
    /// Stored vectors.
    package var count: Int
    /// Components of each vector.
    package var dimension: Int
    /// What the stored components are.
    package var elementType: ElementType
    /// Whether the caller's ids are stored; row numbers otherwise.
    package var hasIDs: Bool
    /// The embedding space of the vectors, where it is known.
    package var space: EmbeddingSpace?
    /// The program that wrote the file, with its version.
    package var writer: String

    /// Describes an index.
    package init(_ index: some VectorIndex, elementType: ElementType, hasIDs: Bool) {
        spec = index.spec
        metric = index.metric
        count = index.count
        dimension = index.dimension
        self.elementType = elementType
        self.hasIDs = hasIDs
        space = index.space
        writer = "akin 0.1"
    }

    /// Reads the manifest of a container and checks its numbers.
    ///
    /// - Throws: ``FileError`` when it is missing, damaged, or a number is out of range.
    package init(_ container: ContainerReader) throws(FileError) {
        self = try container.json(Self.sectionName)
        guard count >= 0, (1...VectorFile.maximumDimension).contains(dimension) else {
            throw FileError(
                .malformed, path: container.path,
                "expected a count of 0 or more and a dimension in 1...\(VectorFile.maximumDimension), "
                    + "found \(count) vectors of dimension \(dimension)",
                section: Self.sectionName)
        }
    }

    /// What the index is made of.
    ///
    /// - Throws: ``FileError`` for a spec that cannot be, or not at this dimension.
    package func specification(of container: ContainerReader) throws(FileError) -> IndexSpec {
        do throws(IndexSpecError) {
            return try IndexSpec(parsing: spec, dimension: dimension)
        } catch {
            throw FileError(
                .malformed, path: container.path, "the spec cannot be read: \(error)", section: Self.sectionName)
        }
    }
}
