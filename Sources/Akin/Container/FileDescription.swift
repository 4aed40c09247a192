/// What a file of vectors or an index file holds, read from its header alone.
///
/// ```swift
/// let description = try FileDescription(path: "index.akin")
/// print(description.format, description.count, description.dimension)
/// ```
public struct FileDescription: Sendable, Equatable, Codable {
    /// One section of an index file.
    public struct Section: Sendable, Equatable, Codable {
        /// What it is called: "vectors".
        public var name: String
        /// What its bytes are: "float32", "json".
        public var kind: String
        /// Its first byte within the file.
        public var offset: Int
        /// Its length in bytes.
        public var bytes: Int
        /// CRC-32C of its bytes, eight hexadecimal digits.
        public var checksum: String
    }

    /// The file, as the caller named it.
    public var path: String
    /// "akin", "faiss", or the extension of a file of vectors: "npy", "fvecs".
    public var format: String
    /// Version of the container format; `nil` for files of vectors.
    public var formatVersion: Int?
    /// Length of the file.
    public var bytes: Int
    /// Vectors in it.
    public var count: Int
    /// Components of each vector.
    public var dimension: Int
    /// What the components are.
    public var elementType: ElementType
    /// The index in Faiss's factory language; `nil` for files of vectors.
    public var index: String?
    /// How nearness is measured; `nil` for files of vectors.
    public var metric: Metric?
    /// Whether the caller's ids are stored; `nil` for files of vectors.
    public var hasIDs: Bool?
    /// The embedding space of the vectors, where it is known.
    public var space: EmbeddingSpace?
    /// The program that wrote an index file.
    public var writer: String?
    /// Sections of an index file; empty for files of vectors.
    public var sections: [Section]

    /// Reads what a file says of itself.
    ///
    /// An index file is told by its first bytes, a file of vectors by the extension of its name. Of a Faiss file all
    /// lengths are read, which takes time in proportion to its lists and links.
    ///
    /// - Parameter path: the file.
    /// - Throws: ``FileError`` for a file that cannot be read, is neither, or whose header is damaged.
    public init(path: String) throws(FileError) {
        switch try Opened(path) {
        case .vectors(let file):
            self.init(
                path: path, format: file.format.rawValue, bytes: file.byteCount, count: file.count,
                dimension: file.dimension, elementType: file.elementType, sections: [])
        case .faiss(let index, let bytes):
            self.init(
                path: path, format: "faiss", bytes: bytes, count: index.header.count,
                dimension: index.header.dimension, elementType: index.isFlat ? .float32 : .uint8,
                index: index.factory, metric: index.header.metric.metric, hasIDs: index.hasIDs, sections: [])
        case .container(let container):
            let manifest = try IndexManifest(container)
            self.init(
                path: path, format: "akin", formatVersion: container.formatVersion, bytes: container.byteCount,
                count: manifest.count, dimension: manifest.dimension, elementType: manifest.elementType,
                index: manifest.spec, metric: manifest.metric, hasIDs: manifest.hasIDs, space: manifest.space,
                writer: manifest.writer,
                sections: container.sections.map {
                    Section(
                        name: $0.name, kind: $0.kind.name, offset: $0.offset, bytes: $0.byteCount,
                        checksum: hexadecimal($0.checksum))
                })
        }
    }

    /// Reads all of a file and compares it with what it says of itself.
    ///
    /// For an index file that is every checksum; files of vectors have none, so it is the dimension of every row.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - monitor: told of bytes read, or of rows for a file of vectors.
    /// - Throws: ``FileError`` for what is wrong, `CancellationError` when the monitor says stop.
    public static func verify(path: String, monitor: ProgressMonitor = .silent) throws {
        switch try Opened(path) {
        case .vectors(let file):
            let step = max(1, (1 << 22) / file.dimension)
            for start in stride(from: 0, to: file.count, by: step) {
                let end = min(start + step, file.count)
                try file.checkRows(start..<end)
                try monitor.update("verifying", done: end, total: file.count)
            }
        case .faiss: break  // what there is to compare was compared when it was opened
        case .container(let container):
            _ = try IndexManifest(container)
            try container.verify(monitor)
        }
    }

    private init(
        path: String, format: String, formatVersion: Int? = nil, bytes: Int, count: Int, dimension: Int,
        elementType: ElementType, index: String? = nil, metric: Metric? = nil, hasIDs: Bool? = nil,
        space: EmbeddingSpace? = nil, writer: String? = nil, sections: [Section]
    ) {
        self.path = path
        self.format = format
        self.formatVersion = formatVersion
        self.bytes = bytes
        self.count = count
        self.dimension = dimension
        self.elementType = elementType
        self.index = index
        self.metric = metric
        self.hasIDs = hasIDs
        self.space = space
        self.writer = writer
        self.sections = sections
    }

    private enum Opened {
        case vectors(VectorFile)
        case container(ContainerReader)
        case faiss(FaissIndex, bytes: Int)

        init(_ path: String) throws(FileError) {
            let file = try MappedFile(path: path)
            if ContainerReader.recognizes(file.bytes) || path.hasSuffix(".akin") {
                self = .container(try ContainerReader(file, path: path))
            } else if FaissFile.isFaiss(file, path: path) {
                self = .faiss(try FaissIndex(file, path: path), bytes: file.byteCount)
            } else {
                self = .vectors(try VectorFile(file, path: path, format: VectorFormat(path: path)))
            }
        }
    }
}
