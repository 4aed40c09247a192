import Akin
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

extension DeviceOptions {
    /// An index where it is to be searched: itself on the processor, its counterpart on a GPU.
    ///
    /// - Parameters:
    ///   - index: the index.
    ///   - path: its file, for errors.
    ///   - threads: threads that prepare it.
    /// - Returns: what to search.
    /// - Throws: ``CommandError`` for an index or a choice of devices that has no counterpart; ``CUDAError``.
    func place(_ index: any VectorIndex, path: String, threads: Int?) throws -> any VectorIndex {
        guard let device, device != .cpu else { return index }
        guard case .cuda = device else {
            throw CommandError("--device \(device): a search uses one GPU so far; expected cpu, cuda or cuda:N")
        }
        guard let flat = index as? FlatIndex else {
            throw CommandError("\(path): \(index.spec) is not searched on a GPU yet; expected Flat, or --device cpu")
        }
        guard let context = try device.contexts().first else { throw CUDAError.noDevice }
        return try CUDAFlatIndex(flat, context: context, threads: threads)
    }
}
