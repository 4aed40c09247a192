public import Foundation

/// A vector with a name, what is known about it, and perhaps the picture it came from.
public struct Point: Sendable, Equatable {
    /// Its name.
    public var id: PointID
    /// `[dimension]`, finite.
    public var vector: [Float]
    /// What is known about it.
    public var payload: Payload
    /// The bytes of an image file.
    public var image: Data?

    /// Puts a point together.
    public init(id: PointID, vector: [Float], payload: Payload = [:], image: Data? = nil) {
        self.id = id
        self.vector = vector
        self.payload = payload
        self.image = image
    }
}

/// What of a point a reply carries beside its name.
public struct PointFields: Sendable, Equatable {
    /// Which members of payloads.
    public enum PayloadPart: Sendable, Equatable {
        case none
        case all
        /// The members at these paths (``FieldPath``).
        case only([FieldPath])
        /// All but the members at these paths.
        case except([FieldPath])
    }

    /// Which members of the payload.
    public var payload: PayloadPart
    /// Whether the vector.
    public var vector: Bool

    /// Says what is wanted.
    public init(payload: PayloadPart = .none, vector: Bool = false) {
        self.payload = payload
        self.vector = vector
    }
}

/// A point as it is stored, as far as it was asked for.
public struct StoredPoint: Sendable, Equatable {
    /// Its name.
    public var id: PointID
    /// What is known about it; `nil` where it was not asked for.
    public var payload: Payload?
    /// Its vector; `nil` where it was not asked for.
    public var vector: [Float]?
    /// Whether a picture is stored with it.
    public var hasImage: Bool

    /// Puts a point together.
    public init(id: PointID, payload: Payload? = nil, vector: [Float]? = nil, hasImage: Bool = false) {
        self.id = id
        self.payload = payload
        self.vector = vector
        self.hasImage = hasImage
    }
}
