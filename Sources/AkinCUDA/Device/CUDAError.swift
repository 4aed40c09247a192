/// What kept work from being done on a GPU.
public enum CUDAError: Error, Equatable, Sendable {
    /// NVIDIA's driver or NVRTC is in none of the places where it may be.
    case libraryNotFound(CUDALibrary, searched: [String])
    /// A file that should be the driver or NVRTC cannot be used as such.
    case libraryUnusable(CUDALibrary, path: String, reason: String)
    /// The driver or NVRTC lacks a call that is needed.
    case libraryTooOld(CUDALibrary, path: String, missing: String)
    /// The driver is there, but the machine has no device that it can use.
    case noDevice
    /// A device that the machine does not have.
    case noSuchDevice(Int, count: Int)
    /// The driver refused a call; `code`, `name` and `text` are its own.
    case driver(call: String, code: Int, name: String, text: String, device: Int?)
    /// The device has no room for another allocation.
    case outOfMemory(device: Int, requested: Int, free: Int, total: Int)
    /// A pool of memory may not grow further.
    case overBudget(requested: Int, inUse: Int, budget: Int)
    /// NVRTC refused a kernel; `log` is what it said.
    case compilation(kernel: String, architecture: String, log: String)
    /// NVRTC failed otherwise.
    case compiler(call: String, code: Int, text: String)
    /// NVRTC knows no such architecture.
    case unsupportedArchitecture(String, version: String, supported: [String])
    /// The program carries no kernel source of that name.
    case noSuchSource(String, carried: [String])
    /// A launch that no device can do, or this one cannot.
    case badLaunch(kernel: String, reason: String)
    /// A copy that leaves its buffer.
    case outOfBounds(what: String, range: Range<Int>, count: Int)
    /// A parameter lies outside its range.
    case outOfRange(name: String, value: Int, allowed: ClosedRange<Int>)
}

/// A library of NVIDIA's that is opened at run time.
public enum CUDALibrary: String, Sendable {
    /// libcuda, which comes with the display driver.
    case driver = "NVIDIA's driver"
    /// libnvrtc, which comes with the CUDA toolkit or from PyPI.
    case compiler = "NVRTC"

    /// The variable that names its file.
    public var variable: String {
        switch self {
        case .driver: "AKIN_CUDA"
        case .compiler: "AKIN_NVRTC"
        }
    }

    /// How to get it.
    var remedy: String {
        switch self {
        case .driver:
            "install NVIDIA's driver (version 450 or newer; in a container, start it with the GPU passed through), "
                + "or set AKIN_CUDA to the path of libcuda.so.1"
        case .compiler:
            "install it with `pip install nvidia-cuda-nvrtc` in a .venv here or with the CUDA toolkit (cuda-nvrtc), "
                + "or set AKIN_NVRTC to the path of libnvrtc.so"
        }
    }
}

extension CUDAError: CustomStringConvertible {
    /// A sentence or two: what was tried, what came, what to do.
    public var description: String {
        switch self {
        case .libraryNotFound(let library, let searched):
            "\(library.rawValue) was not found; looked for: \(searched.joined(separator: ", ")); \(library.remedy)"
        case .libraryUnusable(let library, let path, let reason):
            "\(path) cannot be used as \(library.rawValue): \(reason)"
        case .libraryTooOld(let library, let path, let missing):
            "\(path) is too old: it has no \(missing); update \(library.rawValue)"
        case .noDevice:
            "NVIDIA's driver finds no GPU; check `nvidia-smi`, CUDA_VISIBLE_DEVICES, and that a container has the GPU "
                + "passed through"
        case .noSuchDevice(let ordinal, let count):
            "there is no device cuda:\(ordinal); this machine has "
                + (count == 1 ? "one, cuda:0" : "\(count), cuda:0 to cuda:\(count - 1)")
        case .driver(let call, let code, let name, let text, let device):
            (device.map { "cuda:\($0): " } ?? "") + "\(call) gave \(name) (\(code)): \(text)"
                + (Self.advice(code: code).map { "; \($0)" } ?? "")
        case .outOfMemory(let device, let requested, let free, let total):
            "cuda:\(device) is out of memory: \(requested) bytes wanted, \(free) of \(total) free; "
                + "give it less at a time, use smaller codes, or end what else runs there"
        case .overBudget(let requested, let inUse, let budget):
            "\(requested) bytes of device memory wanted with \(inUse) in use; the budget is \(budget): raise it, "
                + "or give the device less at a time"
        case .compilation(let kernel, let architecture, let log):
            "\(kernel) does not compile for \(architecture): \(Self.firstLines(of: log))"
        case .compiler(let call, let code, let text): "\(call) failed (\(code)): \(text)"
        case .unsupportedArchitecture(let architecture, let version, let supported):
            "NVRTC \(version) cannot compile for \(architecture), only for \(supported.joined(separator: ", ")); "
                + "a newer device needs a newer NVRTC, an older one an older"
        case .noSuchSource(let name, let carried):
            carried.isEmpty
                ? "this program carries no kernels: its C compiler knew no #embed; build it with Swift 6.3 or newer"
                : "there is no kernel source \(name); expected one of \(carried.joined(separator: ", "))"
        case .badLaunch(let kernel, let reason): "\(kernel) cannot be launched: \(reason)"
        case .outOfBounds(let what, let range, let count):
            "\(what): elements \(range.lowerBound)..<\(range.upperBound) of a buffer of \(count)"
        case .outOfRange(let name, let value, let allowed):
            "\(name) is \(value); it must be in \(allowed.lowerBound)...\(allowed.upperBound)"
        }
    }

    /// What to do about some of the driver's codes.
    private static func advice(code: Int) -> String? {
        switch code {
        case 3, 4: "the program is ending or was forked after the driver was started"
        case 34: "this libcuda is the toolkit's stub; set AKIN_CUDA to the driver's own"
        case 803: "driver and libcuda differ in version; restart the machine after an update of the driver"
        case 46, 100: "check `nvidia-smi` and CUDA_VISIBLE_DEVICES"
        case 200, 209, 218:
            "the compiled kernel does not fit this device; remove the kernel cache, or update the driver"
        case 214: "the device's memory is damaged; see `nvidia-smi -q -d ECC`"
        case 701: "the kernel needs more registers or shared memory than the device has"
        case 700, 710, 715, 716, 717, 718, 719:
            "a kernel went wrong and the device's state is lost; start again, and report it with the output of "
                + "`compute-sanitizer`"
        case 802: "the system is not ready; is NVIDIA's fabric manager running?"
        case 999: "the device may have fallen off the bus; see `nvidia-smi` and the system's log"
        default: nil
        }
    }

    /// The first few lines of a compiler's log that say something.
    private static func firstLines(of log: String) -> String {
        let lines = log.split(separator: "\n").map { $0.trimmingSpaces }.filter { !$0.isEmpty }
        return lines.prefix(6).joined(separator: " | ") + (lines.count > 6 ? " | …" : "")
    }

    /// Whether what the context holds is lost: every later call on the device will fail, until the process is started again.
    public var losesDevice: Bool {
        guard case .driver(_, let code, _, _, _) = self else { return false }
        return [214, 700, 702, 710, 714, 715, 716, 717, 718, 719, 999].contains(code)
    }
}

extension Substring {
    fileprivate var trimmingSpaces: Substring {
        var text = self
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }
}
