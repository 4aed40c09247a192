internal import Foundation

extension ReplicaSet {
    /// Follows an order; called on a thread of the NATS library, which does not wait.
    func take(order message: NATSMessage) {
        guard message.reply != nil else { return }
        Task { [self] in
            let reply = await follow(WorkerOrder(decoding: message.bytes))
            if case .refused(let why) = reply { context.logger.warning("an order is refused: \(why)") }
            do { try context.connection.answer(message, try reply.encoded()) } catch {
                context.logger.warning("an order cannot be answered: \(error)")
            }
        }
    }

    private func follow(_ order: WorkerOrder?) async -> WorkerReply {
        switch order {
        case nil: return .refused("expected an order that worker \"\(context.worker)\" knows, got something else")
        case .publishSnapshot(let shard, let id, let isPurging):
            guard let replica = replica(of: shard) else {
                return .refused("worker \"\(context.worker)\" has no replica \(shard)")
            }
            let current = replica.current
            guard current.state == .ready || current.state == .catchingUp else {
                return .refused(
                    "replica \(shard) of worker \"\(context.worker)\" is not whole: "
                        + (current.problem ?? current.state.rawValue))
            }
            do {
                let published = try await context.snapshots.publish(
                    shard, id: id, map: replica.map, isPurging: isPurging)
                context.logger.info(
                    "snapshot \(published.id) of \(shard) is published: \(published.byteCount) bytes, position \(published.position)"
                )
                return .snapshot(published)
            } catch { return .refused("replica \(shard) of worker \"\(context.worker)\": \(error)") }
        }
    }
}
