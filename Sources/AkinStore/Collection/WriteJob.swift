/// A write on its way: what is to be done, and what came of it.
final class WriteJob {
    enum Operation {
        /// The points, and the record of them, whose first row is not known yet.
        case upsert(LoggedPoints, body: [UInt8])
        case delete(PointSelection)
        case change(PayloadChange, PointSelection)
        case createIndex(FieldPath, PayloadIndexKind)
        case deleteIndex(FieldPath)
        case nothing
    }

    private(set) var operation: Operation
    /// The place in a stream outside that is reached with it; `nil` for a write that is in none.
    let position: UInt64?
    /// Those with which it is made in order; `nil` where the order does not matter.
    let sequel: Sequel?
    /// Why only the position was written.
    private(set) var refusal: StoreError?
    /// How many points were meant, or why nothing was done.
    var outcome: Result<Int, any Error> = .failure(StoreError.unavailable("the write was not made"))

    /// Writes of which none is made when one before it failed; touched by who commits alone.
    final class Sequel {
        var failure: (any Error)?
    }

    init(_ operation: Operation, position: UInt64? = nil, in sequel: Sequel? = nil) {
        self.operation = operation
        self.position = position
        self.sequel = sequel
    }

    /// Leaves nothing to be written but the position.
    func refuse(_ error: StoreError) {
        operation = .nothing
        refusal = error
    }

    /// Says that it was not made, and that what follows it is not to be.
    func fail(_ error: any Error) {
        outcome = .failure(error)
        if let sequel, sequel.failure == nil { sequel.failure = error }
    }

    /// Bytes to be written, about.
    var byteCount: Int {
        if case .upsert(_, let body) = operation { body.count } else { 1024 }
    }

    /// Whether what is to be done depends on what earlier jobs did, so that they must be done before.
    var isFirstOfGroup: Bool {
        switch operation {
        case .delete(.matching), .change(_, .matching), .createIndex, .deleteIndex: true
        default: false
        }
    }

    /// Whether later jobs cannot be in one transaction with it.
    var isLastOfGroup: Bool {
        switch operation {
        case .createIndex, .deleteIndex: true
        default: false
        }
    }

    /// How many of the first jobs that wait are written together.
    static func count(_ jobs: [WriteJob]) -> Int {
        var bytes = 0
        for (number, job) in jobs.enumerated() {
            bytes += job.byteCount
            if number > 0, job.isFirstOfGroup || bytes > 32 << 20 { return number }
            if job.isLastOfGroup { return number + 1 }
        }
        return jobs.count
    }
}
