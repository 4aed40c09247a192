import Akin
import AkinVision
import ArgumentParser

/// `akin plan`: what an index would take.
struct Plan: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Says what an index takes, in bytes and hours, before it is built.",
        discussion: """
            Bytes follow from the layout. Hours are the work divided by rates that are measured here, in about two
            seconds, with random vectors or with those of --vectors, which also give count and dimension.

            Example:
              akin plan IVF262144_HNSW32,PQ16x4fs --count 1000000000 --dimension 96
              akin plan IVF4096,PQ64x4fs,RFlat --vectors base.fbin --memory 1GiB --json
            """)

    @Argument(help: "The kind of index, as in docs/index-specs.md.")
    var spec: String

    @Option(help: ArgumentHelp("Vectors in the index.", valueName: "n"))
    var count: Int?

    @Option(help: ArgumentHelp("Components of each vector.", valueName: "d"))
    var dimension: Int?

    @Option(help: "How nearness is measured: l2 (squared Euclidean distance), ip (inner product), cosine.")
    var metric = Metric.l2

    @Option(help: ArgumentHelp("Memory to build with, as in 500MiB or 4GiB.", valueName: "bytes"))
    var memory: ByteCount?

    @Option(help: "Iterations of k-means for the centroids.")
    var iterations = 10

    @Option(help: ArgumentHelp("Vectors to measure with; they give count and dimension.", valueName: "file"))
    var vectors: String?

    @Flag(name: .customLong("no-measure"), help: "Give bytes and no hours.")
    var skipsMeasuring = false

    @Option(help: ArgumentHelp("Seconds to measure for, about.", valueName: "seconds"))
    var seconds = 2.0

    @OptionGroup var parallel: ThreadOptions
    @OptionGroup var talk: OutputOptions

    func validate() throws {
        if vectors == nil, count == nil || dimension == nil {
            throw ValidationError("expected --count and --dimension, or --vectors")
        }
        if let count { try checkPositive(count, "--count") }
        if let dimension { try checkPositive(dimension, "--dimension") }
        try checkPositive(iterations, "--iterations")
        guard seconds > 0, seconds <= 3600 else {
            throw ValidationError("--seconds is \(seconds); it must be above 0 and at most 3600")
        }
        _ = try parsed(dimension: dimension)
    }

    private func parsed(dimension: Int?) throws -> IndexSpec {
        do throws(IndexSpecError) {
            return try IndexSpec(parsing: spec, dimension: dimension)
        } catch {
            throw ValidationError("\(error)")
        }
    }

    func run() throws {
        let session = Session(talk)
        let file = try vectors.map { try VectorFile(path: $0) }
        let dimension = dimension ?? file?.dimension ?? 0
        if let file, let vectors, file.dimension != dimension {
            throw CommandError(
                "\(vectors): \(IndexError.dimensionMismatch(expected: dimension, actual: file.dimension))")
        }
        let plan = try parsed(dimension: dimension).plan(
            count: count ?? file?.count ?? 0, dimension: dimension, metric: metric, memory: memory?.value,
            iterations: iterations)
        var rates: PlanRates?
        if !skipsMeasuring {
            let sample = try file.map { try $0.floats(0..<min($0.count, 1 << 16)) }
            rates = try PlanRates.measure(
                plan, sample: sample, folder: ".", threads: parallel.threads, seconds: seconds,
                monitor: session.monitor)
        }
        try session.result(plan.text(rates), json: plan.json(rates))
    }
}

