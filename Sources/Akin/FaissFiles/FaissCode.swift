/// The four characters that say what comes next in a Faiss file.
package struct FaissCode: Hashable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
    /// The characters, the first in the least byte.
    package let number: UInt32

    package init(number: UInt32) { self.number = number }

    /// Four ASCII characters.
    package init(stringLiteral text: StaticString) {
        precondition(text.utf8CodeUnitCount == 4)
        number = (0..<4).reduce(0) { $0 | UInt32(text.utf8Start[$1]) << (8 * UInt32($1)) }
    }

    /// The characters; bytes that are none in hexadecimal.
    package var description: String {
        let bytes = (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * UInt32($0))) }
        if bytes.allSatisfy({ (0x20..<0x7F).contains($0) }) { return "'\(String(decoding: bytes, as: UTF8.self))'" }
        return "0x" + String(number, radix: 16)
    }

    /// Kinds of indexes that Faiss knows and Akin does not read.
    static let unsupportedIndexes: [FaissCode: String] = [
        "IxFP": "flat Panorama", "IxFp": "flat Panorama", "IxHE": "LSH", "IxHe": "LSH",
        "IxRQ": "residual quantizer", "IxRq": "residual quantizer", "IxLS": "local search quantizer",
        "IxPR": "product residual quantizer", "IxPL": "product local search quantizer",
        "ImRQ": "residual coarse quantizer", "ILfs": "additive quantizer fast scan",
        "IRfs": "additive quantizer fast scan", "IPRf": "additive quantizer fast scan",
        "IPLf": "additive quantizer fast scan", "IVLf": "IVF additive quantizer fast scan",
        "IVRf": "IVF additive quantizer fast scan", "NPLf": "IVF additive quantizer fast scan",
        "NPRf": "IVF additive quantizer fast scan", "IvFl": "IVF flat of the format before 2018",
        "IvFL": "IVF flat of the format before 2018", "IvSQ": "IVF scalar quantizer of the format before 2018",
        "IvPQ": "IVF product quantizer of the format before 2018",
        "IvQR": "IVF product quantizer with refinement", "IwQR": "IVF product quantizer with refinement",
        "IwFd": "IVF flat without duplicates", "IwPn": "IVF flat Panorama", "IwP2": "IVF flat Panorama",
        "IxLa": "lattice", "IwLS": "IVF local search quantizer", "IwRQ": "IVF residual quantizer",
        "IwPL": "IVF product local search quantizer", "IwPR": "IVF product residual quantizer",
        "IwSh": "IVF spectral hash", "IwIQ": "IVF with an independent quantizer", "Imiq": "multi-index quantizer",
        "IxRP": "refinement with Panorama", "Ix2L": "two-layer", "IHN2": "two-layer HNSW", "IHNc": "CAGRA HNSW",
        "IHc2": "CAGRA HNSW", "IHfP": "HNSW Panorama", "INSf": "NSG", "INSp": "NSG", "INSs": "NSG",
        "INNf": "NN-descent", "IRMf": "row-wise min-max", "IRMh": "row-wise min-max", "IxEd": "EDEN",
        "IxEe": "EDEN", "IwEd": "IVF EDEN", "IwEe": "IVF EDEN", "Irfn": "RaBitQ fast scan", "Ixrq": "RaBitQ",
        "Ixrr": "RaBitQ", "Iwrq": "IVF RaBitQ", "Iwrr": "IVF RaBitQ", "Iwrf": "IVF RaBitQ fast scan",
        "Irfs": "RaBitQ fast scan", "IBxF": "binary flat", "IBwF": "binary IVF", "IBFf": "binary from float",
        "IBHf": "binary HNSW", "IBMp": "binary id map", "IBM2": "binary id map", "IBHh": "binary hash",
        "IBHm": "binary multi-hash",
    ]

    /// Kinds of indexes that are read.
    static let indexes: Set<FaissCode> = [
        "IxFI", "IxF2", "IxFl", "IxPQ", "IxPo", "IxPq", "IxSQ", "IPfs", "IwFl", "IwSQ", "IwSq", "IwPQ", "IwPf", "IxMp",
        "IxM2", "IxPT", "IxRF", "IHNf", "IHNp", "IHNs", "IH00",
    ]

    /// Kinds of transforms that Faiss knows and Akin does not read.
    static let unsupportedTransforms: [FaissCode: String] = [
        "Viqm": "iterative quantization matrix", "Viqt": "iterative quantization",
    ]

    /// Kinds of inverted lists that Faiss knows and Akin does not read.
    static let unsupportedLists: [FaissCode: String] = [
        "ilod": "lists in a file of their own", "ilpn": "Panorama lists", "ilp2": "Panorama lists",
    ]
}
