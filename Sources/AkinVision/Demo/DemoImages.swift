internal import Akin

/// A small labelled picture set that the program draws itself, so that everything can be tried without any data.
///
/// Each picture shows one of sixteen shapes and textures in a random pose, on a random background, with
/// shadows, clutter and noise. A picture depends on the seed, its part, its class and its number alone.
///
/// ```swift
/// let demo = DemoImages(seed: 1)
/// let picture = demo.image(class: 3, number: 0, part: .train)   // a crescent
/// ```
public struct DemoImages: Sendable {
    /// The two parts that share no picture.
    public enum Part: String, Sendable, CaseIterable {
        /// Pictures to store.
        case train
        /// Pictures to ask about.
        case validation = "val"
    }

    /// The names of the classes, in ascending order.
    public static let labels = DemoShape.allCases.map(\.rawValue)

    /// What all pictures derive from.
    public let seed: UInt64
    /// Pixels across and down.
    public let side: Int
    /// Pictures of each class to store.
    public let trainPerClass: Int
    /// Pictures of each class to ask about.
    public let validationPerClass: Int

    /// Describes a picture set; drawing happens later.
    ///
    /// - Parameters:
    ///   - seed: another seed gives other pictures.
    ///   - side: pixels across and down, 8 or more; time grows with its square.
    ///   - trainPerClass: pictures of each class in the training part, 0 or more.
    ///   - validationPerClass: pictures of each class in the validation part, 0 or more.
    public init(seed: UInt64 = 1, side: Int = 96, trainPerClass: Int = 100, validationPerClass: Int = 25) {
        precondition(side >= 8 && trainPerClass >= 0 && validationPerClass >= 0)
        self.seed = seed
        self.side = side
        self.trainPerClass = trainPerClass
        self.validationPerClass = validationPerClass
    }

    /// Pictures of each class in a part.
    public func perClass(_ part: Part) -> Int { part == .train ? trainPerClass : validationPerClass }

    /// Draws one picture.
    ///
    /// - Parameters:
    ///   - label: the class, an index into ``labels``.
    ///   - number: which picture of the class, from 0.
    ///   - part: the part it belongs to.
    /// - Returns: a square picture, ``side`` pixels across.
    /// - Complexity: O(``side``²), about a millisecond at 96.
    public func image(class label: Int, number: Int, part: Part) -> RGBImage {
        precondition(DemoShape.allCases.indices.contains(label) && number >= 0)
        var random = SplitMix64(seeds: seed, part == .train ? 1 : 2, UInt64(label), UInt64(number))
        return DemoScene(DemoShape.allCases[label], side: side, using: &random).render()
    }
}
