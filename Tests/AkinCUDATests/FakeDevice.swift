import AkinCUDA
import AkinCUDACases
import AkinHostModel
import CAkinFakeCUDA
import Synchronization

/// A device made of host memory, for one test alone.
struct FakeDevice {
    let ordinal: Int
    private static let taken = Atomic(0)

    /// Takes the next device.
    ///
    /// - Parameters:
    ///   - memory: bytes.
    ///   - seed: 0 does work as late as may be, others at random moments.
    ///   - capability: of the device that it stands for.
    init(memory: Int = 1 << 30, seed: UInt64 = 0, capability: (Int, Int) = (9, 0)) {
        ordinal = Self.taken.add(1, ordering: .relaxed).oldValue
        precondition(ordinal < Int(AKIN_FAKE_DEVICES), "the tests use more devices than there are")
        akin_host_register_kernels(akin_fake_register)
        akin_fake_set_up(
            Int32(ordinal),
            akin_fake_settings(
                memory: memory, seed: seed, capability_major: Int32(capability.0),
                capability_minor: Int32(capability.1)))
    }

    /// The driver that all of them have.
    static func driver() throws -> CUDADriver { try CUDADriver(calls: akin_fake_driver(), path: "host memory") }

    /// Starts using it.
    func context() throws -> CUDAContext { try CUDAContext(driver: Self.driver(), device: ordinal) }

    /// Kernels that are host functions; sources must exist, but nothing is compiled.
    static func kernels(_ context: CUDAContext) -> KernelLibrary {
        KernelLibrary(context) { (recipe) throws(CUDAError) in
            (Array(try recipe.texts().source.text.utf8), .compiled(seconds: 0, kept: false))
        }
    }

    /// What is alive on it, and what was done.
    var counts: akin_fake_counts { akin_fake_count(Int32(ordinal)) }

    /// Lets a call fail.
    func fail(_ call: String, code: Int, after: Int = 0, forGood: Bool = false) {
        akin_fake_fail(Int32(ordinal), call, Int32(code), Int32(after), forGood ? 1 : 0)
    }

    /// Whether everything that was taken is given back.
    var isClean: Bool {
        let c = counts
        return c.bytes == 0 && c.allocations == 0 && c.pinned == 0 && c.streams == 0 && c.events == 0 && c.modules == 0
            && c.contexts == 0
    }
}