extension IndexPlan {
    /// Several lines for people.
    fileprivate func text(_ rates: PlanRates?) -> String {
        var lines = ["\(spec): \(count.counted("vector")) of dimension \(dimension.grouped), \(metric.rawValue)"]
        for phase in Phase.allCases where byteCount(phase) > 0 {
            var note = ""
            switch phase {
            case .train: note = "peak, \(trainingCount.counted("sample vector"))"
            case .build: note = shards > 1 ? "peak, in \(shards.counted("shard"))" : "peak"
            case .search: note = "\(mappedSearchByteCount.asBytes) when the lists stay in the file"
            case .file: break
            }
            lines.append(row(phase.rawValue, byteCount(phase).asBytes, note))
            for part in parts[phase, default: []] { lines.append(row("  " + part.name, part.byteCount.asBytes, "")) }
        }
        if let rates {
            lines.append("hours, at rates measured here with \(rates.threads.counted("thread"))")
            for phase in Phase.allCases where tasks.contains(where: { $0.phase == phase }) {
                lines.append(row(phase.rawValue, Self.hours(seconds(phase, at: rates)), ""))
                for task in tasks where task.phase == phase {
                    let rate = rates.perSecond[task.operation] ?? 0
                    lines.append(
                        row(
                            "  " + task.operation.rawValue, seconds(task, at: rates).map(Self.hours) ?? "not known",
                            "\(Self.short(task.amount)) \(task.operation.unit) at \(Self.short(rate))/s"))
                }
            }
        }
        lines += assumptions.map { "assumed: \($0)" }
        return lines.joined(separator: "\n")
    }

    private func row(_ name: String, _ value: String, _ note: String) -> String {
        let first = name + String(repeating: " ", count: max(1, 40 - name.count))
        let second = String(repeating: " ", count: max(0, 12 - value.count)) + value
        return first + second + (note.isEmpty ? "" : "   " + note)
    }

    private static func hours(_ seconds: Double) -> String {
        let hours = seconds / 3600
        return hours >= 0.1 || hours == 0
            ? "\(hours.text(decimals: hours < 10 ? 2 : 1)) h" : "\(seconds.text(decimals: 1)) s"
    }

    /// 1234567 as "1.23 million".
    private static func short(_ value: Double) -> String {
        for (unit, size) in [("quadrillion", 1e15), ("trillion", 1e12), ("billion", 1e9), ("million", 1e6)]
        where value >= size {
            return "\((value / size).text(decimals: 2)) \(unit)"
        }
        return Int(value.rounded()).grouped
    }

    fileprivate func json(_ rates: PlanRates?) -> JSONValue {
        var bytes = Phase.allCases.map { JSONValue.Member(key: $0.rawValue, value: .int(byteCount($0))) }
        bytes.append(.init(key: "search_mapped", value: .int(mappedSearchByteCount)))
        let named = Phase.allCases.map { phase in
            JSONValue.Member(
                key: phase.rawValue,
                value: .object(parts[phase, default: []].map { .init(key: $0.name, value: .int($0.byteCount)) }))
        }
        var members: JSONValue.KeyValuePairs = [
            .init(key: "index", value: .string("\(spec)")), .init(key: "count", value: .int(count)),
            .init(key: "dimension", value: .int(dimension)), .init(key: "metric", value: .string(metric.rawValue)),
            .init(key: "memory", value: JSONValue(memory)), .init(key: "training_vectors", value: .int(trainingCount)),
            .init(key: "shards", value: .int(shards)), .init(key: "bytes", value: .object(bytes)),
            .init(key: "parts", value: .object(named)),
        ]
        if let rates {
            members.append(.init(key: "threads", value: .int(rates.threads)))
            let phases = Phase.allCases.filter { phase in tasks.contains { $0.phase == phase } }
            members.append(
                .init(
                    key: "hours",
                    value: .object(
                        phases.map { .init(key: $0.rawValue, value: .double(seconds($0, at: rates) / 3600)) })))
        }
        members.append(.init(key: "tasks", value: .array(tasks.map { json($0, rates) })))
        members.append(.init(key: "assumptions", value: .array(assumptions.map { .string($0) })))
        return .object(members)
    }

    private func json(_ task: Task, _ rates: PlanRates?) -> JSONValue {
        var members: JSONValue.KeyValuePairs = [
            .init(key: "phase", value: .string(task.phase.rawValue)),
            .init(key: "operation", value: .string(task.operation.rawValue)),
            .init(key: "amount", value: .double(task.amount)), .init(key: "unit", value: .string(task.operation.unit)),
        ]
        if let rates {
            members.append(
                .init(key: "per_second", value: rates.perSecond[task.operation].map { .double($0) } ?? .null))
            members.append(.init(key: "hours", value: seconds(task, at: rates).map { .double($0 / 3600) } ?? .null))
        }
        return .object(members)
    }
}
