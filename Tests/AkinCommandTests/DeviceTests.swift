import Foundation
import Testing

/// A machine without CUDA, whatever this one has: the variables name files that are not there.
private let without = ["AKIN_CUDA": "/nowhere/libcuda.so.1", "AKIN_NVRTC": "/nowhere/libnvrtc.so"]

@Suite("Devices on the command line")
struct DeviceTests {
    @Test("info lists the processor and says what is missing for GPUs")
    func listsDevices() throws {
        let text = try Program.succeed(["info", "--devices"], environment: without).standardOutput
        for part in [
            "cpu:", "scalar", "driver:", "/nowhere/libcuda.so.1", "nvrtc:", "/nowhere/libnvrtc.so", "kernels:",
        ] {
            #expect(text.contains(part), "\(text)")
        }
        let objects = try Program.succeed(["info", "--devices", "--json"], environment: without).objects
        #expect(objects.map { $0["device"] as? String } == ["cpu", "driver", "nvrtc", "kernels"])
        #expect((objects[0]["simd_available"] as? [String])?.contains("scalar") == true)
        #expect((objects[0]["memory"] as? Int).map { $0 > 1 << 20 } == true)
        #expect((objects[1]["error"] as? String)?.contains("/nowhere/libcuda.so.1") == true)
    }

    @Test("a GPU that is asked for and cannot be used is an error that says what was looked for")
    func gpuAskedFor() throws {
        for device in ["cuda", "cuda:0", "cuda:3", "cuda:0,1", "cuda:all"] {
            let output = try Program.run(["info", "--devices", "--device", device], environment: without)
            #expect(output.status == 1)
            #expect(output.standardError.contains("/nowhere/libcuda.so.1"), "\(output.standardError)")
        }
        let cpu = try Program.succeed(["info", "--devices", "--device", "cpu", "--json"], environment: without)
        #expect(try cpu.objects.count == 1)
    }

    @Test(
        "a device that cannot be is refused with those that can",
        arguments: ["gpu", "cuda:", "cuda:-1", "cuda:x", "cuda:01", "cuda:1,", "CUDA"])
    func wrongDevice(_ device: String) throws {
        let output = try Program.run(["info", "--devices", "--device", device], environment: without)
        #expect(output.status == 2)
        for part in ["--device", "cpu", "cuda:all"] {
            #expect(output.standardError.contains(part), "\(output.standardError)")
        }
    }

    @Test("info takes a file or --devices, one of them")
    func fileOrDevices() throws {
        #expect(try Program.run(["info"]).standardError.contains("--devices"))
        #expect(try Program.run(["info", "a.npy", "--devices"]).status == 2)
        #expect(try Program.run(["info", "a.npy", "--device", "cpu"]).status == 2)
    }

    @Test("the cache of kernels is where the variable says")
    func cacheFolder() throws {
        let environment = without.merging(["AKIN_CACHE": "/somewhere/else"]) { $1 }
        let text = try Program.succeed(["info", "--devices"], environment: environment).standardOutput
        #expect(text.contains("/somewhere/else/kernels"))
    }

    @Test("clustering and building on a GPU say what is missing, and what is for the processor")
    func builds() throws {
        let scratch = try Scratch()
        _ = try Vectors.index(in: scratch)
        let (vectors, out) = (scratch.path("queries.npy"), scratch.path("out"))
        let cluster = ["cluster", vectors, "--centroids", "2", "-o", out + ".npy"]
        let build = ["build", vectors, "--index", "IVF2,Flat", "-o", out + ".akin"]
        for command in [cluster, build, build + ["--memory", "64MiB"]] {
            let output = try Program.run(command + ["--device", "cuda"], environment: without)
            #expect(output.status == 1)
            #expect(output.standardError.contains("/nowhere/libcuda.so.1"), "\(output.standardError)")
            let all = try Program.run(command + ["--device", "cuda:all"], environment: without)
            #expect(all.status == 1 && all.standardError.contains("cuda:N"), "\(all.standardError)")
            _ = try Program.succeed(command + ["--device", "cpu"], environment: without)
        }
        let balanced = try Program.run(cluster + ["--balance", "1.2", "--device", "cuda"], environment: without)
        #expect(balanced.status == 2 && balanced.standardError.contains("--balance"))
        for spec in ["Flat", "HNSW8", "auto"] {
            let output = try Program.run(
                ["build", vectors, "--index", spec, "-o", out, "--device", "cuda"], environment: without)
            #expect(output.status == 2 && output.standardError.contains(spec), "\(output.standardError)")
        }
    }

    @Test("a search on a GPU says what is missing, and which indexes it takes")
    func searches() throws {
        let scratch = try Scratch()
        _ = try Vectors.index(in: scratch)
        let (index, queries) = (scratch.path("flat.akin"), scratch.path("queries.npy"))
        let truth = [queries, queries, "-k", "1", "-o", scratch.path("truth.ivecs")]
        let lists = scratch.path("lists.akin")
        _ = try Program.succeed(["build", queries, "--index", "IVF2,Flat", "-o", lists])
        let graph = ["graph", queries, "-k", "2", "-o", scratch.path("graph.ivecs")]
        for command in [
            ["search", index, queries], ["eval", index, queries], ["truth"] + truth, ["search", lists, queries],
            graph, graph + ["--recall", "0.9"],
        ] {
            for device in ["cuda", "cuda:0,1", "cuda:all"] {
                let output = try Program.run(command + ["--device", device], environment: without)
                #expect(output.status == 1)
                #expect(output.standardError.contains("/nowhere/libcuda.so.1"), "\(output.standardError)")
            }
            let cpu = try Program.succeed(command + ["--device", "cpu"], environment: without).standardOutput
            #expect(!cpu.isEmpty)
        }
        for command in [["eval", index, queries], graph, ["truth"] + truth] {
            let object = try Program.succeed(command + ["--device", "cpu", "--json"], environment: without).objects[0]
            #expect(object["device"] as? String == "cpu")
        }
        let bytes = scratch.path("bytes.akin")
        _ = try Program.succeed(["build", queries, "--index", "IVF2,SQ8", "-o", bytes])
        let output = try Program.run(["search", bytes, queries, "--device", "cuda"], environment: without)
        #expect(output.status == 1)
        for part in [bytes, "IVF2,SQ8", "GPU", "Flat", "PQ"] { #expect(output.standardError.contains(part)) }
        let memory = try Program.run(graph + ["--memory", "64MiB", "--device", "cuda"], environment: without)
        #expect(memory.status == 2 && memory.standardError.contains("--memory"))
    }
}
