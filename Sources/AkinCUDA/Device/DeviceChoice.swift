/// Where work is to be done.
public enum DeviceChoice: Sendable, Equatable {
    /// On the processor.
    case cpu
    /// On the GPU of that number.
    case cuda(Int)
    /// On the GPUs of those numbers, two or more; one that is named twice counts as two, which share its memory.
    case several([Int])
    /// On all GPUs.
    case allCUDA

    /// Reads `cpu`, `cuda` (the first), `cuda:N`, `cuda:N,M` or `cuda:all`; `nil` for anything else.
    public init?(_ text: String) {
        switch text {
        case "cpu": self = .cpu
        case "cuda": self = .cuda(0)
        case "cuda:all": self = .allCUDA
        default:
            guard text.hasPrefix("cuda:") else { return nil }
            var ordinals: [Int] = []
            for part in text.dropFirst(5).split(separator: ",", omittingEmptySubsequences: false) {
                guard let ordinal = Int(part), ordinal >= 0, part == "\(ordinal)" else { return nil }
                ordinals.append(ordinal)
            }
            self = ordinals.count == 1 ? .cuda(ordinals[0]) : .several(ordinals)
        }
    }

    /// Starts using the GPUs that are meant: none for ``cpu``.
    ///
    /// - Parameter driver: NVIDIA's, found when it is needed.
    /// - Returns: a context for each, in the driver's order.
    /// - Throws: ``CUDAError/libraryNotFound(_:searched:)`` and the driver's other errors, ``CUDAError/noDevice``,
    ///   ``CUDAError/noSuchDevice(_:count:)``.
    public func contexts(
        driver: () throws(CUDAError) -> CUDADriver = { () throws(CUDAError) in try CUDADriver.find() }
    ) throws(CUDAError) -> [CUDAContext] {
        switch self {
        case .cpu: return []
        case .cuda(let ordinal): return [try CUDAContext(driver: driver(), device: ordinal)]
        case .several(let ordinals):
            let driver = try driver()
            var contexts: [CUDAContext] = []
            for ordinal in ordinals { contexts.append(try CUDAContext(driver: driver, device: ordinal)) }
            return contexts
        case .allCUDA:
            let driver = try driver()
            guard driver.deviceCount > 0 else { throw .noDevice }
            var contexts: [CUDAContext] = []
            for ordinal in 0..<driver.deviceCount { contexts.append(try CUDAContext(driver: driver, device: ordinal)) }
            return contexts
        }
    }
}

extension DeviceChoice: CustomStringConvertible {
    /// As it is written: "cuda:1".
    public var description: String {
        switch self {
        case .cpu: "cpu"
        case .cuda(let ordinal): "cuda:\(ordinal)"
        case .several(let ordinals): "cuda:" + ordinals.map(String.init).joined(separator: ",")
        case .allCUDA: "cuda:all"
        }
    }
}
