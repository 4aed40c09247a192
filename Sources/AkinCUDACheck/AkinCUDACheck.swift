import Akin
import AkinCUDA
import AkinCUDACases
import ArgumentParser
import Foundation

/// The program `akin-cuda-check`: whether a GPU does what it should, and how fast.
@main
struct AkinCUDACheck: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "akin-cuda-check",
        abstract: "Runs what holds on every device on a GPU, and measures it.",
        discussion: """
            It needs NVIDIA's driver and NVRTC and nothing else: built with a static Swift runtime it can be carried to a machine \
            that has only those. Progress and failures go to standard error, measurements to standard output as a table.

            Example:
              akin-cuda-check
              akin-cuda-check --device cuda:1 --fill docs/gpu.md
              akin-cuda-check --scale 100M --fill docs/gpu.md
              akin-cuda-check --compile sm_80 --compile sm_90a --compile sm_100
            """)

    @Option(help: ArgumentHelp("The GPU: cuda, cuda:N.", valueName: "device"))
    var device = "cuda"

    @Option(
        help: ArgumentHelp(
            "Only compile all kernels for this architecture into the cache; needs no GPU. May be given repeatedly.",
            valueName: "sm_NN"))
    var compile: [String] = []

    @Option(name: .customLong("case"), help: "Run only cases whose name contains this.")
    var only: String?

    @Flag(help: "Leave out the measurements.")
    var skipMeasuring = false

    @Option(
        help: ArgumentHelp(
            "Only measure exact search of FOLDER/base.npy for FOLDER/query.npy, and write a line of JSON.",
            valueName: "folder"))
    var exact: String?

    @Option(name: .customShort("k"), help: "Neighbours per query of --exact.")
    var k = 10

    @Option(
        help: ArgumentHelp(
            "Only build and search vectors that the device makes: 100M or 1B. Takes about ten minutes.",
            valueName: "size"))
    var scale: String?

    @Option(help: ArgumentHelp("Seconds that --scale may take; what is left out then is said to be.", valueName: "s"))
    var limit = 540.0

    @Option(help: ArgumentHelp("Write the table between the marks of this Markdown file as well.", valueName: "file"))
    var fill: String?

    func validate() throws {
        guard k >= 1 else { throw ValidationError("-k is \(k); it must be 1 or more") }
        if let scale, !ScaleRun.all.contains(where: { $0.name == scale }) {
            throw ValidationError(
                "--scale is \(scale); expected \(ScaleRun.all.map(\.name).joined(separator: " or "))")
        }
        guard case .cuda = DeviceChoice(device) else {
            throw ValidationError("--device is \(device); expected cuda or cuda:N")
        }
    }

    func run() throws {
        guard compile.isEmpty else { return try compileAll() }
        guard let context = try DeviceChoice(device)?.contexts().first else { throw CUDAError.noDevice }
        if let exact { return try measureExact(exact, context) }
        let report = Report(context)
        say(report.heading)
        if let scale { return try measureScale(scale, context, report) }
        let kernels = KernelLibrary(context)
        for recipe in KernelRecipe.used(for: context.device.architecture) {
            say("\(recipe): \(try kernels.module(recipe.source, definitions: recipe.definitions).origin)")
        }
        let device = DeviceUnderTest(context: context, kernels: kernels)
        var failures = runCases(device)
        if !skipMeasuring, only == nil, !failures.isLost { failures.count += try measure(device, report) }
        if failures.count > 0 { throw ExitCode.failure }
    }

    /// Measures what can be measured; the table so far is kept after each, so that nothing is lost with a later one.
    private func measure(_ device: DeviceUnderTest, _ report: Report) throws -> Int {
        var rows: [DeviceMeasurement] = [], failures = 0
        for measure in DeviceMeasurement.all {
            do {
                let found = try measure(device, 2 << 30)
                for row in found { say("\(row.what): \(row.value) (\(row.beside))") }
                rows += found
            } catch {
                failures += 1
                say("FAILED: \(error)")
                if (error as? CUDAError)?.losesDevice == true { break }
            }
            if let fill { try Report.fill(report.table(rows), into: fill) }
        }
        print(report.table(rows))
        return failures
    }

    /// Compiles every kernel for some architectures.
    private func compileAll() throws {
        let compiler = try NVRTC.find()
        say("NVRTC \(compiler.version), \(compiler.path)")
        var failures = 0
        for architecture in compile {
            for recipe in KernelRecipe.used(for: architecture) {
                do {
                    let (code, origin) = try KernelCache.standard.cubin(for: recipe) { () throws(CUDAError) in compiler
                    }
                    say("\(recipe): \(code.count) bytes, \(origin)")
                } catch {
                    failures += 1
                    say("\(error)")
                }
            }
        }
        if failures > 0 { throw ExitCode.failure }
    }

    /// Measures exact search of vectors in files.
    private func measureExact(_ folder: String, _ context: CUDAContext) throws {
        let base = try VectorFile(path: folder + "/base.npy").floats()
        let queries = try VectorFile(path: folder + "/query.npy").floats()
        let device = DeviceUnderTest(context: context, kernels: KernelLibrary(context))
        let timing = try ExactTiming(device, FlatIndex(base), queries, k: k)
        print(
            """
            {"device": "\(context.device.name)", "count": \(base.rows), "dimension": \(base.columns), \
            "queries": \(queries.rows), "k": \(k), "seconds": \(timing.seconds), \
            "device_seconds": \(timing.deviceSeconds), "compared": \(timing.compared)}
            """)
    }

    /// Builds and searches vectors that the device makes.
    private func measureScale(_ name: String, _ context: CUDAContext, _ report: Report) throws {
        guard var run = ScaleRun.all.first(where: { $0.name == name }) else { return }
        run.limit = limit
        let device = DeviceUnderTest(context: context, kernels: KernelLibrary(context))
        let rows = try run.measure(device) { say("\($0.what): \($0.value) (\($0.beside))") }
        let table = report.table(rows)
        print(table)
        if let fill { try Report.fill(table, into: fill, section: name) }
    }

    /// Runs the cases and says which hold.
    ///
    /// - Returns: how many do not, and whether the device is lost with one of them.
    private func runCases(_ device: DeviceUnderTest) -> (count: Int, isLost: Bool) {
        let cases = CUDACase.all.filter { only.map($0.name.contains) ?? true }
        var passed = 0, isLost = false
        for one in cases {
            do {
                try one.body(device)
                try device.context.synchronize()
                passed += 1
                say("passed: \(one.name)")
            } catch {
                say("FAILED: \(one.name): \(error)")
                // Nothing more can be learned from a device whose state is lost.
                isLost = (error as? CUDAError)?.losesDevice == true
                if isLost { break }
            }
        }
        say("\(passed) of \(cases.count) cases passed")
        return (cases.isEmpty ? 1 : cases.count - passed, isLost)
    }

    private func say(_ line: String) { FileHandle.standardError.write(Data((line + "\n").utf8)) }
}

extension KernelCache.Origin: CustomStringConvertible {
    /// "compiled in 0.52 s", "from FILE".
    public var description: String {
        switch self {
        case .compiled(let seconds, let kept):
            "compiled in \(DeviceMeasurement.number(seconds)) s\(kept ? "" : ", not kept")"
        case .cached(let path): "from \(path)"
        }
    }
}
