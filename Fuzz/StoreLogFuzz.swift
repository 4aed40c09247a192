import Akin
import AkinStore
import Foundation

/// Any bytes as a file of the log, as they are and with all checksums put right, and as the body of each kind of record.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzStoreLog(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let data else { return 0 }
    var bytes = Array(UnsafeBufferPointer(start: data, count: count))
    scan(bytes)
    LogScan.putChecksumsRight(in: &bytes)
    scan(bytes)
    guard let first = bytes.first, let kind = LogRecord.Kind(rawValue: first % 6 + 1) else { return 0 }
    bytes.withUnsafeBytes { bytes in
        guard let record = try? LogRecord(kind, UnsafeRawBufferPointer(rebasing: bytes[1...])) else { return }
        let body = record.body
        guard let again = body.withUnsafeBytes({ try? LogRecord(kind, $0) }) else { fatalError("not read again") }
        // Payloads keep their meaning, not their spelling, so what comes out the second time must stay.
        precondition(again.body == body)
    }
    return 0
}

private func scan(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { bytes in
        for isLast in [false, true] {
            for record in LogScan(bytes, expected: nil, isLast: isLast).records(in: bytes) { _ = record.body }
        }
    }
}
