import AkinStore

/// A log of records that are numbers.
final class LogProbe {
    private let log: WriteAheadLog

    init(_ folder: String, faults: DiskFaults? = nil) throws {
        var settings = StoreSettings()
        settings.faults = faults
        log = try WriteAheadLog.open(folder, after: 0, applied: 0, settings: settings) { _, _ in }.log
    }

    var byteCount: Int { log.byteCount }

    /// Appends a group; gives where each record ends.
    func append(_ numbers: [Int]) throws -> [Int] {
        var end = log.byteCount
        let records = numbers.map {
            LogRecord.delete([.number(UInt64($0)), .name(String(repeating: "x", count: $0 + 1))])
        }
        _ = try log.append(records.map { ($0.kind, $0.body) })
        return records.map {
            end += 32 + $0.body.count
            return end
        }
    }

    /// What opening the log gives.
    static func read(_ folder: String) throws -> (records: [Int], damage: [String]) {
        var numbers: [Int] = []
        let opened = try WriteAheadLog.open(folder, after: 0, applied: 0, settings: StoreSettings()) { _, record in
            if case .delete(let ids) = record, case .number(let number)? = ids.first { numbers.append(Int(number)) }
        }
        return (numbers, opened.damage)
    }
}
