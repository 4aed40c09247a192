/// One level of a graph: every member's links to others of the level.
///
/// Members are numbered within their level. Those of level 0 are the rows of the index; a higher level says for each
/// member its row, and its number one level down.
struct GraphLayer: Sendable {
    /// The end of a member's links, where it has fewer than `degree`.
    static let none = UInt32.max

    /// Links that a member can have.
    let degree: Int
    /// `[count][degree]` numbers of members, ``none`` behind the last.
    var links: RowStore
    /// `[count][2]`, row and number one level down; empty in level 0.
    var places: RowStore

    var count: Int { links.count }
    var byteCount: Int { links.byteCount + places.byteCount }

    /// A level without members.
    init(degree: Int) {
        self.degree = degree
        links = RowStore(rowByteCount: 4 * degree)
        places = RowStore(rowByteCount: 8)
    }

    /// Adds members without links.
    mutating func append(_ members: Int) {
        let added = links.append(members).assumingMemoryBound(to: UInt32.self)
        added.update(repeating: Self.none, count: members * degree)
    }

    /// Adds a member of a higher level.
    mutating func append(row: UInt32, below: UInt32) {
        append(1)
        let place = places.append(1).assumingMemoryBound(to: UInt32.self)
        place[0] = row
        place[1] = below
    }
}

/// A layer whose memory is lent while nothing grows; threads may read it.
struct LayerView: @unchecked Sendable {
    let degree: Int
    let count: Int
    /// `[count][degree]`.
    let links: UnsafePointer<UInt32>
    /// `[count][2]`; `nil` in level 0.
    let places: UnsafePointer<UInt32>?

    init(_ layer: GraphLayer, isBase: Bool) {
        degree = layer.degree
        count = layer.count
        links = layer.links.base.assumingMemoryBound(to: UInt32.self)
        places = isBase ? nil : layer.places.base.assumingMemoryBound(to: UInt32.self)
    }

    func row(of member: UInt32) -> UInt32 { places.map { $0[2 * Int(member)] } ?? member }
    func below(_ member: UInt32) -> UInt32 { places.map { $0[2 * Int(member) + 1] } ?? member }
}
