extension Routes {
    /// Akin's own paths: collections, pictures, searches by picture.
    public mutating func addImages(_ environment: ServerEnvironment, _ images: ImageEnvironment) {
        addOwnCollections(environment, images)
        addImageUploads(environment, images)
        addImageSearches(environment, images)
        addStoredImages(environment, images)
    }
}
