/// Takes values out of a preprocessing configuration, one key at a time, and says which key is wrong.
struct ConfigurationReader {
    let file: String
    let values: [String: JSONValue]

    typealias Size = (width: Int, height: Int)

    /// Keys that are followed.
    private static let followed: Set<String> = [
        "do_resize", "size", "resample", "crop_pct", "do_center_crop", "crop_size", "do_rescale", "rescale_factor",
        "do_normalize", "image_mean", "image_std", "do_convert_rgb", "image_processor_type", "feature_extractor_type",
    ]
    /// Keys that say nothing about a picture's pixels.
    private static let ignored: Set<String> = [
        "processor_class", "auto_map", "_valid_processor_keys", "data_format", "input_data_format", "return_tensors",
        "device", "disable_grouping", "default_to_square", "do_reduce_labels", "reduce_labels", "image_seq_length",
        "_commit_hash", "_name_or_path", "transformers_version", "num_classes",
    ]
    /// Processors whose `size`, where it is a bare number, is the side of a square.
    private static let square = ["ViT", "DeiT", "Deit", "Beit", "BEiT", "Swin", "Siglip", "SigLIP", "DINOv3ViT"]
    /// Processors whose `size`, where it is a bare number, is the shortest edge.
    private static let shortest = [
        "CLIP", "ConvNext", "Bit", "MobileNetV1", "MobileNetV2", "MobileViT", "PoolFormer", "ResNet",
    ]

    /// Throws where a key may change the pixels in a way that is not followed.
    func refuseUnknownKeys() throws(PreprocessingError) {
        for (key, value) in values.sorted(by: { $0.key < $1.key }) {
            if Self.followed.contains(key) || Self.ignored.contains(key) { continue }
            if value == .null || value == .bool(false) { continue }
            throw .unsupported(
                file: file, key: key, value: value.brief, expected: "no such key: its effect on the pixels is not known"
            )
        }
        if values["do_convert_rgb"] == .bool(false) {
            throw .unsupported(
                file: file, key: "do_convert_rgb", value: "false", expected: "true: pictures are RGB here")
        }
        _ = try flag("do_convert_rgb", default: true)
    }

    /// True or false; `null` counts as absent.
    func flag(_ key: String, default fallback: Bool) throws(PreprocessingError) -> Bool {
        switch values[key] {
        case nil, .null: return fallback
        case .bool(let value): return value
        case .some(let other): throw .unsupported(file: file, key: key, value: other.brief, expected: "true or false")
        }
    }

    /// A number in a range.
    func number(
        _ key: String, in allowed: ClosedRange<Double>, default fallback: Double
    ) throws(PreprocessingError) -> Double {
        switch values[key] {
        case nil, .null: return fallback
        case .number(let value): return try check(value, key, allowed)
        case .some(let other): throw .unsupported(file: file, key: key, value: other.brief, expected: "a number")
        }
    }

    /// Three numbers in a range.
    func channels(_ key: String, in allowed: ClosedRange<Double>) throws(PreprocessingError) -> [Double] {
        guard let value = values[key], value != .null else { throw .missing(file: file, key: key) }
        guard case .array(let parts) = value, parts.count == 3 else {
            throw .unsupported(file: file, key: key, value: value.brief, expected: "an array of three numbers")
        }
        var numbers: [Double] = []
        for (index, part) in parts.enumerated() {
            guard case .number(let number) = part else {
                throw .unsupported(file: file, key: "\(key)[\(index)]", value: part.brief, expected: "a number")
            }
            numbers.append(try check(number, "\(key)[\(index)]", allowed))
        }
        return numbers
    }

    /// How pixels are weighted in the resize.
    func filter() throws(PreprocessingError) -> ResampleFilter {
        guard let value = values["resample"], value != .null else { throw .missing(file: file, key: "resample") }
        if case .number(let code) = value, let exact = Int(exactly: code), let filter = ResampleFilter(rawValue: exact)
        {
            return filter
        }
        let codes = ResampleFilter.allCases.map { "\($0.rawValue) (\($0.name))" }.joined(separator: ", ")
        throw .unsupported(file: file, key: "resample", value: value.brief, expected: "one of \(codes)")
    }

