internal import Foundation

/// Lets writers that come at the same time be written together: whoever finds nobody writing writes for all that wait.
///
/// ```
/// writer 1   writes 1 ............ done
/// writer 2      waits ............ writes 2, 3, 4 ...... done
/// writer 3         waits .............................. done
/// writer 4            waits ........................... done
/// ```
///
/// There is no thread of its own, and one `fsync` serves as many writers as came during the one before.
final class GroupCommit<Job: AnyObject>: @unchecked Sendable {
    private let condition = NSCondition()
    private var queue: [Job] = []
    private var done: Set<ObjectIdentifier> = []
    private var isBusy = false
    private let count: ([Job]) -> Int
    private let commit: ([Job]) -> Void

    /// Commits through `commit`; `count` says how many of the first jobs that wait are committed together, 1 or more.
    init(count: @escaping ([Job]) -> Int, commit: @escaping ([Job]) -> Void) {
        self.count = count
        self.commit = commit
    }

    /// Returns when the job has been committed, by whichever thread.
    func submit(_ job: Job) { submit([job]) }

    /// Returns when all jobs have been committed, in their order, by whichever threads.
    func submit(_ jobs: [Job]) {
        guard let last = jobs.last else { return }
        condition.lock()
        defer { condition.unlock() }
        queue += jobs
        while true {
            // Jobs are committed in the order in which they wait.
            if done.contains(ObjectIdentifier(last)) {
                for job in jobs { done.remove(ObjectIdentifier(job)) }
                return
            }
            guard !isBusy else {
                condition.wait()
                continue
            }
            let group = Array(queue.prefix(count(queue)))
            queue.removeFirst(group.count)
            isBusy = true
            condition.unlock()
            commit(group)
            condition.lock()
            isBusy = false
            for job in group { done.insert(ObjectIdentifier(job)) }
            condition.broadcast()
        }
    }

    /// Runs something while nothing is committed.
    func exclusively<Result>(_ body: () throws -> Result) rethrows -> Result {
        condition.lock()
        while isBusy { condition.wait() }
        isBusy = true
        condition.unlock()
        defer {
            condition.lock()
            isBusy = false
            condition.broadcast()
            condition.unlock()
        }
        return try body()
    }
}
