import Akin
import AkinCUDA
import AkinVision

/// What the machine offers to work on: lines for people, objects for programs.
struct DeviceList {
    /// A line of output.
    struct Entry {
        var name: String
        var text: String
        var json: [JSONValue.Member]
    }

    private(set) var entries: [Entry] = []

    /// Lists the processor and the GPUs, or what keeps GPUs from being used.
    ///
    /// - Parameters:
    ///   - choice: what to list alone; `nil` lists all.
    ///   - survey: what was found.
    /// - Throws: ``CUDAError``, when a GPU is asked for and cannot be used.
    init(_ choice: DeviceChoice?, survey: CUDASurvey) throws {
        if choice == nil || choice == .cpu { addProcessor() }
        if choice == .cpu { return }
        switch survey.driver {
        case .success(let driver):
            add(
                "driver", "\(driver.path), for CUDA \(driver.cudaVersionText)",
                [("path", .string(driver.path)), ("cuda", .string(driver.cudaVersionText))])
        case .failure(let error): try miss("driver", error, choice)
        }
        switch survey.compiler {
        case .success(let nvrtc):
            add(
                "nvrtc", "\(nvrtc.version), \(nvrtc.path)",
                [("version", .string(nvrtc.version)), ("path", .string(nvrtc.path))])
        case .failure(let error): try miss("nvrtc", error, nil)
        }
        add(
            "kernels", survey.cacheFolder ?? "not kept: there is no home folder",
            [("path", JSONValue(survey.cacheFolder))])
        switch survey.devices {
        case .success(let devices):
            let ordinals: [Int] =
                switch choice {
                case .cuda(let ordinal): [ordinal]
                case .several(let ordinals): ordinals
                default: Array(devices.indices)
                }
            for ordinal in ordinals {
                guard devices.indices.contains(ordinal) else {
                    throw CUDAError.noSuchDevice(ordinal, count: devices.count)
                }
                addDevice(devices[ordinal], survey)
            }
        case .failure(let error):
            // Without a driver, that was said above.
            if case .success = survey.driver { try miss("cuda", error, choice) }
        }
    }

    private mutating func add(_ name: String, _ text: String, _ json: [(String, JSONValue)]) {
        let members = [("device", .string(name))] + json
        entries.append(Entry(name: name, text: text, json: members.map { JSONValue.Member(key: $0.0, value: $0.1) }))
    }

    /// Something that is missing: an error where it was asked for, a line otherwise.
    private mutating func miss(_ name: String, _ error: CUDAError, _ choice: DeviceChoice?) throws {
        if choice != nil { throw error }
        add(name, "\(error)", [("error", .string("\(error)"))])
    }

    private mutating func addProcessor() {
        let machine = MachineDescription.current(simd: Kernels.best.name)
        let levels = Kernels.available.map(\.name)
        add(
            "cpu",
            """
            \(machine.cpu), \(availableCores().counted("thread")), kernels \(Kernels.best.name) (of \
            \(levels.joined(separator: ", "))), \(Int(clamping: machine.memory).asBytes)
            """,
            [
                ("name", .string(machine.cpu)), ("threads", .int(availableCores())),
                ("simd", .string(Kernels.best.name)),
                ("simd_available", .array(levels.map { .string($0) })), ("memory", .int(Int(clamping: machine.memory))),
            ])
    }

    private mutating func addDevice(_ device: CUDADevice, _ survey: CUDASurvey) {
        let (compiled, all) = survey.compiledKernels(for: device)
        let capability = "\(device.capability.major).\(device.capability.minor)"
        add(
            "cuda:\(device.ordinal)",
            """
            \(device.name), \(device.memory.asBytes), compute capability \(capability), \
            \(device.multiprocessors) multiprocessors, \(compiled) of \(all) kernel files compiled
            """,
            [
                ("name", .string(device.name)), ("memory", .int(device.memory)),
                ("compute_capability", .string(capability)), ("multiprocessors", .int(device.multiprocessors)),
                ("clock_khz", .int(device.clock)), ("l2_bytes", .int(device.l2Bytes)),
                ("shared_bytes_per_block", .int(device.sharedMemoryPerBlockOptIn)),
                ("architecture", .string(device.architecture)), ("kernels_compiled", .int(compiled)),
                ("kernels", .int(all)),
            ])
    }
}
