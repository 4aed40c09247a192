/// A moment, read from the text that payloads and filters carry.
package struct Timestamp: Sendable, Equatable {
    /// Seconds since the beginning of 1970 in UTC, leap seconds not counted.
    package let secondsSince1970: Double

    /// Reads `2024-02-29T12:30:00.5+02:00`; `nil` where the text is no time of the Gregorian calendar.
    ///
    /// The zone may be missing (UTC), its colon, the seconds, or the time of day; a space may stand for the `T`.
    package init?(rfc3339 text: String) {
        guard text.utf8.count <= 64 else { return nil }
        var scanner = Scanner(bytes: Array(text.utf8))
        guard let year = scanner.digits(4), scanner.skip("-"), let month = scanner.digits(2), scanner.skip("-"),
            let day = scanner.digits(2), (1...12).contains(month),
            (1...Self.days(inMonth: month, year: year)).contains(day)
        else { return nil }
        var seconds = Double(Self.days(since1970: year, month, day) * 86_400)
        if !scanner.isAtEnd {
            guard scanner.skip("T") || scanner.skip("t") || scanner.skip(" "), let hour = scanner.digits(2),
                scanner.skip(":"), let minute = scanner.digits(2), hour < 24, minute < 60
            else { return nil }
            seconds += Double(hour * 3600 + minute * 60)
            if scanner.skip(":") {
                guard let second = scanner.digits(2), second <= 60 else { return nil }
                seconds += Double(second)
                if scanner.skip(".") {
                    guard let fraction = scanner.fraction() else { return nil }
                    seconds += fraction
                }
            }
            guard let offset = scanner.zone(), scanner.isAtEnd else { return nil }
            seconds -= Double(offset)
        }
        secondsSince1970 = seconds
    }

    private static func days(inMonth month: Int, year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Years begin in March here, so that the day that comes and goes is the last of a year.
    private static func days(since1970 year: Int, _ month: Int, _ day: Int) -> Int {
        let (year, month) = month > 2 ? (year, month - 3) : (year - 1, month + 9)
        let leaps = year.floorDivided(by: 4) - year.floorDivided(by: 100) + year.floorDivided(by: 400)
        // Months alternate between 31 and 30 days, save for July and August, December and January.
        let daysBeforeMonth = (153 * month + 2) / 5
        // Days from 1 March of year 0 to the beginning of 1970.
        return year * 365 + leaps + daysBeforeMonth + day - 1 - 719_468
    }

    private struct Scanner {
        let bytes: [UInt8]
        var place = 0

        init(bytes: [UInt8]) { self.bytes = bytes }

        var isAtEnd: Bool { place == bytes.count }

        mutating func skip(_ character: Unicode.Scalar) -> Bool {
            guard place < bytes.count, bytes[place] == UInt8(ascii: character) else { return false }
            place += 1
            return true
        }

        mutating func digits(_ count: Int) -> Int? {
            var number = 0
            for _ in 0..<count {
                guard let digit = digit() else { return nil }
                number = number * 10 + digit
            }
            return number
        }

        mutating func digit() -> Int? {
            guard place < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[place]) else {
                return nil
            }
            defer { place += 1 }
            return Int(bytes[place]) - 48
        }

        mutating func fraction() -> Double? {
            let start = place
            while digit() != nil {}
            return start == place ? nil : Double("0." + String(decoding: bytes[start..<place], as: UTF8.self))
        }

        /// Seconds east of Greenwich.
        mutating func zone() -> Int? {
            if isAtEnd || skip("Z") || skip("z") { return 0 }
            let sign = skip("+") ? 1 : -1
            guard sign == 1 || skip("-"), let hours = digits(2), hours < 24 else { return nil }
            _ = skip(":")
            guard let minutes = digits(2), minutes < 60 else { return nil }
            return sign * (hours * 3600 + minutes * 60)
        }
    }
}

extension Int {
    fileprivate func floorDivided(by divisor: Int) -> Int {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
