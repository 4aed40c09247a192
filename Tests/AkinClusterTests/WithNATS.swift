import Testing

/// Tests that start servers and workers, one after the other: their threads would keep those of others from working.
@Suite(.serialized, .enabled(if: NATSServer.isInstalled, "nats-server is not installed"))
enum WithNATS {}
