import AkinServer
import AkinStore
import ArgumentParser
import Logging

/// When writes are on the disk.
struct DurabilityOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Milliseconds after which acknowledged writes are on the disk; 0 is before they are acknowledged. With more, a power failure may take what was acknowledged since, a crash of the program nothing.",
            valueName: "ms"))
    var syncInterval = 0

    func validate() throws {
        guard (0...60_000).contains(syncInterval) else {
            throw ValidationError("--sync-interval: expected 0 to 60000 milliseconds, got \(syncInterval)")
        }
    }

    func settings() throws -> StoreSettings {
        var settings = StoreSettings()
        if syncInterval > 0 { settings.synchronization = .interval(milliseconds: syncInterval) }
        return settings
    }
}

/// What requests may ask for.
struct LimitOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Megabytes of one request's body.", valueName: "MB"))
    var maxBody = 64

    @Option(help: ArgumentHelp("Megabytes of the bodies of all requests under way.", valueName: "MB"))
    var maxBodies = 512

    @Option(help: "Answers of one search, and points of one page.")
    var maxLimit = ServerLimits().answers

    @Option(help: "Points in one request.")
    var maxPoints = ServerLimits().points

    @Option(help: "Searches in one request.")
    var maxSearches = ServerLimits().searches

    @Option(help: "Connections; others wait to be accepted.")
    var maxConnections = ServerLimits().connections

    @Option(help: "Calls that may wait for a thread; others are refused with 429.")
    var queue = ServerLimits().queue

    @Option(help: ArgumentHelp("Seconds that a call may wait for a thread.", valueName: "s"))
    var queueSeconds = ServerLimits().queueSeconds

    func limits() throws -> ServerLimits {
        var limits = ServerLimits()
        let counts = [
            ("--max-body", maxBody, 1 << 12), ("--max-bodies", maxBodies, 1 << 20), ("--max-limit", maxLimit, 1 << 20),
            ("--max-points", maxPoints, 1 << 24), ("--max-searches", maxSearches, 1 << 20),
            ("--max-connections", maxConnections, 1 << 20), ("--queue", queue, 1 << 20),
        ]
        for (name, value, greatest) in counts where !(1...greatest).contains(value) {
            throw ValidationError("\(name): expected 1 to \(greatest), got \(value)")
        }
        guard queueSeconds > 0, queueSeconds <= 3600 else {
            throw ValidationError("--queue-seconds: expected more than 0 and at most 3600, got \(queueSeconds)")
        }
        limits.bodyBytes = maxBody << 20
        limits.bodyBytesTogether = max(maxBodies, maxBody) << 20
        limits.answers = maxLimit
        limits.points = maxPoints
        limits.searches = maxSearches
        limits.connections = maxConnections
        limits.queue = queue
        limits.queueSeconds = queueSeconds
        return limits
    }
}

/// What is logged, and how.
struct LogOptions: ParsableArguments {
    @Option(help: "The least that is logged: debug (every request), info, warning or error.")
    var logLevel = Level.info

    @Flag(help: "Logs one JSON object a line instead of text.")
    var logJSON = false

    enum Level: String, ExpressibleByArgument, CaseIterable {
        case debug, info, warning, error
    }

    func logger() -> Logger {
        var logger = Logger(label: "akin-server") { [logJSON] _ in LineLog(isJSON: logJSON) }
        logger.logLevel = Logger.Level(rawValue: logLevel.rawValue) ?? .info
        return logger
    }
}
