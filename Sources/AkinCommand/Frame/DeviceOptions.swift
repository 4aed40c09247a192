import Akin
public import AkinCUDA
public import ArgumentParser

extension DeviceChoice: ExpressibleByArgument {
    /// Reads `cpu`, `cuda`, `cuda:N`, `cuda:N,M` or `cuda:all`.
    public init?(argument: String) { self.init(argument) }

    /// What is offered where values are listed.
    public static var allValueStrings: [String] { ["cpu", "cuda", "cuda:N", "cuda:N,M", "cuda:all"] }
}

/// `--device`: where a command works.
struct DeviceOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Where to work: cpu, cuda (the first GPU), cuda:N, cuda:N,M (some) or cuda:all.", valueName: "device"))
    var device: DeviceChoice?

    /// Where to work.
    var chosen: WorkPlace { WorkPlace(device: device) }
}

/// Where a command works: the processor, or one or several GPUs.
struct WorkPlace {
    /// What `--device` said; `nil` is the processor.
    var device: DeviceChoice?

    /// The processor.
    static let cpu = WorkPlace()

    /// As it is written: "cpu", "cuda:1".
    var name: String { device.map { "\($0)" } ?? "cpu" }

    /// Whether a GPU is meant.
    var isGPU: Bool { device != nil && device != .cpu }

    /// The GPU to work on, or `nil` for the processor.
    ///
    /// - Parameter work: what is done on one GPU so far, for the error.
    /// - Returns: the GPU in use.
    /// - Throws: ``CommandError`` for several GPUs; ``CUDAError``.
    func single(for work: String) throws -> CUDAContext? {
        guard let device, isGPU else { return nil }
        guard case .cuda = device else {
            throw CommandError("--device \(device): \(work) uses one GPU so far; expected cpu, cuda or cuda:N")
        }
        guard let context = try device.contexts().first else { throw CUDAError.noDevice }
        return context
    }

    /// Where k-means is done: `nil` for the processor.
    ///
    /// - Returns: the GPU in use.
    /// - Throws: as ``single(for:)``.
    func clustering() throws -> CUDAClustering? { try single(for: "clustering").map { try CUDAClustering($0) } }

    /// What builds graphs: `nil` for the processor.
    ///
    /// - Returns: the GPUs in use.
    /// - Throws: ``CUDAError``.
    func graphs() throws -> CUDAGraph? {
        guard let device, isGPU else { return nil }
        return try CUDAGraph(device.contexts())
    }

    /// An index where it is to be searched: itself on the processor, its counterpart on GPUs.
    ///
    /// - Parameters:
    ///   - index: the index.
    ///   - path: its file, for errors.
    ///   - threads: threads that prepare it.
    /// - Returns: what to search.
    /// - Throws: ``CommandError`` for an index that has no counterpart; ``CUDAError``.
    func place(_ index: any VectorIndex, path: String, threads: Int?) throws -> any VectorIndex {
        guard let device, isGPU else { return index }
        guard CUDAPlacement.holds(index) else {
            throw CommandError(
                "\(path): \(index.spec) is not searched on a GPU; expected \(CUDAPlacement.supported); or --device cpu")
        }
        return try CUDAPlacement(device.contexts()).place(index, threads: threads)
    }
}
