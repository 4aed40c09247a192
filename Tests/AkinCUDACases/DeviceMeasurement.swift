import AkinCUDA
import Foundation

/// A figure and how it was come by.
package struct DeviceMeasurement: Sendable {
    /// What was measured, with its sizes.
    package let what: String
    /// The figure with its unit; the median of repeated runs unless it says otherwise.
    package let value: String
    /// What a good figure would be, or what bounds it.
    package let beside: String

    /// Each gives one or more figures of a device, working with at most so many bytes at a time: a GPU gets enough to be
    /// measured by, the tests little.
    package static let all: [@Sendable (DeviceUnderTest, _ bytes: Int) throws -> [DeviceMeasurement]] = [
        compiling, copiesOnDevice, copiesFromHost, launches, allocations, streaming, selections,
        exactSearches, clusterings,
    ]

    /// A number with three digits that count.
    package static func number(_ value: Double) -> String {
        guard value.isFinite, value != 0 else { return "\(value)" }
        let decimals = max(0, 2 - Int(log10(abs(value)).rounded(.down)))
        return String(format: "%.\(min(decimals, 9))f", value)
    }

    /// The median of the device's times of some work, in seconds, after two runs that do not count.
    static func median(
        of repeats: Int, on stream: CUDAStream, _ work: () throws -> Void
    ) throws -> Double {
        var times: [Double] = []
        let start = try CUDAEvent(stream.context, timed: true)
        let end = try CUDAEvent(stream.context, timed: true)
        for run in 0..<repeats + 2 {
            try start.record(on: stream)
            try work()
            try end.record(on: stream)
            try end.synchronize()
            if run >= 2 { times.append(try end.seconds(since: start)) }
        }
        return times.sorted()[times.count / 2]
    }

    /// The median of the host's times, in seconds, after two runs that do not count.
    static func median(of repeats: Int, _ work: () throws -> Void) throws -> Double {
        var times: [Double] = []
        for run in 0..<repeats + 2 {
            let start = ContinuousClock.now
            try work()
            let taken = (ContinuousClock.now - start).components
            if run >= 2 { times.append(Double(taken.seconds) + Double(taken.attoseconds) * 1e-18) }
        }
        return times.sorted()[times.count / 2]
    }

    /// "256 MiB".
    static func size(_ bytes: Int) -> String { bytes >= 1 << 20 ? "\(bytes >> 20) MiB" : "\(bytes >> 10) KiB" }

    /// "4520 GB/s".
    static func rate(_ bytes: Int, _ seconds: Double) -> String { "\(number(Double(bytes) / seconds / 1e9)) GB/s" }
}
