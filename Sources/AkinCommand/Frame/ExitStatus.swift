import ArgumentParser

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// What the shell gets to know: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
enum ExitStatus {
    static let failure: Int32 = 1
    static let wrongUsage: Int32 = 2
    static let brokenPipe: Int32 = 141

    /// Ends the program.
    static func leave(_ status: Int32) -> Never { exit(status) }

    /// Parses and runs a command, and tells the user what went wrong.
    static func of(_ parse: () throws -> any ParsableCommand) -> Int32 {
        do {
            var command = try parse()
            try command.run()
            return 0
        } catch {
            return report(error)
        }
    }

    private static func report(_ error: any Error) -> Int32 {
        switch error {
        case is CancellationError:
            Console.printError("interrupted\n")
            return Interruption.exitCode
        case is BrokenPipe:
            return brokenPipe
        case let code as ExitCode:
            return code.rawValue
        default: break
        }
        let code = AkinCommand.exitCode(for: error)
        if code.isSuccess {  // --help and --version
            do {
                try Console.printLine(AkinCommand.fullMessage(for: error))
                return 0
            } catch let outputError {
                return report(outputError)
            }
        }
        if code == .validationFailure {
            let text = AkinCommand.fullMessage(for: error)
            Console.printError((text.hasPrefix("Error: ") ? "error: " + text.dropFirst("Error: ".count) : text) + "\n")
            return wrongUsage
        }
        Console.printError("error: \(error)\n")
        return failure
    }
}
