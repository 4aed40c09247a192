extension IndexSpec {
    /// Reads a spec in Faiss's factory language.
    ///
    /// Beside the canonical form it takes what Faiss takes for the same: `IDMap` and `IDMap2` before or after (every
    /// index here has ids), `IVF4k` for 4,096 lists, `IVF4096(HNSW32)`, `PQ16x8`, `PQ16np`, `PQ32x4fs_64`,
    /// `HNSW32_SQ8`, `L2Norm`, `Refine(Flat)`.
    ///
    /// - Parameters:
    ///   - text: such as `IVF4096,PQ32x4fs,RFlat`; at most 1,000 characters.
    ///   - dimension: components of the vectors, where they are known: then the spec is checked against them.
    /// - Throws: ``IndexSpecError`` with the place of the first mistake.
    public init(parsing text: String, dimension: Int? = nil) throws(IndexSpecError) {
        guard text.utf8.count <= Limits.length else {
            let start = String(text.prefix(Limits.length))
            throw IndexSpecError(
                text: start, offset: start.count,
                message: "expected at most \(Limits.length) characters, got \(text.utf8.count) bytes")
        }
        var parser = IndexSpecParser(text)
        self = try parser.spec()
        if let problem = problem(dimension: dimension) {
            throw IndexSpecError(text: text, offset: parser.offsets[problem.part] ?? 0, message: problem.message)
        }
    }
}

/// Reads a spec part by part, and remembers where each began.
private struct IndexSpecParser {
    private let text: String
    private let characters: [Character]
    private var position = 0
    private(set) var offsets: [IndexSpec.Part: Int] = [:]

    init(_ text: String) {
        self.text = text
        characters = Array(text)
    }

    mutating func spec() throws(IndexSpecError) -> IndexSpec {
        if accept("IDMap2") || accept("IDMap") { try expectComma(after: "IDMap") }
        var transforms: [IndexSpec.Transform] = []
        while let (transform, start) = try transform() {
            guard transforms.count < IndexSpec.Limits.transforms else {
                throw error("expected at most \(IndexSpec.Limits.transforms) transforms", at: start)
            }
            offsets[.transform(transforms.count)] = start
            transforms.append(transform)
            try expectComma(after: "\(transform)")
        }
        let core = try core()
        let refinement = try ending(after: core)
        return IndexSpec(transforms: transforms, core: core, refinement: refinement)
    }

    // MARK: Parts

    private mutating func transform() throws(IndexSpecError) -> (IndexSpec.Transform, Int)? {
        let start = position
        if accept("PCA") {
            let whitening = accept("W"), rotation = accept("R")
            return (.pca(try number("the number of dimensions"), whitening: whitening, rotation: rotation), start)
        }
        if accept("OPQ") {
            let m = try number("the number of subquantizers")
            return (.opq(m: m, output: accept("_") ? try number("the number of dimensions") : nil), start)
        }
        if accept("RR") { return (.randomRotation(try optionalNumber()), start) }
        if accept("Center") { return (.center, start) }
        if accept("ITQ") { return (.itq(try number("the number of dimensions")), start) }
        if accept("L2norm") || accept("L2Norm") { return (.l2Normalization, start) }
        return nil
    }

    private mutating func core() throws(IndexSpecError) -> IndexSpec.Core {
        let start = position
        if accept("IVF") {
            offsets[.partition] = start
            let partition = try partition()
            try expectComma(after: "\(partition)", then: "codes, such as Flat, SQ8 or PQ16")
            return .partitioned(partition, try codec("codes, such as Flat, SQ8 or PQ16"))
        }
        if accept("HNSW") {
            offsets[.graph] = start
            let m = try optionalNumber() ?? 32
            offsets[.codec] = start
            let before = position
            if accept("_") || accept(",") {
                if let codec = try codecIfAny() { return .hnsw(m: m, codec) }
                if characters[before] == "_" { throw unknown("codes, such as Flat, SQ8 or PQ16") }
                position = before  // a refinement may follow
            }
            return .hnsw(m: m, .flat)
        }
        if let core = try hash() {
            offsets[.hash] = start
            return core
        }
        let codec = try codec("an index, such as Flat, IVF4096,PQ32x4fs,RFlat or HNSW32")
        return .partitioned(nil, codec)
    }

