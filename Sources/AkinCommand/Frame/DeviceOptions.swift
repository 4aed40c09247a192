public import AkinCUDA
public import ArgumentParser

extension DeviceChoice: ExpressibleByArgument {
    /// Reads `cpu`, `cuda`, `cuda:N` or `cuda:all`.
    public init?(argument: String) { self.init(argument) }

    /// What is offered where values are listed.
    public static var allValueStrings: [String] { ["cpu", "cuda", "cuda:N", "cuda:all"] }
}

/// `--device`: where a command works.
struct DeviceOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Where to work: cpu, cuda (the first GPU), cuda:N or cuda:all.", valueName: "device"))
    var device: DeviceChoice?
}
