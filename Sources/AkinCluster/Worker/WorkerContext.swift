internal import AkinServer
internal import AkinStore
internal import Logging

/// What the replicas of one worker share.
struct WorkerContext: Sendable {
    /// What the worker is called.
    let worker: String
    let connection: NATSConnection
    let streams: JetStream
    let names: ClusterNames
    let store: Store
    /// Answers on threads of its own.
    let service: any CollectionService
    let snapshots: any SnapshotExchange
    let budget: QuestionBudget
    let logger: Logger
}
