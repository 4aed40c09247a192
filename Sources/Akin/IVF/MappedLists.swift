#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// Inverted lists that lie in a file's sections, one after the other.
///
/// Where the file is mapped, nothing is read before a search probes it.
final class MappedLists: @unchecked Sendable {
    /// `[nlist]`: vectors in each list.
    let counts: [Int]
    private let shape: ListShape
    private let ids: Matrix<Int64>
    private let codes: Matrix<UInt8>
    private let refined: Matrix<UInt8>
    /// Bytes that are in memory rather than in a file.
    let residentByteCount: Int
    private let firstID: [Int]
    private let firstCode: [Int]

    /// Views the sections of a file: `counts` has the vectors of each list and agrees with the sections' lengths, which
    /// the caller has checked; in `codes` each list begins at a multiple of ``alignment``.
    ///
    /// `isResident` says whether the sections were read into memory.
    init(
        counts: [Int], shape: ListShape, ids: Matrix<Int64>, codes: Matrix<UInt8>, refined: Matrix<UInt8>,
        isResident: Bool
    ) {
        self.counts = counts
        residentByteCount = isResident ? ids.columns * 8 + codes.columns + refined.rows * refined.columns : 0
        self.shape = shape
        self.ids = ids
        self.codes = codes
        self.refined = refined
        var id = 0, code = 0
        var firstID: [Int] = [], firstCode: [Int] = []
        for count in counts {
            firstID.append(id)
            firstCode.append(code)
            id += count
            code += Self.paddedCodeByteCount(count, shape)
        }
        self.firstID = firstID
        self.firstCode = firstCode
    }

    /// Lists begin at cache lines.
    static let alignment = 64

    /// Bytes of a list's codes in a file, padding to the next list included.
    static func paddedCodeByteCount(_ count: Int, _ shape: ListShape) -> Int { padded(shape.codeByteCount(count)) }

    /// A number of bytes, rounded up to where the next list begins.
    static func padded(_ bytes: Int) -> Int { (bytes + alignment - 1) / alignment * alignment }

    /// A list; valid while this object lives.
    func view(_ list: Int) -> ListView {
        let first = firstID[list]
        return ListView(
            count: counts[list], ids: base(ids) + first, blocks: base(codes) + firstCode[list],
            refined: base(refined) + first * shape.refinedByteCount)
    }

    /// Asks the system to read a list's codes soon.
    func willRead(_ list: Int) {
        guard residentByteCount == 0 else { return }
        let view = view(list)
        advise(view.blocks, shape.codeByteCount(view.count))
    }

    /// The matrices live as long as this object, and so do their elements.
    private func base<Element>(_ matrix: Matrix<Element>) -> UnsafePointer<Element> {
        matrix.withUnsafeElements { $0.baseAddress.unsafelyUnwrapped }
    }

    private func advise(_ start: UnsafePointer<UInt8>, _ count: Int) {
        guard count > 0 else { return }
        let page = 4096
        let first = UInt(bitPattern: start) & ~UInt(page - 1)
        let length = Int(UInt(bitPattern: start) - first) + count
        madvise(UnsafeMutableRawPointer(bitPattern: first), length, MADV_WILLNEED)
    }
}
