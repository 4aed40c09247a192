import Foundation
import Synchronization

/// What has to be undone where a check is interrupted: processes, networks, folders.
enum Cleanup {
    private static let undoings = Mutex<[@Sendable () -> Void]>([])
    /// Carries the numbers of signals out of their handler, where little else is allowed.
    private static let signals = Pipe()
    private static let door = signals.fileHandleForWriting.fileDescriptor

    /// Remembers how to undo something; what was done last is undone first.
    static func add(_ undo: @escaping @Sendable () -> Void) { undoings.withLock { $0.append(undo) } }

    /// Undoes all of it when the program is told to end (Ctrl-C, SIGTERM), and ends it.
    static func watch() {
        // A handler rather than SIG_IGN, which the processes that are started would inherit.
        _ = door
        for number in [SIGINT, SIGTERM] {
            signal(number) { number in
                var byte = UInt8(number)
                _ = write(Cleanup.door, &byte, 1)
            }
        }
        Thread.detachNewThread {
            let number = signals.fileHandleForReading.readData(ofLength: 1).first ?? UInt8(SIGTERM)
            // Held on to the end, so that nothing new is started meanwhile.
            undoings.withLock { undoings in
                for undo in undoings.reversed() { undo() }
                exit(128 + Int32(number))
            }
        }
    }
}
