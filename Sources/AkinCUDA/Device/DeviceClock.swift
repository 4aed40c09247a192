/// Takes the device's time of work in a stream, in several stretches.
final class DeviceClock {
    let stream: CUDAStream
    /// The stretches that ended, all together.
    private(set) var seconds = 0.0
    private let begin, end: CUDAEvent

    init(_ stream: CUDAStream) throws(CUDAError) {
        self.stream = stream
        begin = try CUDAEvent(stream.context, timed: true)
        end = try CUDAEvent(stream.context, timed: true)
    }

    /// Begins a stretch behind the work that the stream was given so far.
    func start() throws(CUDAError) { try begin.record(on: stream) }

    /// Ends the stretch behind the work that the stream was given, and waits for that.
    func stop() throws(CUDAError) {
        try end.record(on: stream)
        try end.synchronize()
        seconds += try end.seconds(since: begin)
    }
}
