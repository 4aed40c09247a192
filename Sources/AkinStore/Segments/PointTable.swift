internal import Akin

/// Names of points, and whether they have images, packed for a file.
struct PackedPoints {
    /// Bits of a point's kind.
    static let isName: UInt8 = 1, hasImage: UInt8 = 2

    var kinds: [UInt8] = []
    /// The number, or where the name is in `names`: its offset times 65,536, plus its length.
    var values: [Int64] = []
    var names: [UInt8] = []

    mutating func append(_ id: PointID, hasImage: Bool) {
        let flag = hasImage ? Self.hasImage : 0
        switch id {
        case .number(let number):
            kinds.append(flag)
            values.append(Int64(bitPattern: number))
        case .name(let name):
            kinds.append(flag | Self.isName)
            values.append(Int64(names.count) << 16 | Int64(name.utf8.count))
            names.append(contentsOf: name.utf8)
        }
    }
}

/// Names of points as they lie in a file.
///
/// A class, so that looking up a name copies none of the three.
final class PointTable: Sendable {
    private let kinds: Matrix<UInt8>
    private let values: Matrix<Int64>
    private let names: Matrix<UInt8>

    /// Takes them from a file; `nil` where a name would lie outside the names, or is too long.
    init?(kinds: Matrix<UInt8>, values: Matrix<Int64>, names: Matrix<UInt8>) {
        let isGood = kinds.withUnsafeElements { kinds in
            values.withUnsafeElements { values in
                kinds.indices.allSatisfy { i in
                    guard kinds[i] & PackedPoints.isName != 0 else { return true }
                    let (offset, length) = (Int(values[i] >> 16), Int(values[i] & 0xFFFF))
                    return offset >= 0 && (1...PointID.greatestLength).contains(length)
                        && offset + length <= names.rows
                }
            }
        }
        guard isGood else { return nil }
        self.kinds = kinds
        self.values = values
        self.names = names
    }

    func id(at position: Int) -> PointID {
        let value = values.withUnsafeElements { $0[position] }
        guard kind(at: position) & PackedPoints.isName != 0 else { return .number(UInt64(bitPattern: value)) }
        return names.withUnsafeElements { names in
            .name(String(decoding: names[Int(value >> 16)..<Int(value >> 16) + Int(value & 0xFFFF)], as: UTF8.self))
        }
    }

    func hasImage(at position: Int) -> Bool { kind(at: position) & PackedPoints.hasImage != 0 }

    private func kind(at position: Int) -> UInt8 { kinds.withUnsafeElements { $0[position] } }
}
