import AkinCUDA

/// One thing that holds on every device, the host's stand-in among them.
public struct CUDACase: Sendable {
    /// What holds, as a statement.
    public let name: String

    /// Names a case.
    public init(name: String) { self.name = name }
}
