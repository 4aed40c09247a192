import AkinStore

/// What is asked as a cluster: its routers, or something before them that changes what is said.
protocol Asked: Sendable {
    /// Asks one router; `after` is up to which message of each shard's stream the answer has to reach.
    func ask(
        _ method: String, _ path: String, _ body: JSON?, router: Int, after: [Int: UInt64]
    ) async throws -> RouterClient.Answer
}
