import AkinCUDA
import Testing

@Suite("Choosing devices")
struct DeviceChoiceTests {
    @Test(
        "names are read and written",
        arguments: [
            ("cpu", DeviceChoice.cpu), ("cuda:0", .cuda(0)), ("cuda:17", .cuda(17)), ("cuda:all", .allCUDA),
            ("cuda:0,1", .several([0, 1])), ("cuda:2,2,0", .several([2, 2, 0])),
        ])
    func names(_ text: String, _ choice: DeviceChoice) {
        #expect(DeviceChoice(text) == choice)
        #expect(choice.description == text)
        #expect(DeviceChoice("cuda") == .cuda(0))
    }

    @Test(
        "other names are not",
        arguments: [
            "", "CPU", "gpu", "cuda:", "cuda:-1", "cuda:+1", "cuda:01", "cuda:0,", "cuda:,1", "cuda:0,01", "cuda:0,all",
            "cuda:0 ",
        ])
    func wrong(_ text: String) { #expect(DeviceChoice(text) == nil) }

    @Test("the processor needs no driver; a GPU that is not there is an error")
    func contexts() throws {
        #expect(try DeviceChoice.cpu.contexts { () throws(CUDAError) in throw .noDevice }.isEmpty)
        #expect(throws: CUDAError.libraryNotFound(.driver, searched: ["here"])) {
            try DeviceChoice.cuda(0).contexts { () throws(CUDAError) in
                throw .libraryNotFound(.driver, searched: ["here"])
            }
        }
        let driver = try FakeDevice.driver()
        let ordinal = FakeDevice(capability: (8, 6)).ordinal
        let one = try DeviceChoice.cuda(ordinal).contexts { () throws(CUDAError) in driver }
        #expect(one.map(\.device.ordinal) == [ordinal])
        #expect(one.first?.device.architecture == "sm_86")
        let twice = try DeviceChoice.several([ordinal, ordinal]).contexts { () throws(CUDAError) in driver }
        #expect(twice.map(\.device.ordinal) == [ordinal, ordinal])
        #expect(throws: CUDAError.noSuchDevice(driver.deviceCount, count: driver.deviceCount)) {
            try DeviceChoice.cuda(driver.deviceCount).contexts { () throws(CUDAError) in driver }
        }
    }

    @Test("Hopper is compiled for with what only it has, others plainly")
    func architecture() throws {
        for (capability, expected) in [((8, 0), "sm_80"), ((9, 0), "sm_90a"), ((10, 0), "sm_100"), ((12, 1), "sm_121")]
        {
            let device = FakeDevice(capability: capability)
            #expect(try FakeDevice.driver().device(device.ordinal).architecture == expected)
        }
    }

    @Test("what a device says of itself is read")
    func attributes() throws {
        let device = try FakeDevice.driver().device(FakeDevice(memory: 123 << 20).ordinal)
        #expect(device.name == "a device made of host memory")
        #expect(device.memory == 123 << 20)
        #expect(device.multiprocessors == 4 && device.maxThreadsPerBlock == 1024)
        #expect(device.sharedMemoryPerBlock == 48 << 10 && device.sharedMemoryPerBlockOptIn == 227 << 10)
        // 500 MHz, two transfers a cycle, 64 bytes each.
        #expect(device.memoryBandwidth == 64e9)
        #expect(try FakeDevice.driver().cudaVersionText == "13.0")
    }
}
