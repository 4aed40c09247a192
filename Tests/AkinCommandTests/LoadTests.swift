import Akin
import AkinVision
import Foundation
import Testing

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// What a service answered instead of a result.
private struct Refused: Error {
    var reply: String
}

/// A service that a test started, and asks.
private final class Service {
    let data: String
    private var running: Program.Running
    private(set) var address: String

    init(_ scratch: Scratch, _ options: [String] = []) throws {
        data = scratch.path("data")
        (running, address) = try Self.start(data, port: "0", options)
    }

    deinit { running.process.terminate() }

    private static func start(
        _ data: String, port: String, _ options: [String]
    ) throws -> (Program.Running, String) {
        let running = try Program.start(
            ["serve", "--data", data, "--port", port] + options, program: Program.path(of: "akin-server"))
        while running.process.isRunning {
            let said = running.standardErrorSoFar + running.standardOutputSoFar
            if let found = said.firstMatch(of: /http:\/\/127\.0\.0\.1:\d+/) { return (running, String(found.0)) }
            Thread.sleep(forTimeInterval: 0.02)
        }
        throw CocoaError(.executableLoad, userInfo: [NSLocalizedDescriptionKey: running.wait().standardError])
    }

    /// Ends it without a warning, and starts it again at the same address.
    func killAndRestart() throws {
        kill(running.process.processIdentifier, SIGKILL)
        _ = running.wait()
        let port = address.split(separator: ":").last.map(String.init) ?? ""
        (running, address) = try Self.start(data, port: port, [])
    }

    /// The `result` of a reply.
    func ask(_ method: String, _ path: String, _ body: String? = nil, key: String? = nil) throws -> Any {
        var request = URLRequest(url: try #require(URL(string: address + path)))
        request.httpMethod = method
        request.httpBody = body.map { Data($0.utf8) }
        request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        if let key { request.setValue(key, forHTTPHeaderField: "api-key") }
        let done = DispatchSemaphore(value: 0)
        nonisolated(unsafe) var answer: Data?
        URLSession.shared.dataTask(with: request) { data, _, _ in
            answer = data
            done.signal()
        }.resume()
        done.wait()
        let said = String(decoding: answer ?? Data(), as: UTF8.self)
        let reply = try JSONSerialization.jsonObject(with: answer ?? Data()) as? [String: Any]
        guard reply?["status"] as? String == "ok" else { throw Refused(reply: said) }
        return try #require(reply?["result"], "\(said)")
    }

    func count(_ collection: String, key: String? = nil) throws -> Int {
        let found = try ask("GET", "/v1/collections/\(collection)", key: key) as? [String: Any]
        return found?["points"] as? Int ?? -1
    }
}

@Suite("akin load", .serialized) struct LoadTests {
    /// What a load counted.
    private struct Counts: Equatable {
        var loaded, present, failed: Int

        init(_ loaded: Int, _ present: Int = 0, _ failed: Int = 0) {
            (self.loaded, self.present, self.failed) = (loaded, present, failed)
        }

        init(_ output: Program.Output) throws {
            let object = try #require(try output.objects.first, "\(output.standardError)")
            self.init(object["loaded"] as? Int ?? -1, object["present"] as? Int ?? -1, object["failed"] as? Int ?? -1)
        }
    }

    @Test("pictures come with path and label, and are loaded once")
    func pictures() throws {
        let scratch = try Scratch()
        let service = try Service(scratch)
        let folder = try Pictures.folder("photos", in: scratch)
        let arguments = ["load", folder, "--url", service.address, "-c", "photos", "--json"]
        #expect(try Counts(Program.succeed(arguments)) == Counts(12))
        #expect(try Counts(Program.succeed(arguments)) == Counts(0, 12))
        #expect(try Counts(Program.succeed(arguments + ["--replace"])) == Counts(12))
        #expect(try service.count("photos") == 12)
        let page = try service.ask("GET", "/v1/collections/photos/points?limit=50") as? [String: Any]
        let points = page?["points"] as? [[String: Any]] ?? []
        let paths = points.compactMap { ($0["payload"] as? [String: Any])?["path"] as? String }
        #expect(Set(paths) == Set(DemoImages.labels[0..<3].flatMap { label in (0..<4).map { "\(label)/\($0).png" } }))
        for point in points {
            let payload = point["payload"] as? [String: Any]
            #expect((payload?["path"] as? String)?.hasPrefix((payload?["label"] as? String ?? "?") + "/") == true)
            #expect(point["image"] as? Bool == true)
        }
        // One more picture, and only that is sent.
        try scratch.write("photos/\(DemoImages.labels[0])/new.png", Pictures.png(number: 77))
        #expect(try Counts(Program.succeed(arguments)) == Counts(1, 12))
    }

    @Test("a picture that cannot be read is named and skipped, or ends the load")
    func damage() throws {
        let scratch = try Scratch()
        let service = try Service(scratch)
        let folder = try Pictures.folder("photos", in: scratch)
        try scratch.write("photos/broken.png", Data("no picture".utf8))
        let output = try Program.succeed(["load", folder, "--url", service.address, "-c", "some", "--json"])
        #expect(try Counts(output) == Counts(12, 0, 1))
        #expect(output.standardError.contains("broken.png: "))
        let strict = try Program.run(["load", folder, "--url", service.address, "-c", "all", "--strict"])
        #expect(strict.status == 1)
        #expect(strict.standardError.contains("broken.png"))
    }

