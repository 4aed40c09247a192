import Synchronization

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Turns signals into something that long work can ask about.
///
/// The first Ctrl-C (or a polite `kill`) asks the running operation to stop at the next unit of work, keeping what is finished.
/// The second one finds the default action again and ends the program at once.
enum Interruption {
    private static let received = Atomic<Int32>(0)

    /// Whether the user wants the program to stop.
    static var isRequested: Bool { signal != 0 }

    /// The signal that came, 0 when none did.
    static var signal: Int32 { received.load(ordering: .relaxed) }

    /// Exit code of a program that was interrupted: 128 plus the signal's number, as shells report it.
    static var exitCode: Int32 { 128 + (signal == 0 ? SIGINT : signal) }

    /// Installs the handlers; called once, before any command runs.
    static func listen() {
        received.store(0, ordering: .relaxed)  // also initialises the global outside of a signal handler
        for number in [SIGINT, SIGTERM] {
            var action = sigaction()
            #if canImport(Darwin)
                action.__sigaction_u.__sa_handler = { Interruption.received.store($0, ordering: .relaxed) }
            #else
                action.__sigaction_handler.sa_handler = { Interruption.received.store($0, ordering: .relaxed) }
            #endif
            action.sa_flags = Int32(bitPattern: UInt32(truncatingIfNeeded: SA_RESETHAND)) | Int32(SA_RESTART)
            sigaction(number, &action, nil)
        }
        // Whoever started the program may have blocked them, which it would inherit.
        var wanted = sigset_t()
        sigemptyset(&wanted)
        for number in [SIGINT, SIGTERM] { sigaddset(&wanted, number) }
        pthread_sigmask(SIG_UNBLOCK, &wanted, nil)
        // A closed pipe shows up as a failed write, so that unfinished files can still be taken away.
        var ignore = sigaction()
        #if canImport(Darwin)
            ignore.__sigaction_u.__sa_handler = SIG_IGN
        #else
            ignore.__sigaction_handler.sa_handler = SIG_IGN
        #endif
        sigaction(SIGPIPE, &ignore, nil)
    }
}