    /// The centre crop, where there is one.
    func cropSize() throws(PreprocessingError) -> Size? {
        let given = values["crop_size"].flatMap { $0 == .null ? nil : $0 }
        guard try flag("do_center_crop", default: given != nil) else { return nil }
        switch given {
        case nil: throw .missing(file: file, key: "crop_size")
        case .number(let number):
            let side = try side(.number(number), "crop_size")
            return (side, side)
        case .object(let parts):
            if let size = try fixed(parts, "crop_size") { return size }
            throw unknown(.object(parts), "crop_size", "a number, or \"height\" and \"width\"")
        case .some(let other): throw unknown(other, "crop_size", "a number, or \"height\" and \"width\"")
        }
    }

    /// The share of the shorter side that the output shows, where it is given.
    func cropFraction() throws(PreprocessingError) -> Double? {
        guard let value = values["crop_pct"], value != .null else { return nil }
        return try number("crop_pct", in: 0.1...1, default: 1)
    }

    /// The size before the crop.
    func size(cropped: Bool) throws(PreprocessingError) -> Preprocessing.Resize {
        let expected = "a number, \"shortest_edge\", or \"height\" and \"width\""
        switch values["size"] {
        case nil, .null: throw .missing(file: file, key: "size")
        case .number(let number):
            let side = try side(.number(number), "size")
            return try isSquare(cropped: cropped) ? .fixed(width: side, height: side) : .shortestEdge(side)
        case .object(let parts):
            if let size = try fixed(parts, "size") { return .fixed(width: size.width, height: size.height) }
            guard parts.count == 1, let edge = parts["shortest_edge"] else {
                throw unknown(.object(parts), "size", expected)
            }
            return .shortestEdge(try side(edge, "size.shortest_edge"))
        case .some(let other): throw unknown(other, "size", expected)
        }
    }

    /// Resize and crop where `crop_pct` says how much of the resized picture is shown.
    func fractionalSize(
        _ fraction: Double, crop: Size?
    ) throws(PreprocessingError) -> (Preprocessing.Resize, Size) {
        let shown: Int
        switch values["size"] {
        case .number(let number): shown = try side(.number(number), "size")
        case .object(let parts) where parts.count == 1 && parts["shortest_edge"] != nil:
            shown = try side(parts["shortest_edge"] ?? .null, "size.shortest_edge")
        case let other:
            throw unknown(other ?? .null, "size", "a number or \"shortest_edge\", because crop_pct is given")
        }
        if crop == nil, shown >= 384 { return (.fixed(width: shown, height: shown), (shown, shown)) }
        let resized = Int(Double(shown) / fraction)
        _ = try side(.number(Double(resized)), "size / crop_pct")
        return (.shortestEdge(resized), crop ?? (shown, shown))
    }

    private func isSquare(cropped: Bool) throws(PreprocessingError) -> Bool {
        for key in ["image_processor_type", "feature_extractor_type"] {
            guard let value = values[key], value != .null else { continue }
            guard case .string(let name) = value else { throw unknown(value, key, "a processor's name") }
            let isProcessor = { (family: String) in
                name.hasPrefix(family + "ImageProcessor") || name.hasPrefix(family + "FeatureExtractor")
            }
            if Self.square.contains(where: isProcessor) { return true }
            if Self.shortest.contains(where: isProcessor) { return false }
            throw unknown(
                value, key, "a processor known here, because \"size\" is a bare number whose meaning depends on it")
        }
        return !cropped
    }

    /// `height` and `width` and nothing else, or nil.
    private func fixed(_ parts: [String: JSONValue], _ key: String) throws(PreprocessingError) -> Size? {
        guard parts.count == 2, let height = parts["height"], let width = parts["width"] else { return nil }
        return (try side(width, "\(key).width"), try side(height, "\(key).height"))
    }

    private func side(_ value: JSONValue, _ key: String) throws(PreprocessingError) -> Int {
        guard case .number(let number) = value, number == number.rounded() else {
            throw unknown(value, key, "a whole number")
        }
        return Int(try check(number, key, 1...Double(Preprocessing.largestSide)))
    }

    private func check(
        _ value: Double, _ key: String, _ allowed: ClosedRange<Double>
    ) throws(PreprocessingError) -> Double {
        guard allowed.contains(value) else { throw .outOfRange(file: file, key: key, value: value, allowed: allowed) }
        return value
    }

    private func unknown(_ value: JSONValue, _ key: String, _ expected: String) -> PreprocessingError {
        .unsupported(file: file, key: key, value: value.brief, expected: expected)
    }
}
