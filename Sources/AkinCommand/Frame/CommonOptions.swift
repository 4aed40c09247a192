import Akin
import ArgumentParser

/// `--threads`.
struct ThreadOptions: ParsableArguments {
    @Option(name: [.short, .long], help: ArgumentHelp("Threads to use (default: one per core).", valueName: "n"))
    var threads: Int?

    /// The number of threads that will be used.
    var count: Int { threads ?? availableCores() }

    func validate() throws {
        if let threads, !(1...4096).contains(threads) {
            throw ValidationError("--threads is \(threads); it must be in 1...4096")
        }
    }
}

/// `--json`, `--quiet`: how a command talks.
struct OutputOptions: ParsableArguments {
    @Flag(help: "Print results as JSON, one object per line.")
    var json = false

    @Flag(name: [.short, .long], help: "Show no progress and no notes.")
    var quiet = false

    /// How progress is shown, given where standard error goes.
    var progressStyle: ProgressRenderer.Style {
        if quiet { return .silent }
        return Console.hasTerminal ? .bar : .lines
    }
}

/// What a running command needs to talk: progress, notes and results.
struct Session {
    let options: OutputOptions
    let progress: ProgressRenderer

    init(_ options: OutputOptions) {
        self.options = options
        progress = ProgressRenderer(style: options.progressStyle)
    }

    /// Draws progress and stops the work after Ctrl-C.
    var monitor: ProgressMonitor {
        let progress = progress
        return ProgressMonitor(onUpdate: { progress.update($0) }, shouldStop: { Interruption.isRequested })
    }

    /// Says something that is not a result.
    func note(_ line: String) {
        if !options.quiet { progress.note(line) }
    }

    /// Writes a result: the JSON object with `--json`, the sentence otherwise.
    ///
    /// - Throws: `CancellationError` after Ctrl-C, and when standard output cannot be written.
    func result(_ sentence: @autoclosure () -> String, json: @autoclosure () -> JSONValue) throws {
        progress.finish()
        if Interruption.isRequested { throw CancellationError() }
        try Console.printLine(options.json ? json().line : sentence())
    }
}
