/// What went wrong, in one line for the person at the terminal.
struct CommandError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// Whoever read standard output went away.
struct BrokenPipe: Error {}
