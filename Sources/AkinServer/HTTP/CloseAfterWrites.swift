internal import NIOCore

/// Holds back the end of a connection until the socket has taken all that was written before.
///
/// Closing drops what a client that reads slowly has not taken yet, and whoever closes a connection because the last reply
/// is written, at the end of the server above all, knows only that it went into the pipeline.
final class CloseAfterWrites: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData

    /// How long a client may take, from when the server is to end or else from when the connection is.
    private static let patience = TimeAmount.seconds(30)

    private var hasWritten = false
    private var latest: NIODeadline?
    private var closing: EventLoopPromise<Void>?
    private var timer: Scheduled<Void>?
    private var hasEnded = false

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        hasWritten = true
        context.write(data, promise: promise)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent { latest = .now() + Self.patience }
        context.fireUserInboundEventTriggered(event)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // Read all the same: the system resets a connection that is closed before everything was.
        if closing == nil { context.fireChannelRead(data) }
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard mode == .all, hasWritten else { return context.close(mode: mode, promise: promise) }
        if let closing { return closing.futureResult.cascade(to: promise) }
        let closing = promise ?? context.eventLoop.makePromise()
        self.closing = closing
        timer = context.eventLoop.assumeIsolated().scheduleTask(deadline: latest ?? .now() + Self.patience) {
            self.end(context)
        }
        // Writes are taken in their order, one without bytes too.
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenComplete { _ in self.end(context) }
        context.writeAndFlush(wrapOutboundOut(.byteBuffer(ByteBuffer())), promise: written)
    }

    /// Closes now; once, because closing lets what is still to be written fail.
    private func end(_ context: ChannelHandlerContext) {
        guard !hasEnded else { return }
        hasEnded = true
        timer?.cancel()
        context.close(promise: closing)
    }
}
