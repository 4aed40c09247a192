internal import Foundation

/// How the kernel gives this process its turns.
enum Scheduling {
    /// SCHED_BATCH of <sched.h>, which Swift does not see there.
    private static let schedBatch: CInt = 3

    /// Lets threads that wake wait until those that run have had their turn.
    ///
    /// Event loops, searching threads and clients wake one another all the time. Where each interrupts the search that
    /// runs, caches are lost and a tenth fewer requests are answered. Threads that are started later inherit it; a kernel
    /// that does not know it goes on as it did.
    static func preferThroughput() {
        #if os(Linux)
            let threads = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? []
            for thread in threads.compactMap({ pid_t($0) }) {
                var priority = sched_param()
                _ = sched_setscheduler(thread, schedBatch, &priority)
            }
        #endif
    }
}