    @Test("vectors come with their payloads, and what is missing is sent again")
    func vectors() throws {
        let scratch = try Scratch()
        let service = try Service(scratch)
        let count = 5_000
        let vectors = Matrix<Float>((0..<count).map { row in (0..<4).map { Float(row * 4 + $0) / 8 } })
        let file = scratch.path("some.npy")
        try VectorFile.write(vectors, to: file)
        let payloads = (0..<count).map { #"{"row": \#($0), "half": \#($0 % 2)}"# }.joined(separator: "\n")
        try scratch.write("some.jsonl.payload", Data(payloads.utf8))
        let arguments = [
            "load", file, "--url", service.address, "-c", "some", "--metric", "l2", "--payload",
            scratch.path("some.jsonl.payload"), "--json",
        ]
        #expect(try Counts(Program.succeed(arguments)) == Counts(count))
        let found = try service.ask(
            "POST", "/collections/some/points", #"{"ids":[4321],"with_vector":true,"with_payload":true}"#)
        let point = try #require((found as? [[String: Any]])?.first)
        #expect(point["vector"] as? [Double] == vectors[4321].map(Double.init))
        #expect((point["payload"] as? [String: Any])?["row"] as? Int == 4321)

        let odd = #"{"filter":{"must":[{"key":"half","match":{"value":1}}]}}"#
        _ = try service.ask("POST", "/collections/some/points/delete?wait=true", odd)
        #expect(try service.count("some") == count / 2)
        #expect(try Counts(Program.succeed(arguments)) == Counts(count / 2, count / 2))
        #expect(try service.count("some") == count)

        let other = try Program.run(arguments.map { $0 == "l2" ? "cosine" : $0 })
        #expect(other.status == 1)
        #expect(other.standardError.contains("metric"))
    }

    @Test("a service that is killed and started again meanwhile gets everything")
    func killed() throws {
        let scratch = try Scratch()
        let service = try Service(scratch)
        let count = 30_000
        let vectors = Matrix<Float>((0..<count).map { row in (0..<64).map { Float((row * 31 + $0 * 7) % 101) } })
        let file = scratch.path("many.npy")
        try VectorFile.write(vectors, to: file)
        let load = try Program.start(
            ["load", file, "--url", service.address, "-c", "many", "--requests", "2", "--json"])
        for _ in 0..<2 {
            let before = (try? service.count("many")) ?? 0
            while load.process.isRunning, ((try? service.count("many")) ?? 0) < before + 2_000 {
                Thread.sleep(forTimeInterval: 0.01)
            }
            try service.killAndRestart()
        }
        let output = load.wait()
        #expect(output.status == 0, "\(output.standardError)")
        #expect(try service.count("many") == count)
    }

    @Test("a key is asked for, and taken from the environment")
    func keys() throws {
        let scratch = try Scratch()
        try scratch.write("keys", Data("secret\n".utf8))
        let service = try Service(scratch, ["--key-file", scratch.path("keys")])
        let folder = try Pictures.folder("photos", classes: 1, perClass: 2, in: scratch)
        let arguments = ["load", folder, "--url", service.address, "-c", "photos", "--json"]
        let refused = try Program.run(arguments)
        #expect(refused.status == 1)
        #expect(refused.standardError.contains("--api-key"))
        #expect(try Program.run(arguments + ["--api-key", "wrong"]).status == 1)
        let output = try Program.succeed(arguments, environment: ["AKIN_API_KEY": "secret"])
        #expect(try Counts(output) == Counts(2))
        #expect(try service.count("photos", key: "secret") == 2)
    }

    @Test("pictures do not go among vectors from elsewhere")
    func spaces() throws {
        let scratch = try Scratch()
        let service = try Service(scratch)
        _ = try service.ask("PUT", "/v1/collections/other", #"{"dimension": 8}"#)
        let folder = try Pictures.folder("photos", classes: 1, perClass: 1, in: scratch)
        let output = try Program.run(["load", folder, "--url", service.address, "-c", "other"])
        #expect(output.status == 1)
        #expect(output.standardError.contains("other"))
        #expect(try service.count("other") == 0)
    }

    @Test("where there is no service the load says so")
    func nobody() throws {
        let scratch = try Scratch()
        let folder = try Pictures.folder("photos", classes: 1, perClass: 1, in: scratch)
        // Port 9 is discard, which nobody runs.
        let output = try Program.run(["load", folder, "--url", "http://127.0.0.1:9", "-c", "x"])
        #expect(output.status == 1)
        #expect(output.standardError.contains("is the service running there?"))
    }

    @Test("the demonstration's pictures are there at once, and an index file is read, not written")
    func demoAndIndex() throws {
        let scratch = try Scratch()
        let vectors = Matrix<Float>((0..<50).map { row in [Float(row), 1] })
        try VectorFile.write(vectors, to: scratch.path("line.npy"))
        try FlatIndex(vectors, metric: .l2).save(to: scratch.path("line.akin"))
        let service = try Service(scratch, ["--demo", "--index", scratch.path("line.akin")])
        #expect(try service.count("demo") == DemoImages.labels.count * 60)
        let answer = try service.ask(
            "POST", "/collections/line/points/search", #"{"vector":[7.2,1],"limit":3,"with_payload":false}"#)
        #expect((answer as? [[String: Any]])?.map { $0["id"] as? Int } == [7, 8, 6])
        let refused = #expect(throws: Refused.self) {
            _ = try service.ask("POST", "/collections/line/points/delete", #"{"points":[1]}"#)
        }
        #expect(refused?.reply.contains("read_only_collection") == true)
        #expect(try service.count("line") == 50)
    }
}