    /// Trees and hashes.
    private mutating func hash() throws(IndexSpecError) -> IndexSpec.Core? {
        if accept("KDTree") { return .kdTrees(try optionalNumber() ?? 1) }
        if accept("BFlat") { return .signs(.all) }
        if accept("BMIH") { return .signs(.multiIndex(try number("the number of parts of a code"))) }
        if accept("E2LSH") {
            let tables = try number("the number of tables")
            guard accept("x") else { throw error("expected x and hashes, as in E2LSH8x16, got \(found)") }
            return .hashTables(.pStable, tables: tables, hashes: try number("the number of hashes"))
        }
        guard accept("LSH") else { return nil }
        let number = try number("the number of hyperplanes")
        guard accept("x") else { return .hyperplanes(number) }
        return .hashTables(.hyperplane, tables: number, hashes: try self.number("the number of hashes"))
    }

    private mutating func partition() throws(IndexSpecError) -> IndexSpec.Partition {
        let digits = position
        var nlist = try number("the number of lists")
        let unit = accept("k") ? 1 << 10 : accept("M") ? 1 << 20 : 1
        let (product, overflow) = nlist.multipliedReportingOverflow(by: unit)
        guard !overflow, product <= Self.greatest else { throw tooLarge(at: digits) }
        nlist = product
        if accept("_HNSW") { return .init(nlist: nlist, coarse: .hnsw(try optionalNumber() ?? 32)) }
        guard accept("(") else { return .init(nlist: nlist) }
        var coarse = IndexSpec.Coarse.flat
        if accept("HNSW") {
            coarse = .hnsw(try optionalNumber() ?? 32)
            if accept(",") || accept("_") {
                guard accept("Flat") else { throw unknown("Flat, as centroids are kept as they are") }
            }
        } else if !accept("Flat") {
            throw unknown("HNSW32 or Flat, which find the nearest centroids")
        }
        guard accept(")") else { throw error("expected a closing parenthesis, got \(found)") }
        return .init(nlist: nlist, coarse: coarse)
    }

    private mutating func codec(_ what: String) throws(IndexSpecError) -> IndexSpec.Codec {
        guard let codec = try codecIfAny() else { throw unknown(what) }
        return codec
    }

    private mutating func codecIfAny(as part: IndexSpec.Part = .codec) throws(IndexSpecError) -> IndexSpec.Codec? {
        let start = position
        guard let codec = try bareCodec() else { return nil }
        offsets[part] = start
        return codec
    }

    private mutating func bareCodec() throws(IndexSpecError) -> IndexSpec.Codec? {
        if accept("Flat") { return .flat }
        if accept("RaBitQ") { return .rabit(bits: try optionalNumber() ?? 1) }
        if accept("PQ") { return try product() }
        guard at("SQ") else { return nil }
        for type in IndexSpec.ScalarType.allCases where accept(type.rawValue) { return .scalar(type) }
        position += 2
        throw error("expected 8, 6, 4, fp16 or bf16 after SQ, got \(found)")
    }

    private mutating func product() throws(IndexSpecError) -> IndexSpec.Codec {
        let m = try number("the number of subquantizers")
        guard accept("x") else {
            _ = accept("np")  // asks for no polysemous training, which there is none of anyway
            return .product(m: m, bits: 8)
        }
        let place = position
        let bits = try number("the number of bits")
        if accept("fs") {
            guard bits == 4 else {
                throw error("fast scan has codes of 4 bits: expected x4fs, got x\(bits)fs", at: place)
            }
            let residual = accept("r")
            if accept("_") { _ = try number("the number of vectors in a block") }
            return .fastScan(m: m, residual: residual)
        }
        _ = accept("np")
        return .product(m: m, bits: bits)
    }

