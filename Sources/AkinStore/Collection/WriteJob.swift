/// A write on its way: what is to be done, and what came of it.
final class WriteJob {
    enum Operation {
        /// The points, and the record of them, whose first row is not known yet.
        case upsert(LoggedPoints, body: [UInt8])
        case delete(PointSelection)
        case change(PayloadChange, PointSelection)
        case createIndex(FieldPath, PayloadIndexKind)
        case deleteIndex(FieldPath)
    }

    let operation: Operation
    /// How many points were meant, or why nothing was done.
    var outcome: Result<Int, any Error> = .failure(StoreError.unavailable("the write was not made"))

    init(_ operation: Operation) { self.operation = operation }

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
