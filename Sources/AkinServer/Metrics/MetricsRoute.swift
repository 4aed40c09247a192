internal import AkinStore
internal import Foundation
internal import Hummingbird

extension Routes {
    /// `/metrics` for Prometheus, and `/healthz`, `/livez` and `/readyz` for whoever starts and stops servers.
    public mutating func addHealth(_ environment: ServerEnvironment) {
        on(.get, "/metrics", .read) { _, _ in
            let text = try await environment.metricsText()
            return Reply.bytes(text.utf8, type: "text/plain; version=0.0.4; charset=utf-8")
        }
        for path in ["/healthz", "/livez"] {
            on(.get, path, .none) { _, _ in Reply.bytes("ok\n".utf8, type: "text/plain; charset=utf-8") }
        }
        on(.get, "/readyz", .none) { _, _ in
            // Ready is who can answer from the collections.
            _ = try await environment.service.collections()
            return Reply.bytes("ready\n".utf8, type: "text/plain; charset=utf-8")
        }
    }
}

extension ServerEnvironment {
    fileprivate func metricsText() async throws -> String {
        var text = PrometheusText()
        let series = metrics.snapshot()
        text.family("akin_http_request_seconds", "histogram", "Time from a request's head to its reply.")
        for (series, histogram) in series {
            text.add(
                "akin_http_request_seconds",
                [("method", series.method), ("path", series.path), ("status", String(series.status))], histogram)
        }
        text.family("akin_http_requests_running", "gauge", "Requests being answered.")
        text.add("akin_http_requests_running", [], metrics.runningCount)
        text.family("akin_http_body_bytes", "gauge", "Bytes of bodies being answered.")
        text.add("akin_http_body_bytes", [], bodies.usedBytes)
        let load = service.load
        text.family("akin_calls_running", "gauge", "Calls of the store that are under way.")
        text.add("akin_calls_running", [], load.running)
        text.family("akin_calls_waiting", "gauge", "Calls of the store that wait for a thread.")
        text.add("akin_calls_waiting", [], load.waiting)
        if let bytes = Self.residentBytes {
            text.family("process_resident_memory_bytes", "gauge", "Memory of the process that is in RAM.")
            text.add("process_resident_memory_bytes", [], bytes)
        }
        if let service = service as? any MeasuredService { service.addMeasurements(to: &text) }

        var descriptions: [(String, CollectionDescription)] = []
        for name in try await service.collections() {
            // One that was dropped meanwhile is left out.
            if let description = try? await service.describe(name) { descriptions.append((name, description)) }
        }
        let gauges: [(String, String, (CollectionDescription) -> Int)] = [
            ("akin_collection_points", "Points that searches see.", { $0.pointCount }),
            ("akin_collection_indexed_points", "Points that are in an index.", { $0.indexedCount }),
            ("akin_collection_segments", "Parts of the collection.", { $0.segments.count }),
            ("akin_collection_bytes", "Bytes on disk.", { $0.byteCount }),
            ("akin_collection_damaged_parts", "Parts that had to be set aside.", { $0.damage.count }),
        ]
        for (name, help, value) in gauges {
            text.family(name, "gauge", help)
            for (collection, description) in descriptions {
                text.add(name, [("collection", collection)], value(description))
            }
        }
        return text.text
    }

    /// What Linux says about this process; `nil` elsewhere.
    private static var residentBytes: Int? {
        guard let statm = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8),
            let pages = statm.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
        else { return nil }
        return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
    }
}
