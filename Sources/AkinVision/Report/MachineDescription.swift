internal import Foundation

/// The machine that figures were measured on.
public struct MachineDescription: Codable, Sendable, Equatable {
    /// The processor's own name.
    public var cpu: String
    /// Logical cores.
    public var cores: Int
    /// The instruction set that the kernels use, where the caller knows it: "avx512".
    public var simd: String?
    /// Bytes of memory.
    public var memory: UInt64
    /// The operating system and its version.
    public var system: String

    /// Describes a machine.
    public init(cpu: String, cores: Int, simd: String? = nil, memory: UInt64, system: String) {
        self.cpu = cpu
        self.cores = cores
        self.simd = simd
        self.memory = memory
        self.system = system
    }

    /// Describes the machine that the program runs on; what the system does not tell is called unknown.
    public static func current(simd: String? = nil) -> MachineDescription {
        let process = ProcessInfo.processInfo
        return MachineDescription(
            cpu: processorName() ?? "unknown processor", cores: process.activeProcessorCount, simd: simd,
            memory: process.physicalMemory, system: process.operatingSystemVersionString)
    }

    private static func processorName() -> String? {
        #if os(Linux)
            guard let text = try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8) else { return nil }
            for line in text.split(separator: "\n") {
                let parts = line.split(separator: ":", maxSplits: 1)
                if parts.count == 2, parts[0].trimmingCharacters(in: .whitespaces) == "model name" {
                    return parts[1].trimmingCharacters(in: .whitespaces)
                }
            }
            return nil
        #else
            var size = 0
            guard sysctlbyname("machdep.cpu.brand_string", nil, &size, nil, 0) == 0, size > 1 else { return nil }
            var bytes = [UInt8](repeating: 0, count: size)
            guard sysctlbyname("machdep.cpu.brand_string", &bytes, &size, nil, 0) == 0 else { return nil }
            return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        #endif
    }
}
