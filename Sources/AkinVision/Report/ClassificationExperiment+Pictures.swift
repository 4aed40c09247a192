internal import Akin

extension ClassificationExperiment {
    /// Reads the pictures of samples from where the vectors' images came from.
    ///
    /// Each source is walked once, and only as far as the last picture that is wanted. Pictures that are gone or cannot
    /// be decoded are left out.
    ///
    /// - Parameters:
    ///   - train: the source of the training set; `nil` leaves its pictures out.
    ///   - validation: the source of the validation set; `nil` leaves its pictures out.
    /// - Returns: a reader to give to ``run(title:embedding:machine:akinVersion:buildIndex:pictures:monitor:)``.
    public static func pictures(
        train: (any ImageSource)?, validation: (any ImageSource)?
    ) -> PictureReader {
        { part, paths, take in
            guard let source = part == .train ? train : validation, !paths.isEmpty else { return }
            var missing = paths
            guard var items = try? source.items() else { return }
            while !missing.isEmpty, let item = try? items.next() {
                guard missing.remove(item.path) != nil else { continue }
                guard let bytes = try? item.read(), let image = try? RGBImage(decoding: bytes) else { continue }
                try take(item.path, image)
            }
        }
    }
}
