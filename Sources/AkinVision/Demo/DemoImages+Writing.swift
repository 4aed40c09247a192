public import Akin
internal import Foundation

extension DemoImages {
    /// Where one picture is written, relative to the folder of its part: "ring/ring-0004.jpg".
    ///
    /// Every fourth picture is a PNG file, so that both decoders have work.
    public func path(class label: Int, number: Int) -> String {
        let name = Self.labels[label]
        let digits = String(number)
        let padded = String(repeating: "0", count: max(0, 4 - digits.count)) + digits
        return "\(name)/\(name)-\(padded).\(number % 4 == 3 ? "png" : "jpg")"
    }

    /// Writes all pictures as JPEG and PNG files, one folder per class, under `train` and `val`.
    ///
    /// Files that are there already are replaced, others are left alone.
    ///
    /// - Parameters:
    ///   - directory: the folder that gets the two parts; made where it is missing.
    ///   - monitor: told of each class, and asked whether to stop.
    /// - Returns: the folders of the two parts.
    /// - Throws: `FileError` for a folder or file that cannot be written, `CancellationError` when the monitor says stop.
    @discardableResult
    public func write(
        to directory: String, monitor: ProgressMonitor = .silent
    ) throws -> (train: String, validation: String) {
        let total = Self.labels.count * (trainPerClass + validationPerClass)
        let jobs = Part.allCases.flatMap { part in Self.labels.indices.map { (part: part, label: $0) } }
        let state = Writing()
        for (part, label) in jobs {
            try Self.makeFolder("\(directory)/\(part.rawValue)/\(Self.labels[label])")
        }
        DispatchQueue.concurrentPerform(iterations: jobs.count) { job in
            let (part, label) = jobs[job]
            guard state.goesOn else { return }
            do {
                for number in 0..<perClass(part) {
                    let image = image(class: label, number: number, part: part)
                    let path = path(class: label, number: number)
                    let bytes = try path.hasSuffix(".png") ? image.png() : image.jpeg(quality: 90)
                    try Self.write(bytes, to: "\(directory)/\(part.rawValue)/\(path)")
                }
                try monitor.update("drawing", done: state.add(perClass(part)), total: total)
            } catch {
                state.fail(error)
            }
        }
        try state.check()
        return ("\(directory)/\(Part.train.rawValue)", "\(directory)/\(Part.validation.rawValue)")
    }

    /// Puts a file in its place when it is complete; not worth waiting for the disk, it can be drawn again.
    private static func write(_ bytes: [UInt8], to path: String) throws {
        do {
            try Data(bytes).write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            let isFull = (error as? CocoaError)?.code == .fileWriteOutOfSpace
            throw FileError(
                isFull ? .storageFull : .unwritable, path: path, "cannot write: \(error.localizedDescription)")
        }
    }

    private static func makeFolder(_ path: String) throws {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw FileError(.unwritable, path: path, "cannot make the folder: \(error.localizedDescription)")
        }
    }
}

/// What the threads that write pictures share: how far they are, and the first error.
private final class Writing: @unchecked Sendable {
    private let lock = NSLock()
    private var done = 0
    private var failure: (any Error)?

    var goesOn: Bool { lock.withLock { failure == nil } }

    func add(_ count: Int) -> Int {
        lock.withLock {
            done += count
            return done
        }
    }

    func fail(_ error: any Error) { lock.withLock { failure = failure ?? error } }

    func check() throws {
        if let failure = lock.withLock({ failure }) { throw failure }
    }
}
