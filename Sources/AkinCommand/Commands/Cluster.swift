import Akin
public import ArgumentParser

/// `akin cluster`: vectors to centroids.
struct Cluster: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Finds centroids: k-means clustering.",
        discussion: """
            Writes one centroid per row. The same seed gives the same centroids, on any number of threads. At most 256 vectors \
            per centroid are used, drawn at random; --all-points uses all. --memory takes a file larger than memory in batches. \
            --device cuda works on a GPU, with the same centroids. `akin cluster status` and the like are about a cluster of \
            workers, and belong to the program akin-server; a file of such a name is ./status.

            Example:
              akin cluster vectors.npy --centroids 4096 -o centroids.npy
              akin cluster vectors.npy --centroids 100 --start plusplus --restarts 5 --assignments groups.ivecs -o c.npy
              akin cluster huge.fbin --centroids 65536 --all-points --memory 2GiB -o centroids.npy
            """)

    @Argument(help: "The vectors: .npy, .fvecs, .bvecs, .ivecs, .fbin, .u8bin or .i8bin.")
    var vectors: String

    @Option(name: .shortAndLong, help: ArgumentHelp("How many centroids.", valueName: "k"))
    var centroids: Int

    @Option(help: "How often centroids are moved, at most.")
    var iterations = 10

    @Option(help: "The first centroids: random vectors, or vectors far from each other (plusplus).")
    var start = KMeansOptions.Start.random

    @Option(help: "Trainings from different starts; the best one counts.")
    var restarts = 1

    @Option(help: "Stop when an iteration gains no more than this share.")
    var tolerance = 0.0

    @Flag(help: "Centroids of length 1, compared by inner product.")
    var spherical = false

    @Option(help: "Bound the largest cluster to this multiple of the mean one: 1.2 (default: no bound).")
    var balance: Double?

    @Option(help: "Vectors per centroid to train with, at most.")
    var pointsPerCentroid = 256

    @Flag(help: "Train with all vectors.")
    var allPoints = false

    @Option(help: "The result depends on it and on nothing else.")
    var seed: UInt64 = 1234

    @Option(help: ArgumentHelp("Memory to stay within: 500MiB, 2GiB (default: no limit).", valueName: "size"))
    var memory: ByteCount?

    @Option(help: "How often all vectors pass through when they do not fit into --memory.")
    var passes = 1

    @Option(help: "What computes: automatic, float32. For measurements; the result is the same.")
    var arithmetic = SearchOptions.Arithmetic.automatic

    @Option(help: ArgumentHelp("Write the centroid of each vector: .ivecs or .npy.", valueName: "file"))
    var assignments: String?

    @Option(name: .shortAndLong, help: "The file to write: .npy, .fvecs or .fbin.")
    var output: String

    @OptionGroup var parallel: ThreadOptions
    @OptionGroup var device: DeviceOptions
    @OptionGroup var talk: OutputOptions

    func validate() throws {
        try checkPositive(centroids, "--centroids")
        try checkPositive(restarts, "--restarts")
        try checkPositive(passes, "--passes")
        try checkPositive(pointsPerCentroid, "--points-per-centroid")
        guard iterations >= 0 else { throw ValidationError("--iterations is \(iterations); it must be 0 or more") }
        guard tolerance >= 0, tolerance < 1 else {
            throw ValidationError("--tolerance is \(tolerance); it must be at least 0 and below 1")
        }
        if let balance, !(balance >= 1 && balance <= 1000) {
            throw ValidationError("--balance is \(balance); it must be in 1...1000")
        }
        if balance != nil, let device = device.device, device != .cpu {
            throw ValidationError("--balance is for the processor; expected --device cpu, got \(device)")
        }
    }

    func run() throws {
        let session = Session(talk)
        let file = try VectorFile(path: vectors)
        guard file.count > 0 else {
            throw CommandError("\(vectors): expected at least one vector, the file holds none")
        }
        let device = try device.chosen.clustering()
        let options = KMeansOptions(
            iterations: iterations, seed: seed, start: start, restarts: restarts, tolerance: tolerance,
            isSpherical: spherical, balance: balance, maxPointsPerCentroid: allPoints ? nil : pointsPerCentroid,
            passes: passes, threads: parallel.threads, arithmetic: arithmetic, device: device)
        let (found, seconds) = try timed {
            try naming(vectors) {
                try KMeans.train(
                    file, centroids: centroids, options: options, memory: memory?.value, monitor: session.monitor)
            }
        }
        try VectorFile.write(found.centroids, to: output)
        if let assignments {
            let writer = try VectorWriter(path: assignments, dimension: 1, elementType: .int32)
            try naming(vectors) {
                try KMeans.assign(
                    file, to: found, isSpherical: spherical, threads: parallel.count, device: device,
                    monitor: session.monitor
                ) { numbers in
                    try writer.append(
                        Matrix<Int32>(rows: numbers.count, columns: 1) { elements in
                            for (i, number) in numbers.enumerated() { elements[i] = Int32(number) }
                        })
                }
            }
            try writer.finish()
        }
        try session.result(
            """
            \(output): \(centroids.counted("centroid")) of \(found.trained.counted("vector")) of dimension \
            \(file.dimension), \(found.iterations.counted("iteration")), objective \(found.objective), \
            \(seconds.text(decimals: 3)) s
            """,
            json: [
                "output": .string(output), "count": .int(file.count), "trained": .int(found.trained),
                "dimension": .int(file.dimension), "centroids": .int(centroids), "threads": .int(parallel.count),
                "device": .string(self.device.chosen.name),
                "seconds": .seconds(seconds), "iterations": .int(found.iterations),
                "objective": .double(found.objective), "imbalance": .double(found.imbalance.rounded(decimals: 4)),
                "history": .array(found.history.map { JSONValue.double($0) }),
            ])
    }
}

extension KMeansOptions.Start: ExpressibleByArgument {}
extension SearchOptions.Arithmetic: ExpressibleByArgument {}
