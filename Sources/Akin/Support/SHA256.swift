/// SHA-256 (FIPS 180-4), computed as the bytes come.
///
/// It names embedding spaces; nothing secret depends on it. Written out here because the packages that offer it bring a
/// whole cryptography library along, which takes longer to build than all of this one.
package struct SHA256 {
    private var state: [UInt32] = [
        0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
    ]
    private var pending: [UInt8] = []
    private var byteCount: UInt64 = 0

    /// Starts with no bytes.
    package init() { pending.reserveCapacity(64) }

    /// Adds bytes.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        byteCount += UInt64(bytes.count)
        var rest = bytes[...]
        if !pending.isEmpty {
            let taken = rest.prefix(64 - pending.count)
            pending.append(contentsOf: taken)
            rest = rest.dropFirst(taken.count)
            guard pending.count == 64 else { return }
            pending.withUnsafeBytes { Self.compress(&state, $0) }
            pending.removeAll(keepingCapacity: true)
        }
        let whole = rest.prefix(rest.count / 64 * 64)
        Self.compress(&state, UnsafeRawBufferPointer(rebasing: whole))
        pending.append(contentsOf: rest.dropFirst(whole.count))
    }

    /// Adds bytes.
    package mutating func update(_ bytes: [UInt8]) { bytes.withUnsafeBytes { update($0) } }

    /// Adds a text's UTF-8 bytes behind their number, so that two texts in a row are not the same as one long one.
    package mutating func update(field text: String) {
        let bytes = Array(text.utf8)
        update((0..<8).map { UInt8(truncatingIfNeeded: bytes.count >> ($0 * 8)) })
        update(bytes)
    }

    /// The digest of all bytes so far, 64 hexadecimal digits.
    package func hexDigest() -> String {
        var copy = self
        let bits = byteCount * 8
        let zeros = (119 - Int(byteCount % 64)) % 64
        copy.update([0x80] + [UInt8](repeating: 0, count: zeros))
        copy.update((0..<8).map { UInt8(truncatingIfNeeded: bits >> (56 - $0 * 8)) })
        return copy.state.map { word in
            let digits = String(word, radix: 16)
            return String(repeating: "0", count: 8 - digits.count) + digits
        }.joined()
    }

    private static func compress(_ state: inout [UInt32], _ blocks: UnsafeRawBufferPointer) {
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 64) { w in
            state.withUnsafeMutableBufferPointer { state in
                constants.withUnsafeBufferPointer { k in
                    for start in stride(from: 0, to: blocks.count, by: 64) {
                        for i in 0..<16 {
                            w[i] = UInt32(
                                bigEndian: blocks.loadUnaligned(fromByteOffset: start + i * 4, as: UInt32.self))
                        }
                        round(state, w, k)
                    }
                }
            }
        }
    }

    /// Works one block of 64 bytes, whose words are the first 16 of `w`, into the state.
    @inline(__always)
    private static func round(
        _ state: UnsafeMutableBufferPointer<UInt32>, _ w: UnsafeMutableBufferPointer<UInt32>,
        _ k: UnsafeBufferPointer<UInt32>
    ) {
        for i in 16..<64 {
            let s0 = rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ (w[i - 15] >> 3)
            let s1 = rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ (w[i - 2] >> 10)
            w[i] = w[i - 16] &+ s0 &+ w[i - 7] &+ s1
        }
        var (a, b, c, d) = (state[0], state[1], state[2], state[3])
        var (e, f, g, h) = (state[4], state[5], state[6], state[7])
        for i in 0..<64 {
            let s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)
            let t1 = h &+ s1 &+ ((e & f) ^ (~e & g)) &+ k[i] &+ w[i]
            let s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)
            let t2 = s0 &+ ((a & b) ^ (a & c) ^ (b & c))
            (h, g, f, e) = (g, f, e, d &+ t1)
            (d, c, b, a) = (c, b, a, t1 &+ t2)
        }
        state[0] &+= a
        state[1] &+= b
        state[2] &+= c
        state[3] &+= d
        state[4] &+= e
        state[5] &+= f
        state[6] &+= g
        state[7] &+= h
    }

    @inline(__always)
    private static func rotate(_ x: UInt32, _ bits: UInt32) -> UInt32 { (x >> bits) | (x << (32 - bits)) }

    /// The first 32 bits of the fractional parts of the cube roots of the first 64 primes.
    private static let constants: [UInt32] = {
        var primes: [UInt64] = []
        var candidate: UInt64 = 2
        while primes.count < 64 {
            if primes.allSatisfy({ candidate % $0 != 0 }) { primes.append(candidate) }
            candidate += 1
        }
        return primes.map { prime in
            // The largest r with r^3 <= prime * 2^96 is the root scaled by 2^32; r stays below 2^35.
            var root: UInt64 = 0
            for bit in (0..<35).reversed() {
                let next = root | (1 << UInt64(bit))
                let square = next.multipliedFullWidth(by: next)
                let low = square.low.multipliedFullWidth(by: next)
                let cube = (high: square.high * next + low.high, low: low.low)
                if cube.high < prime << 32 || (cube.high == prime << 32 && cube.low == 0) { root = next }
            }
            return UInt32(truncatingIfNeeded: root)
        }
    }()
}
