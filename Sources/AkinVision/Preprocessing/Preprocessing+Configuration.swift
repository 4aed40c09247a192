extension Preprocessing {
    /// Reads `preprocessor_config.json` in a model's directory.
    ///
    /// - Throws: `PreprocessingError`, naming the file and the key.
    public init(directory: String) throws(PreprocessingError) {
        let file = directory + (directory.hasSuffix("/") ? "" : "/") + "preprocessor_config.json"
        let bytes: [UInt8]
        do {
            bytes = try RegularFile(path: file).readAll(limit: 1 << 20)
        } catch {
            throw .unreadable(file: file, reason: error.reason)
        }
        try self.init(configuration: bytes, file: file)
    }

    /// Reads the contents of a `preprocessor_config.json` as Hugging Face image models carry it.
    ///
    /// Understood are `do_resize`, `size` (a number, `shortest_edge`, or `height` and `width`), `resample`, `crop_pct`,
    /// `do_center_crop`, `crop_size`, `do_rescale`, `rescale_factor`, `do_normalize`, `image_mean`, `image_std`,
    /// `do_convert_rgb`. Steps that are not mentioned follow Hugging Face's defaults: resize, rescale by 1/255 and
    /// normalise are on, the crop is on where `crop_size` is given. With `crop_pct` the shorter side becomes
    /// ⌊size / crop_pct⌋ and `crop_size`, else the square of `size`, is cut out; from 384 on, without `crop_size`,
    /// the picture is instead brought to that square whole (as ConvNeXT's processor does).
    ///
    /// A `size` that is a bare number means what the named processor takes it for: the side of a square (ViT, DeiT,
    /// BEiT, Swin, SigLIP) or the shortest edge. Without a processor's name it is the shortest edge where a crop
    /// follows, else the side of a square.
    ///
    /// Any other key might change the pixels. It is an error, unless it is known not to or is `null` or `false`.
    ///
    /// - Parameters:
    ///   - configuration: the JSON, UTF-8.
    ///   - file: its name, for messages.
    /// - Throws: `PreprocessingError`, naming the file and the key.
    public init(
        configuration: [UInt8], file: String = "preprocessor_config.json"
    ) throws(PreprocessingError) {
        let root: JSONValue
        do {
            root = try JSONValue.parse(configuration)
        } catch {
            throw .notJSON(file: file, reason: "it does not parse")
        }
        guard case .object(let values) = root else { throw .notJSON(file: file, reason: "it is \(root.brief)") }
        let reader = ConfigurationReader(file: file, values: values)
        try reader.refuseUnknownKeys()

        var filter = ResampleFilter.bilinear
        var resize = Resize.none
        var crop = try reader.cropSize()
        if try reader.flag("do_resize", default: true) {
            filter = try reader.filter()
            if let fraction = try reader.cropFraction() {
                (resize, crop) = try reader.fractionalSize(fraction, crop: crop)
            } else {
                resize = try reader.size(cropped: crop != nil)
            }
        }
        let output: (width: Int, height: Int)
        switch (crop, resize) {
        case (let crop?, _): output = crop
        case (nil, .fixed(let width, let height)): output = (width, height)
        case (nil, .shortestEdge), (nil, .none):
            throw .unsupported(
                file: file, key: "do_center_crop", value: values["do_center_crop"]?.brief ?? "missing",
                expected: "a centre crop or a size of fixed height and width, so that all pictures come out alike")
        }
        let rescales = try reader.flag("do_rescale", default: true)
        let normalizes = try reader.flag("do_normalize", default: true)
        let magnitude = 1e-9...1e9
        self.init(
            resize: resize, filter: filter, width: output.width, height: output.height,
            scale: rescales ? try reader.number("rescale_factor", in: magnitude, default: 1 / 255) : 1,
            mean: normalizes ? try reader.channels("image_mean", in: -1e6...1e6) : [0, 0, 0],
            deviation: normalizes ? try reader.channels("image_std", in: magnitude) : [1, 1, 1])
    }
}