    /// A refinement, `IDMap`, and the end.
    private mutating func ending(after core: IndexSpec.Core) throws(IndexSpecError) -> IndexSpec.Refinement? {
        var refinement: IndexSpec.Refinement?
        var last = IndexSpec(core: core).description
        while position < characters.count {
            guard accept(",") else { throw error("expected a comma or the end after \(last), got \(found)") }
            let start = position
            if accept("IDMap2") || accept("IDMap") {
                last = "IDMap"
                continue
            }
            guard refinement == nil else { throw unknown("the end after \(last)") }
            if accept("RFlat") {
                refinement = .flat
            } else if accept("Refine(") {
                guard let codec = try codecIfAny(as: .refinement) else {
                    throw unknown("codes in Refine(...), such as SQ8, SQfp16 or PQ64")
                }
                guard accept(")") else { throw error("expected a closing parenthesis after \(codec), got \(found)") }
                refinement = codec == .flat ? .flat : .codec(codec)
            } else {
                throw unknown("RFlat, Refine(...) or the end after \(last)")
            }
            offsets[.refinement] = offsets[.refinement] ?? start
            last = refinement.map { "\($0)" } ?? last
        }
        return refinement
    }

    // MARK: Letters and digits

    private static let greatest = Int(Int32.max)

    private func at(_ word: String) -> Bool {
        var i = position
        for character in word {
            guard i < characters.count, characters[i] == character else { return false }
            i += 1
        }
        return true
    }

    private mutating func accept(_ word: String) -> Bool {
        guard at(word) else { return false }
        position += word.count
        return true
    }

    private mutating func expectComma(after part: String, then what: String = "an index") throws(IndexSpecError) {
        guard accept(",") else { throw error("expected a comma and \(what) after \(part), got \(found)") }
    }

    private mutating func optionalNumber() throws(IndexSpecError) -> Int? {
        let start = position
        var value = 0
        while position < characters.count, let digit = characters[position].asciiDigit {
            value = value * 10 + digit
            guard value <= Self.greatest else { throw tooLarge(at: start) }
            position += 1
        }
        return position > start ? value : nil
    }

    private mutating func number(_ what: String) throws(IndexSpecError) -> Int {
        guard let value = try optionalNumber() else { throw error("expected \(what), got \(found)") }
        return value
    }

    // MARK: Errors

    private func error(_ message: String, at offset: Int? = nil) -> IndexSpecError {
        IndexSpecError(text: text, offset: offset ?? position, message: message)
    }

    private func tooLarge(at offset: Int) -> IndexSpecError {
        error("expected a number of at most \(Self.greatest)", at: offset)
    }

    /// What stands at the position, for a message.
    private var found: String {
        guard position < characters.count else { return "the end" }
        let character = characters[position]
        if character.isWhitespace { return "white space" }
        return character.isPrintable ? "\"\(character)\"" : "a letter that no spec has"
    }

    private static let words = [
        "IDMap", "PCA", "OPQ", "RR", "Center", "L2norm", "IVF", "HNSW", "Flat", "SQ", "PQ", "RaBitQ", "RFlat",
        "Refine(", "ITQ", "KDTree", "BFlat", "BMIH", "E2LSH", "LSH",
    ]
    /// Words of the language for what there is none of here.
    private static let foreign = [
        "IMI", "NSG", "Pad", "RQ", "LSQ", "PRQ", "PLSQ", "RCQ", "LSCQ", "MinMax", "Residual", "ZnLattice",
        "BIVF", "BHNSW",
    ]

    /// An error for a part that is not what may stand here; helps with near misses.
    private func unknown(_ what: String) -> IndexSpecError {
        let part = String(characters[position...].prefix { $0 != "," && $0 != ")" }.prefix(40))
        guard !part.isEmpty else { return error("expected \(what), got \(found)") }
        let shown = part.allSatisfy(\.isPrintable) ? "\"\(part)\"" : found
        var hint = ""
        if Self.words.contains(where: part.hasPrefix) {
            hint = ", which does not belong here"
        } else if let word = Self.words.first(where: { part.lowercased().hasPrefix($0.lowercased()) }) {
            hint = "; capitals count: \(word)"
        } else if let word = Self.foreign.first(where: part.hasPrefix) {
            hint = "; there is no \(word) here"
        }
        return error("expected \(what), got \(shown)\(hint)")
    }
}

extension Character {
    fileprivate var isPrintable: Bool { isASCII && self > " " && self <= "~" }

    fileprivate var asciiDigit: Int? {
        guard let value = asciiValue, (48...57).contains(value) else { return nil }
        return Int(value) - 48
    }
}
