extension Filter {
    /// Whether a point passes.
    ///
    /// For one point; ``FilterEvaluator`` asks about many.
    public func matches(id: PointID, payload: Payload) -> Bool {
        FilterEvaluator(self).matches(id: id, payload: payload)
    }
}
