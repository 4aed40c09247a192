import ArgumentParser

@main
struct AkinCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "akin",
        abstract: "Finds images that look alike.",
        version: "0.1.0",
        subcommands: []
    )
}
