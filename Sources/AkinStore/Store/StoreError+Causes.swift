internal import Akin
internal import Foundation

extension StoreError {
    /// A failed call of the system.
    init(errno number: Int32, _ what: String) {
        let text = "\(what): \(String(cString: strerror(number)))"
        switch number {
        case ENOSPC, EDQUOT, EFBIG: self = .diskFull(text)
        default: self = .storage(text)
        }
    }

    /// What a failure below the store is to its callers.
    public init(_ error: any Error) {
        switch error {
        case let error as StoreError: self = error
        case let error as FileError where error.code == .storageFull: self = .diskFull("\(error)")
        case let error as IndexError:
            if case .spaceMismatch(let expected, let actual) = error {
                self = .spaceMismatch(expected: expected, actual: actual)
            } else {
                self = .invalid(field: "vector", expected: "a usable vector", actual: "\(error)")
            }
        case is CancellationError: self = .unavailable("the store is closing")
        default: self = .storage("\(error)")
        }
    }
}
