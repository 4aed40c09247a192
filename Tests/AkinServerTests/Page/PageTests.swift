import AkinServer
import AkinStore
import Foundation
import Hummingbird
import HummingbirdTesting
import Testing

@Suite("The page") struct PageTests {
    private static let folder = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Sources/CAkinPage/files")

    private static var names: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() }
    }

    @Test func everyFileOfTheFolderIsInTheProgramAndNoOther() throws {
        #expect(try PageFiles.all.keys.sorted() == Self.names)
        for name in try Self.names {
            #expect(try PageFiles.all[name]?.bytes == Array(Data(contentsOf: Self.folder.appendingPathComponent(name))))
        }
    }

    @Test func browsersGetThePageAndWhatItNeeds() async throws {
        try await ImageServer.with { images in
            let page = try await images.server.send(.get, "/", headers: [.accept: "text/html,*/*;q=0.8"])
            #expect(page.status == 200)
            #expect(page.response.headers[.contentType] == "text/html; charset=utf-8")
            let policy = try #require(page.response.headers[.contentSecurityPolicy])
            #expect(policy.contains("default-src 'none'") && !policy.contains("unsafe") && !policy.contains("*"))
            for name in try Self.names where !["index.html", "openapi.json"].contains(name) {
                let file = try await images.server.send(.get, "/page/\(name)")
                #expect(file.status == 200)
                let tag = try #require(file.response.headers[.eTag])
                #expect(try await images.server.send(.get, "/page/\(name)", headers: [.ifNoneMatch: tag]).status == 304)
            }
            #expect(try await images.server.send(.get, "/page/index.html").status == 404)
            #expect(try await images.server.send(.get, "/page/..%2Findex.html").status == 404)
        }
    }

    @Test func whatThePageNamesIsThereAndNothingIsElsewhere() throws {
        let names = Set(try Self.names)
        for name in names where !name.hasSuffix(".json") {
            let text = try String(contentsOf: Self.folder.appendingPathComponent(name), encoding: .utf8)
            for match in text.matches(of: /(?:from|import) "\.\/([^"]+)"/) {
                #expect(names.contains(String(match.1)), "\(name) imports \(match.1)")
            }
            for match in text.matches(of: /(?:src|href)="page\/([^"]+)"/) {
                #expect(names.contains(String(match.1)), "\(name) names \(match.1)")
            }
            // The namespace of SVG is a name, not an address.
            let elsewhere = text.matches(of: /https?:\/\/[^"' ]+/).map { String($0.0) }
                .filter { $0 != "http://www.w3.org/2000/svg" }
            #expect(elsewhere.isEmpty, "\(name) names \(elsewhere)")
            // The policy lets neither run.
            #expect(
                !text.contains("<script>") && !text.contains("style=\"") && text.matches(of: /\son[a-z]+="/).isEmpty)
        }
    }

    @Test func openAPIDescribesEveryRouteAndNoOther() async throws {
        let file = try #require(PageFiles.all["openapi.json"])
        let document = try JSON(parsing: file.bytes)
        guard case .object(let paths)? = document["paths"] else { throw StoreError.storage("no paths") }
        var described: Set<String> = []
        for (path, item) in paths {
            guard case .object(let operations) = item else { continue }
            for (method, operation) in operations where method != "parameters" {
                described.insert("\(method.uppercased()) \(path)")
                guard case .string(let summary)? = operation["summary"] else {
                    throw StoreError.storage("\(path): no summary")
                }
                #expect(!summary.isEmpty)
                #expect(operation["responses"] != nil)
                // Every variable of the path is a parameter.
                for variable in path.matches(of: /\{([^}]+)\}/) {
                    let parameters = (item["parameters"]?.elements ?? []) + (operation["parameters"]?.elements ?? [])
                    #expect(
                        parameters.contains { parameter in
                            parameter["$ref"] == .string("#/components/parameters/\(variable.1)")
                                || parameter["name"] == .string(String(variable.1))
                        }, "\(path) lacks \(variable.1)")
                }
            }
        }
        let environment = ServerEnvironment(service: MemoryService())
        let images = ImageEnvironment(ColourEmbedder(), threads: 1)
        var routes = Routes.qdrant(environment, page: Routes.page)
        routes.addImages(environment, images)
        routes.addPage()
        let known = Set(routes.served.map { "\($0.method) \($0.path)" })
        #expect(known.subtracting(described).sorted() == [])
        #expect(described.subtracting(known).sorted() == [])
        await images.embedding.close()
    }
}
