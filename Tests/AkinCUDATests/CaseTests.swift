import AkinCUDA
import AkinCUDACases
import Testing

@Suite("What holds on every device")
struct CaseTests {
    @Test("of selection and search, on a device made of host memory", arguments: CUDACase.work, [0, 1] as [UInt64])
    func works(_ one: CUDACase, seed: UInt64) throws { try holds(one, seed: seed) }

    @Test("on a device made of host memory", arguments: CUDACase.layer, [0, 1, 2, 3] as [UInt64])
    func holds(_ one: CUDACase, seed: UInt64) throws {
        let device = FakeDevice(seed: seed)
        do {
            let context = try device.context()
            try one.body(DeviceUnderTest(context: context, kernels: FakeDevice.kernels(context)))
        }
        #expect(device.isClean, "\(device.counts)")
    }
}
