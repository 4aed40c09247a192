internal import AkinServer

extension ClusterWorker {
    /// What it counts, as Prometheus reads it.
    package var metrics: String {
        var text = PrometheusText()
        let states: [Heartbeat.State] = [.restoring, .catchingUp, .ready, .gap, .failed]
        let all = replicas
        text.family("akin_replica_state", "gauge", "1 for the state that a replica is in.")
        for replica in all {
            for state in states {
                text.add(
                    "akin_replica_state", Self.labels(replica.shard) + [("state", state.rawValue)],
                    replica.state == state ? 1 : 0)
            }
        }
        let gauges: [(String, String, (Heartbeat.Replica) -> String)] = [
            (
                "akin_replica_position", "Message of the shard's stream up to which a replica has come.",
                { "\($0.position)" }
            ),
            ("akin_replica_points", "Points that searches see.", { "\($0.points)" }),
            ("akin_replica_bytes", "Bytes on disk.", { "\($0.bytes)" }),
        ]
        for (name, help, value) in gauges {
            text.family(name, "gauge", help)
            for replica in all { text.add(name, Self.labels(replica.shard), value(replica)) }
        }
        let counts = counts
        let counters: [(String, String, (Replica.Counts) -> String)] = [
            ("akin_replica_questions_total", "Questions answered.", { "\($0.questions)" }),
            ("akin_replica_failures_total", "Questions answered by a failure.", { "\($0.failures)" }),
            ("akin_replica_question_seconds_total", "Time from questions to their answers.", { "\($0.seconds)" }),
            ("akin_replica_writes_total", "Messages of the stream applied.", { "\($0.writes)" }),
            (
                "akin_replica_refused_writes_total", "Messages passed over, because they are invalid.",
                { "\($0.refusedWrites)" }
            ),
        ]
        for (name, help, value) in counters {
            text.family(name, "counter", help)
            for (shard, counts) in counts { text.add(name, Self.labels(shard), value(counts)) }
        }
        let (running, refused) = load
        text.family("akin_worker_questions_running", "gauge", "Questions being answered.")
        text.add("akin_worker_questions_running", [], running)
        text.family(
            "akin_worker_questions_refused_total", "counter", "Questions refused, because others were being answered.")
        text.add("akin_worker_questions_refused_total", [], refused)
        return text.text
    }

    private static func labels(_ shard: ShardName) -> [(String, String)] {
        [("incarnation", shard.incarnation), ("shard", "\(shard.number)")]
    }
}
