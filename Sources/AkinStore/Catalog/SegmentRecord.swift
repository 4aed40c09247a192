/// What the catalogue knows of a segment: a sealed set of rows and the files that hold their vectors.
package struct SegmentRecord: Sendable, Equatable {
    /// Its name, unique within the collection.
    package var name: String
    /// The index over the vectors in Faiss's factory language; "Flat" where they are compared one by one.
    package var spec: String
    /// Names of its files, in the folder of segments.
    package var files: [String]
    /// Rows it holds, dead ones included.
    package var count: Int
    /// The first and the last of its rows.
    package var firstRow, lastRow: Int64

    /// Puts a record together.
    package init(name: String, spec: String, files: [String], count: Int, firstRow: Int64, lastRow: Int64) {
        self.name = name
        self.spec = spec
        self.files = files
        self.count = count
        self.firstRow = firstRow
        self.lastRow = lastRow
    }
}
