internal import CAkinKernels
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// Cores that this process may use.
package func availableCores() -> Int { Int(akin_available_cores()) }

/// Runs a body for each index on up to `threads` threads, the calling one among them.
///
/// Indices `0..<count` are handed out one at a time, so uneven work balances itself. The first error thrown ends the handing
/// out and is rethrown once every thread has come back.
package func parallelFor(threads: Int, count: Int, _ body: @Sendable (Int) throws -> Void) throws {
    let helpers = min(threads, count) - 1
    if helpers < 1 {
        for i in 0..<count { try body(i) }
        return
    }
    try withoutActuallyEscaping(body) { body in
        let crew = Crew(count: count, body: body)
        var started: [pthread_t] = []
        for _ in 0..<helpers {
            #if canImport(Darwin)
                var thread: pthread_t?
            #else
                var thread = pthread_t()
            #endif
            let argument = Unmanaged.passRetained(crew)
            let status = pthread_create(&thread, nil, crewMember, argument.toOpaque())
            guard status == 0 else {
                argument.release()  // no thread to be had: the others do its share
                break
            }
            #if canImport(Darwin)
                if let thread { started.append(thread) }
            #else
                started.append(thread)
            #endif
        }
        crew.work()
        for thread in started { pthread_join(thread, nil) }
        if let error = crew.failure { throw error }
    }
}

#if canImport(Darwin)
    private func crewMember(_ argument: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        Unmanaged<Crew>.fromOpaque(argument).takeRetainedValue().work()
        return nil
    }
#else
    private func crewMember(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        if let argument { Unmanaged<Crew>.fromOpaque(argument).takeRetainedValue().work() }
        return nil
    }
#endif

private final class Crew: @unchecked Sendable {
    let next = Atomic<Int>(0)
    let count: Int
    let body: @Sendable (Int) throws -> Void
    /// The first error; written by the thread that `hasFailed` chose, read when all have come back.
    private(set) var failure: (any Error)?
    private let hasFailed = Atomic<Bool>(false)

    init(count: Int, body: @escaping @Sendable (Int) throws -> Void) {
        self.count = count
        self.body = body
    }

    func work() {
        while true {
            let i = next.wrappingAdd(1, ordering: .relaxed).oldValue
            guard i < count else { return }
            do {
                try body(i)
            } catch {
                if hasFailed.compareExchange(expected: false, desired: true, ordering: .relaxed).exchanged {
                    failure = error
                }
                next.store(count, ordering: .relaxed)
                return
            }
        }
    }
}
