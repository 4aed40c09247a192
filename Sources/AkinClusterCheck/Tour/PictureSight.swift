import AkinStore
import AkinVision
import Foundation

/// Pictures through embedding workers, beside one process that was given the same.
struct PictureSight {
    var site: Site
    private let pictures = DemoImages(side: 64, trainPerClass: 4, validationPerClass: 1)

    func run() async throws {
        try site.startNATS()
        _ = try site.startWorker("a")
        let first = try site.startEmbedder("embedder-0"), second = try site.startEmbedder("embedder-1")
        let (_, router) = try site.startRouter("router", ["--embedders", "--shards", "2", "--replicas", "1"])
        let (_, single) = try site.startServer()
        var last = ""
        try await wait(30, for: { "a collection of pictures: \(last)" }) {
            last = ""
            for url in [router, single] {
                let answer = try? await site.ask("PUT", url, "/v1/collections/p", Data("{}".utf8))
                if let answer, ![200, 201, 409].contains(answer.status) { last += answer.body.text }
                guard let answer, [200, 201, 409].contains(answer.status) else { return false }
            }
            return true
        }
        for label in DemoImages.labels.indices {
            for number in 0..<4 {
                let file = Data(try pictures.image(class: label, number: number, part: .train).png())
                for url in [router, single] {
                    try await site.get(
                        "PUT", url, "/v1/collections/p/images/\(label * 100 + number)", file, type: "image/png")
                }
            }
        }
        let files = try DemoImages.labels.indices.map {
            Data(try pictures.image(class: $0, number: 0, part: .validation).jpeg())
        }
        let expected = try await answers(to: files, at: single)
        guard expected.allSatisfy({ $0.count == 5 }) else { throw CheckFailure("one process finds \(expected)") }
        try await compare(files, router, expected)

        async let meanwhile: Void = {
            for _ in 0..<10 { try await compare(files, router, expected) }
        }()
        try await Task.sleep(for: .milliseconds(200))
        first.signal(SIGKILL)
        try await meanwhile

        second.signal(SIGKILL)
        try await Task.sleep(for: .milliseconds(300))
        let refused = try await search(files[0], at: router)
        guard refused.status == 503 else {
            throw CheckFailure("without embedders: expected 503, got \(refused.status): \(refused.body.text)")
        }
        try expect(refused.body.text, has: ["no_embedder", "akin-server embedder"])

        try second.start()
        try await wait(10, for: "an embedder that came back") {
            try await search(files[0], at: router).status == 200
        }
        try await compare(files, router, expected)
    }

    private func search(_ file: Data, at url: URL) async throws -> (status: Int, body: JSON) {
        try await site.ask("POST", url, "/v1/collections/p/search/image?limit=5", file, type: "image/jpeg")
    }

    private func answers(to files: [Data], at url: URL) async throws -> [[String: Double]] {
        var answers: [[String: Double]] = []
        for file in files {
            let (status, body) = try await search(file, at: url)
            guard status == 200 else { throw CheckFailure("a search by picture: \(status): \(body.text)") }
            let hits = body["result"]?["hits"]?.array ?? []
            answers.append(Dictionary(hits.map { ($0["id"]?.text ?? "", $0["score"]?.real ?? .nan) }) { $1 })
        }
        return answers
    }

    private func compare(_ files: [Data], _ url: URL, _ expected: [[String: Double]]) async throws {
        let found = try await answers(to: files, at: url)
        guard found == expected else { throw CheckFailure("the cluster finds \(found), one process \(expected)") }
    }
}
